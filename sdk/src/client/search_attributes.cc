#include "client/search_attributes.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <type_traits>
#include <variant>

#include "longbeat/data_converter.h"

namespace longbeat::internal {
namespace {

void append_utf8(std::string& text, unsigned code) {
  const auto byte = [&text](unsigned bits) { text += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xe0 | code >> 12);
    } else {
      byte(0xf0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3f));
    }
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

/// Reads the little JSON that search attributes are made of.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c != '\\') {
        text += c;
      } else if (!escape(text)) {
        break;
      }
    }
    return std::nullopt;
  }
  template <class Number>
  std::optional<Number> number() {
    skip_space();
    Number value{};
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
    return value;
  }
  bool word(std::string_view text) {
    skip_space();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }
  std::optional<unsigned> four_digits() {
    unsigned code = 0;
    if (rest_.size() < 4) return std::nullopt;
    const auto read = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (read.ptr != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return code;
  }
  bool escape(std::string& text) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    if (const auto at = kShort.find(c); at != std::string_view::npos) {
      text += kMeant[at];
      return true;
    }
    const auto first = c == 'u' ? four_digits() : std::nullopt;
    if (!first) return false;
    unsigned code = *first;
    if (code >= 0xd800 && code < 0xdc00) {  // The first half of a pair.
      if (!rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      const auto second = four_digits();
      if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (*second - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      return false;
    }
    append_utf8(text, code);
    return true;
  }

  std::string_view rest_;
};

std::optional<std::vector<std::string>> read_list(Reader& reader) {
  std::vector<std::string> list;
  if (!reader.take('[')) return std::nullopt;
  if (reader.take(']')) return list;
  do {
    auto text = reader.string();
    if (!text) return std::nullopt;
    list.push_back(*std::move(text));
  } while (reader.take(','));
  if (!reader.take(']')) return std::nullopt;
  return list;
}

/// The value that `data` holds, if it is of `type`.
std::optional<SearchAttribute> read_as(const std::string& type, const std::string& data) {
  Reader reader(data);
  std::optional<SearchAttribute> value;
  if (type == "Keyword" || type == "Text" || type == "Datetime") {
    auto text = reader.string();
    if (!text) return std::nullopt;
    if (type == "Keyword")
      value = *std::move(text);
    else if (type == "Text")
      value = SearchText{*std::move(text)};
    else if (const auto time = from_rfc3339(*text))
      value = *time;
  } else if (type == "Int") {
    if (const auto number = reader.number<std::int64_t>()) value = *number;
  } else if (type == "Double") {
    if (const auto number = reader.number<double>()) value = *number;
  } else if (type == "Bool") {
    if (reader.word("true"))
      value = true;
    else if (reader.word("false"))
      value = false;
  } else if (type == "KeywordList") {
    if (auto list = read_list(reader)) value = *std::move(list);
  }
  if (!reader.at_end()) return std::nullopt;
  return value;
}

/// "Keyword" of "Keyword" and of "INDEXED_VALUE_TYPE_KEYWORD".
std::string kind_of(const Payload& payload) {
  const auto found = payload.metadata.find("type");
  if (found == payload.metadata.end()) return {};
  static const std::map<std::string, std::string> kLong{
      {"TEXT", "Text"},         {"KEYWORD", "Keyword"},         {"INT", "Int"}, {"DOUBLE", "Double"}, {"BOOL", "Bool"},
      {"DATETIME", "Datetime"}, {"KEYWORD_LIST", "KeywordList"}};
  const std::string_view prefix = "INDEXED_VALUE_TYPE_";
  if (!found->second.starts_with(prefix)) return found->second;
  const auto name = kLong.find(found->second.substr(prefix.size()));
  return name == kLong.end() ? std::string() : name->second;
}

std::string number_text(double value) {
  char buffer[40];
  const auto written = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, written.ptr);
}

Payload typed(const char* type, std::string json) {
  return {{{"encoding", "json/plain"}, {"type", type}}, std::move(json)};
}

}  // namespace

std::string json_text(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 0xf];
    } else {
      json += c;
    }
  }
  return json += '"';
}

Payload to_payload(const SearchAttribute& attribute) {
  return std::visit(
      [](const auto& value) -> Payload {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return typed("Keyword", json_text(value));
        } else if constexpr (std::is_same_v<Value, SearchText>) {
          return typed("Text", json_text(value.text));
        } else if constexpr (std::is_same_v<Value, std::int64_t>) {
          return typed("Int", std::to_string(value));
        } else if constexpr (std::is_same_v<Value, double>) {
          return typed("Double", number_text(value));
        } else if constexpr (std::is_same_v<Value, bool>) {
          return typed("Bool", value ? "true" : "false");
        } else if constexpr (std::is_same_v<Value, Timestamp>) {
          return typed("Datetime", json_text(to_rfc3339(value)));
        } else if constexpr (std::is_same_v<Value, Payload>) {
          return value;
        } else {
          std::string json = "[";
          for (const auto& keyword : value) json += (json.size() > 1 ? "," : "") + json_text(keyword);
          return typed("KeywordList", json + "]");
        }
      },
      attribute.value());
}

SearchAttributeFields to_fields(const SearchAttributes& attributes) {
  SearchAttributeFields fields;
  for (const auto& [name, attribute] : attributes) fields.emplace(name, to_payload(attribute));
  return fields;
}

SearchAttribute to_attribute(const Payload& payload) {
  if (encoding_of(payload) == "json/plain") {
    if (auto value = read_as(kind_of(payload), payload.data)) return *std::move(value);
  }
  return payload;
}

SearchAttributes to_attributes(const SearchAttributeFields& fields) {
  SearchAttributes attributes;
  for (const auto& [name, payload] : fields) attributes.emplace(name, to_attribute(payload));
  return attributes;
}

std::optional<std::string> plain_text(const Payload& payload) {
  if (encoding_of(payload) != "json/plain") return std::nullopt;
  Reader reader(payload.data);
  auto text = reader.string();
  if (!text || !reader.at_end()) return std::nullopt;
  return text;
}

std::string to_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[48];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

std::optional<Timestamp> from_rfc3339(const std::string& text) {
  int year = 0, hour = 0, minute = 0, second = 0, read = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &read) != 6)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(read));
  std::int64_t nanoseconds = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::int64_t unit = 100'000'000;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1), unit /= 10)
      nanoseconds += unit * (rest.front() - '0');
  }
  std::chrono::seconds offset{0};
  if (rest != "Z" && rest != "z") {
    int offset_hours = 0, offset_minutes = 0;
    if (rest.size() != 6 || std::sscanf(rest.data() + 1, "%2d:%2d", &offset_hours, &offset_minutes) != 2)
      return std::nullopt;
    offset = std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes);
    if (rest.front() != '+' && rest.front() != '-') return std::nullopt;
    if (rest.front() == '-') offset = -offset;
  }
  const std::chrono::sys_seconds time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                                        std::chrono::minutes(minute) + std::chrono::seconds(second) - offset;
  // "9999-12-31T23:59:59Z" is a time, but none of 64 bits of nanoseconds.
  constexpr auto kMost = std::chrono::floor<std::chrono::seconds>(Timestamp::duration::max()).count() - 1;
  if (std::abs(time.time_since_epoch().count()) > kMost) return std::nullopt;
  return Timestamp(time) + std::chrono::nanoseconds(nanoseconds);
}

}  // namespace longbeat::internal
