#include "base/one_line.h"

#include "base/utf8.h"

namespace longbeat::internal {
namespace {

void append_hex(std::string& line, std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    line += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  }
}

/// Those that UTF-8 writes as 0xc2 and a second byte: terminals obey them too.
bool is_latin_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

void append_one_line(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = byte < 0x80 ? 1 : utf8_length(text);
    const auto character = text.substr(0, length == 0 ? 1 : length);
    if (byte == '\n') {
      line += "\\n";
    } else if (byte == '\r') {
      line += "\\r";
    } else if (byte == '\t') {
      line += "\\t";
    } else if (length == 0 || byte < 0x20 || byte == 0x7f || is_latin_control(character)) {
      append_hex(line, character);
    } else {
      line += character;
    }
    text.remove_prefix(character.size());
  }
}

std::string one_line(std::string_view text) {
  std::string line;
  append_one_line(line, text);
  return line;
}

std::string one_line(std::string_view text, std::size_t bytes_max) {
  const auto beginning = utf8_beginning(text, bytes_max);
  return one_line(beginning) + (beginning.size() < text.size() ? "..." : "");
}

std::string shown_beginning(std::string_view data, std::size_t bytes_max) {
  std::string line;
  for (const char& each : data.substr(0, bytes_max)) {
    if (each >= 0x20 && each < 0x7f) {
      line += each;
    } else {
      append_hex(line, std::string_view(&each, 1));
    }
  }
  return line + (data.size() > bytes_max ? "..." : "");
}

}  // namespace longbeat::internal
