#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace longbeat::internal {

/// Text as a JSON string, quotes included. What is no UTF-8 becomes '?': it would make the whole document unreadable.
std::string json_text(std::string_view text);

/// The little JSON that longbeat reads itself: a library for it would come into every program. Reads from the left;
/// every function is false, or empty, at what is not JSON.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  bool at_end();
  bool take(char c);
  /// A name: "true", "null".
  bool take_word(std::string_view word);
  std::optional<std::string> string();
  template <class Number>
  std::optional<Number> number() {
    skip_space();
    Number value{};
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
    return value;
  }
  /// Any value, without looking closely.
  bool skip_value();

 private:
  void skip_space();
  std::size_t rest_of_word() const;
  char pop();
  bool escaped(std::string& text);
  bool unicode(std::string& text);
  std::optional<std::uint32_t> four_digits();

  std::string_view rest_;
};

}  // namespace longbeat::internal
