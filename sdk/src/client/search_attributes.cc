#include "client/search_attributes.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/json_text.h"
#include "longbeat/data_converter.h"
#include "longbeat/json_texts.h"

namespace longbeat::internal {
namespace {

std::optional<std::vector<std::string>> read_list(JsonReader& reader) {
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
  JsonReader reader(data);
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
    if (reader.take_word("true"))
      value = true;
    else if (reader.take_word("false"))
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
  JsonReader reader(payload.data);
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
  const auto time = time_from_text(text);
  if (!time) return std::nullopt;
  // "9999-12-31T23:59:59Z" is a time, but none of 64 bits of nanoseconds.
  const auto since_epoch = joined<Timestamp::duration>(*time);
  return since_epoch ? std::optional(Timestamp(*since_epoch)) : std::nullopt;
}

}  // namespace longbeat::internal
