#include "base/json_text.h"

#include "base/utf8.h"

namespace longbeat::internal {
namespace {

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

}  // namespace

std::string json_text(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string json = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0) {
      json += '?';
    } else if (byte == '"' || byte == '\\') {
      json += {'\\', text.front()};
    } else if (byte < 0x20) {
      json += "\\u00";
      json += {kDigits[byte >> 4], kDigits[byte & 0xf]};
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json += '"';
}

bool JsonReader::at_end() {
  skip_space();
  return rest_.empty();
}

bool JsonReader::take(char c) {
  skip_space();
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

bool JsonReader::take_word(std::string_view word) {
  skip_space();
  if (!rest_.starts_with(word)) return false;
  rest_.remove_prefix(word.size());
  return true;
}

std::optional<std::string> JsonReader::string() {
  if (!take('"')) return std::nullopt;
  std::string text;
  while (!rest_.empty()) {
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

bool JsonReader::skip_value() {
  int depth = 0;
  do {
    skip_space();
    if (rest_.empty()) return false;
    const char c = rest_.front();
    if (c == '"') {
      if (!string()) return false;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return false;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    rest_.remove_prefix(1);
    if (depth == 0 && c != '}' && c != ']') rest_.remove_prefix(rest_of_word());
  } while (depth > 0);
  return true;
}

void JsonReader::skip_space() {
  while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos)
    rest_.remove_prefix(1);
}

std::size_t JsonReader::rest_of_word() const {
  const auto end = rest_.find_first_of(",]} \t\r\n");
  return end == std::string_view::npos ? rest_.size() : end;
}

char JsonReader::pop() {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  return c;
}

/// Behind a backslash.
bool JsonReader::escaped(std::string& text) {
  if (rest_.empty()) return false;
  const char c = pop();
  if (c == 'u') return unicode(text);
  static constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  const auto at = kNames.find(c);
  if (at == std::string_view::npos) return false;
  text += kMeanings[at];
  return true;
}

bool JsonReader::unicode(std::string& text) {
  auto code = four_digits();
  if (!code) return false;
  if (*code >= 0xd800 && *code < 0xdc00) {  // The first half of a pair.
    if (!rest_.starts_with("\\u")) return false;
    rest_.remove_prefix(2);
    const auto low = four_digits();
    if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
    code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
  } else if (*code >= 0xdc00 && *code <= 0xdfff) {
    return false;
  }
  append_utf8(text, *code);
  return true;
}

std::optional<std::uint32_t> JsonReader::four_digits() {
  std::uint32_t code = 0;
  if (rest_.size() < 4) return std::nullopt;
  const auto read = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
  if (read.ec != std::errc() || read.ptr != rest_.data() + 4) return std::nullopt;
  rest_.remove_prefix(4);
  return code;
}

}  // namespace longbeat::internal
