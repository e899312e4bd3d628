#pragma once
#include "query/query.h"

namespace longbeat::server::query {

struct Token {
  enum class Kind : std::int8_t { kName, kQuotedName, kString, kInteger, kNumber, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text{};  ///< names and strings unquoted; symbols as written; <> as !=
  std::int64_t integer = 0;
  double number = 0;
  Place place{};
};

/// The whole text; the last token is kEnd.
StatusOr<std::vector<Token>> tokens_of(std::string_view text);

}  // namespace longbeat::server::query
