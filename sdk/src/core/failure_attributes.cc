// The only JSON of this room: one object with two texts. A library for it would come into every program.
#include "core/failure_attributes.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "longbeat/data_converter.h"

namespace longbeat::internal {
namespace {

std::string quoted_json(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (c == '\n') {
      json += "\\n";
    } else if (byte < 0x20) {
      json += "\\u00";
      json += {kDigits[byte >> 4], kDigits[byte & 0xf]};
    } else {
      json += c;
    }
  }
  return json + '"';
}

void append_utf8(std::string& to, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

/// Reads from the left; every function is false, or empty, at what is not JSON.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : left_(text) {}

  bool at_end() {
    skip_space();
    return left_.empty();
  }
  bool take(char c) {
    skip_space();
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    while (!left_.empty()) {
      const char c = pop();
      if (c == '"') return text;
      if (c != '\\') {
        text += c;
      } else if (!escaped(text)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }
  /// Any value, without looking closely.
  bool skip_value() {
    int depth = 0;
    do {
      skip_space();
      if (left_.empty()) return false;
      const char c = left_.front();
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return false;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      left_.remove_prefix(1);
      if (depth == 0 && c != '}' && c != ']') left_.remove_prefix(rest_of_word());
    } while (depth > 0);
    return true;
  }

 private:
  void skip_space() {
    while (!left_.empty() && std::string_view(" \t\r\n").find(left_.front()) != std::string_view::npos)
      left_.remove_prefix(1);
  }
  std::size_t rest_of_word() const {
    const auto end = left_.find_first_of(",]} \t\r\n");
    return end == std::string_view::npos ? left_.size() : end;
  }
  char pop() {
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }
  bool escaped(std::string& text) {
    if (left_.empty()) return false;
    const char c = pop();
    if (c == 'u') return unicode(text);
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const auto at = kNames.find(c);
    if (at == std::string_view::npos) return false;
    text += kMeanings[at];
    return true;
  }
  bool unicode(std::string& text) {
    auto code = four_digits();
    if (!code) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {  // The first half of a pair.
      if (!left_.starts_with("\\u")) return false;
      left_.remove_prefix(2);
      const auto low = four_digits();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    } else if (*code >= 0xdc00 && *code <= 0xdfff) {
      return false;
    }
    append_utf8(text, *code);
    return true;
  }
  std::optional<std::uint32_t> four_digits() {
    if (left_.size() < 4) return std::nullopt;
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = pop();
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        code = code << 4 | static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        code = code << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    return code;
  }

  std::string_view left_;
};

}  // namespace

Payload to_payload(const FailureAttributes& attributes) {
  return make_payload("json/plain", "{\"message\":" + quoted_json(attributes.message) +
                                        ",\"stack_trace\":" + quoted_json(attributes.stack_trace) + "}");
}

std::optional<FailureAttributes> failure_attributes(const Payload& payload) {
  if (encoding_of(payload) != "json/plain") return std::nullopt;
  FailureAttributes attributes;
  JsonReader json(payload.data);
  if (!json.take('{')) return std::nullopt;
  bool first = true;
  while (!json.take('}')) {
    if (!std::exchange(first, false) && !json.take(',')) return std::nullopt;
    const auto key = json.string();
    if (!key || !json.take(':')) return std::nullopt;
    std::string* const target = *key == "message"       ? &attributes.message
                                : *key == "stack_trace" ? &attributes.stack_trace
                                                        : nullptr;
    JsonReader ahead = json;
    if (auto text = target != nullptr ? ahead.string() : std::nullopt) {
      *target = *std::move(text);
      json = ahead;
    } else if (!json.skip_value()) {
      return std::nullopt;
    }
  }
  if (!json.at_end()) return std::nullopt;
  return attributes;
}

}  // namespace longbeat::internal
