// Values of search attributes: whether a JSON text is of the type it is registered with.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "request/validate.h"

namespace longbeat::server {
namespace {

constexpr std::int32_t kText = 1, kKeyword = 2, kInt = 3, kDouble = 4, kBool = 5, kDatetime = 6, kKeywordList = 7;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::size_t take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (!text.empty() && is_digit(text.front())) {
    text.remove_prefix(1);
    ++count;
  }
  return count;
}

/// One JSON string at the beginning; what is between its quotes goes to `content`, still escaped.
bool take_string(std::string_view& text, std::string_view& content) {
  if (text.empty() || text.front() != '"') return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < ' ') return false;
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      content = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool is_string(std::string_view text, std::string_view& content) {
  return take_string(text, content) && text.empty();
}

/// A JSON number; `whole` tells whether it has neither fraction nor exponent.
bool is_number(std::string_view text, bool& whole) {
  whole = true;
  take(text, '-');
  const bool zero_first = !text.empty() && text.front() == '0';
  const std::size_t digits = take_digits(text);
  if (digits == 0 || (zero_first && digits > 1)) return false;
  if (take(text, '.')) {
    whole = false;
    if (take_digits(text) == 0) return false;
  }
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    whole = false;
    text.remove_prefix(1);
    if (!take(text, '+')) take(text, '-');
    if (take_digits(text) == 0) return false;
  }
  return text.empty();
}

bool fits_int64(const std::string& number) {
  errno = 0;
  static_cast<void>(std::strtoll(number.c_str(), nullptr, 10));
  return errno == 0;
}

bool take_number(std::string_view& text, std::size_t digits, int low, int high) {
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i >= text.size() || !is_digit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value >= low && value <= high;
}

/// RFC 3339, for example 2026-08-21T10:00:00.5+02:00.
bool is_datetime(std::string_view text) {
  const bool day = take_number(text, 4, 0, 9999) && take(text, '-') && take_number(text, 2, 1, 12) && take(text, '-') &&
                   take_number(text, 2, 1, 31);
  if (!day || (!take(text, 'T') && !take(text, 't'))) return false;
  const bool time = take_number(text, 2, 0, 23) && take(text, ':') && take_number(text, 2, 0, 59) && take(text, ':') &&
                    take_number(text, 2, 0, 60);
  if (!time || (take(text, '.') && take_digits(text) == 0)) return false;
  if (take(text, 'Z') || take(text, 'z')) return text.empty();
  if (!take(text, '+') && !take(text, '-')) return false;
  return take_number(text, 2, 0, 23) && take(text, ':') && take_number(text, 2, 0, 59) && text.empty();
}

/// A list of strings.
bool is_string_list(std::string_view text) {
  if (!take(text, '[')) return false;
  text = trimmed(text);
  if (take(text, ']')) return text.empty();
  for (;;) {
    std::string_view content;
    text = trimmed(text);
    if (!take_string(text, content)) return false;
    text = trimmed(text);
    if (take(text, ']')) return text.empty();
    if (!take(text, ',')) return false;
  }
}

bool is_value_of(std::int32_t type, std::string_view value) {
  std::string_view content;
  bool whole = false;
  switch (type) {
    case kText:
    case kKeyword:
      return is_string(value, content);
    case kInt:
      return is_number(value, whole) && whole && fits_int64(std::string(value));
    case kDouble:
      return is_number(value, whole);
    case kBool:
      return value == "true" || value == "false";
    case kDatetime:
      return is_string(value, content) && is_datetime(content);
    case kKeywordList:
      return is_string(value, content) || is_string_list(value);  // One string is a list of one.
    default:
      return false;
  }
}

}  // namespace

std::string_view attribute_type_name(std::int32_t type) noexcept {
  constexpr std::array<std::string_view, 8> kNames{"",       "Text", "Keyword",  "Int",
                                                   "Double", "Bool", "Datetime", "KeywordList"};
  return type >= 0 && static_cast<std::size_t>(type) < kNames.size() ? kNames[static_cast<std::size_t>(type)] : "";
}

StatusOr<> check_attribute(const std::string& name, std::int32_t type, const std::string& json) {
  const std::string_view value = trimmed(json);
  if (value.empty() || value == "null" || is_value_of(type, value)) return {};
  return internal::invalid_argument("invalid value for search attribute " + name + " of type " +
                                    std::string(attribute_type_name(type)) + ": " + std::string(value.substr(0, 100)));
}

}  // namespace longbeat::server
