#pragma once
#include <string_view>

#include "visibility/visibility.h"

/// Search attributes: from the bytes of a start request to values that can be compared. Pure.
namespace longbeat::server {

/// One entry of a serialised common.SearchAttributes.
struct AttributeEntry {
  std::string name{};
  std::string type{};  ///< metadata "type", for example "Keyword" or "INDEXED_VALUE_TYPE_KEYWORD"; may be empty
  std::string json{};
};
/// What can be read of it; bytes that are no such message give nothing.
std::vector<AttributeEntry> parse_search_attributes(std::string_view bytes);

/// "Keyword", "KeywordList", ... and back; the long spelling is understood too.
std::string_view to_string(AttributeType type) noexcept;
std::optional<AttributeType> attribute_type(std::string_view name);

/// How a value is compared: times are nanoseconds since 1970, booleans 0 and 1, a Text is its words in lower case.
using AttributeScalar = std::variant<std::int64_t, double, std::string>;
/// The value as this type, INVALID_ARGUMENT when it is none. None at all for null; several for Text and KeywordList.
/// One value in brackets counts as the value.
StatusOr<std::vector<AttributeScalar>> typed_values(AttributeType type, std::string_view json);

/// The words of a Text.
std::vector<std::string> words_of(std::string_view text);

}  // namespace longbeat::server
