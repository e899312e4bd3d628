#include "client/option_text.h"

#include <cstdint>

namespace longbeat::internal {
namespace {

/// Bytes of the valid sequence at the start of `text`, or 0.
std::size_t sequence_length(std::string_view text) {
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // By length: no longer form of a shorter one.
  const auto first = static_cast<std::uint8_t>(text.front());
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  std::uint32_t code = first & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    if ((static_cast<std::uint8_t>(c) & 0xc0) != 0x80) return 0;
    code = code << 6 | (static_cast<std::uint8_t>(c) & 0x3fU);
  }
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= kLeast[length] && code <= 0x10ffff && !is_surrogate ? length : 0;
}

}  // namespace

std::string quoted(const std::string& text) {
  constexpr std::size_t kShown = 80;
  std::string shown = "'";
  shown.append(text, 0, kShown);
  if (text.size() > kShown) shown += "...";
  return shown += '\'';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace longbeat::internal
