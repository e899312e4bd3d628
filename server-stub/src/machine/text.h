#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace longbeat::server {

/// A text that never changes, in one pointer: empty it costs nothing more, and copies share its bytes. Copies may live
/// on different threads.
class Text {
 public:
  Text() noexcept = default;
  Text(std::string_view text);
  Text(const std::string& text) : Text(std::string_view(text)) {}
  Text(const char* text) : Text(std::string_view(text)) {}
  Text(const Text& other) noexcept;
  Text(Text&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Text& operator=(Text other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Text();

  const char* data() const noexcept;
  std::size_t size() const noexcept;
  bool empty() const noexcept { return block_ == nullptr; }
  std::string_view view() const noexcept { return {data(), size()}; }
  operator std::string_view() const noexcept { return view(); }
  std::string str() const { return std::string(view()); }

  /// Nobody else holds these bytes.
  bool is_only_copy() const noexcept;
  bool shares_bytes_with(const Text& other) const noexcept { return block_ == other.block_; }

  friend bool operator==(const Text& a, const Text& b) noexcept { return a.block_ == b.block_ || a.view() == b.view(); }
  friend bool operator==(const Text& a, std::string_view b) noexcept { return a.view() == b; }
  friend bool operator==(const Text& a, const std::string& b) noexcept { return a.view() == b; }
  friend bool operator==(const Text& a, const char* b) noexcept { return a.view() == b; }

 private:
  struct Block;
  Block* block_ = nullptr;  ///< null: empty
};
std::ostream& operator<<(std::ostream& out, const Text& text);

}  // namespace longbeat::server
