#include "visibility/attributes.h"

#include <algorithm>

#include "query/values.h"
#include "visibility/json_value.h"

namespace longbeat::server {
namespace {

using projection::JsonScalar;

/// One field of a protobuf message on the wire: `bytes` when it is length-delimited.
struct WireField {
  std::uint64_t number = 0;
  std::optional<std::string_view> bytes{};
};

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<WireField> take_field(std::string_view& in) {
  const auto tag = take_varint(in);
  if (!tag) return std::nullopt;
  WireField field{*tag >> 3, {}};
  std::uint64_t size = 0;
  switch (*tag & 7) {
    case 0:
      return take_varint(in) ? std::optional(field) : std::nullopt;
    case 1:
      size = 8;
      break;
    case 5:
      size = 4;
      break;
    case 2: {
      const auto length = take_varint(in);
      if (!length) return std::nullopt;
      size = *length;
      break;
    }
    default:
      return std::nullopt;
  }
  if (size > in.size()) return std::nullopt;
  if ((*tag & 7) == 2) field.bytes = in.substr(0, size);
  in.remove_prefix(size);
  return field;
}

/// Calls visit(field number, bytes) for each length-delimited field. False when it is no message.
template <class Visit>
bool for_each_field(std::string_view message, Visit visit) {
  while (!message.empty()) {
    const auto field = take_field(message);
    if (!field) return false;
    if (field->bytes) visit(field->number, *field->bytes);
  }
  return true;
}

/// A map entry: key is field 1, value field 2.
std::pair<std::string_view, std::string_view> map_entry(std::string_view bytes) {
  std::pair<std::string_view, std::string_view> entry;
  const bool whole = for_each_field(bytes, [&](std::uint64_t number, std::string_view value) {
    if (number == 1) entry.first = value;
    if (number == 2) entry.second = value;
  });
  if (!whole) entry = {};
  return entry;
}

struct TypeName {
  AttributeType type;
  std::string_view name, long_name;
};
constexpr TypeName kTypeNames[] = {
    {AttributeType::kText, "Text", "INDEXED_VALUE_TYPE_TEXT"},
    {AttributeType::kKeyword, "Keyword", "INDEXED_VALUE_TYPE_KEYWORD"},
    {AttributeType::kInt, "Int", "INDEXED_VALUE_TYPE_INT"},
    {AttributeType::kDouble, "Double", "INDEXED_VALUE_TYPE_DOUBLE"},
    {AttributeType::kBool, "Bool", "INDEXED_VALUE_TYPE_BOOL"},
    {AttributeType::kDatetime, "Datetime", "INDEXED_VALUE_TYPE_DATETIME"},
    {AttributeType::kKeywordList, "KeywordList", "INDEXED_VALUE_TYPE_KEYWORD_LIST"},
};

std::optional<AttributeScalar> one_value(AttributeType type, const JsonScalar& json) {
  const auto* text = std::get_if<std::string>(&json);
  const auto* integer = std::get_if<std::int64_t>(&json);
  switch (type) {
    case AttributeType::kText:
    case AttributeType::kKeyword:
    case AttributeType::kKeywordList:
      if (text != nullptr) return *text;
      return std::nullopt;
    case AttributeType::kInt:
      if (integer != nullptr) return *integer;
      return std::nullopt;
    case AttributeType::kDouble:
      if (integer != nullptr) return static_cast<double>(*integer);
      if (const auto* real = std::get_if<double>(&json)) return *real;
      return std::nullopt;
    case AttributeType::kBool:
      if (const auto* flag = std::get_if<bool>(&json)) return std::int64_t{*flag ? 1 : 0};
      return std::nullopt;
    case AttributeType::kDatetime: {
      const auto time = text != nullptr ? query::parse_time(*text) : std::nullopt;
      if (!time) return std::nullopt;
      return std::int64_t{time->time_since_epoch().count()};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<AttributeEntry> parse_search_attributes(std::string_view bytes) {
  std::vector<AttributeEntry> entries;
  const bool whole = for_each_field(bytes, [&](std::uint64_t number, std::string_view field) {
    if (number != 1) return;
    const auto [name, payload] = map_entry(field);
    AttributeEntry entry{std::string(name), {}, {}};
    const bool readable = for_each_field(payload, [&](std::uint64_t part, std::string_view value) {
      if (part == 2) entry.json = value;
      if (part != 1) return;
      const auto [key, metadata] = map_entry(value);
      if (key == "type") entry.type = metadata;
    });
    if (readable && !name.empty()) entries.push_back(std::move(entry));
  });
  if (!whole) entries.clear();
  return entries;
}

std::string_view to_string(AttributeType type) noexcept {
  const auto* found = std::ranges::find(kTypeNames, type, &TypeName::type);
  return found == std::end(kTypeNames) ? "Unspecified" : found->name;
}

std::optional<AttributeType> attribute_type(std::string_view name) {
  const auto* found = std::ranges::find_if(
      kTypeNames, [&](const TypeName& type) { return type.name == name || type.long_name == name; });
  if (found == std::end(kTypeNames)) return std::nullopt;
  return found->type;
}

StatusOr<std::vector<AttributeScalar>> typed_values(AttributeType type, std::string_view json) {
  const auto refused = [&](const std::string& what) {
    std::string shown(json.substr(0, 100));
    // Goes into a status message: plain text only.
    std::ranges::replace_if(shown, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return internal::invalid_argument(what + " where a " + std::string(to_string(type)) + " is expected: " + shown);
  };
  auto parsed = projection::parse_json(json);
  if (!parsed) return refused("neither a JSON value nor a list of values");
  std::erase_if(parsed->values, [](const JsonScalar& value) { return std::holds_alternative<std::monostate>(value); });
  if (type != AttributeType::kKeywordList && parsed->values.size() > 1) return refused("several values");
  std::vector<AttributeScalar> values;
  for (const JsonScalar& one : parsed->values) {
    auto value = one_value(type, one);
    if (!value) return refused("another type of value");
    if (type == AttributeType::kText) {
      for (std::string& word : words_of(std::get<std::string>(*value))) values.emplace_back(std::move(word));
    } else {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    word.clear();
  };
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool part =
        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (!part) {
      finish();
    } else {
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  finish();
  return words;
}

}  // namespace longbeat::server
