#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace longbeat::server::projection {

/// What a search attribute's JSON may be: null, a scalar, or a list of scalars.
using JsonScalar = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
struct JsonValue {
  bool is_list = false;
  std::vector<JsonScalar> values{};  ///< one when it is no list
};
/// Nothing when it is anything else, or no JSON.
std::optional<JsonValue> parse_json(std::string_view text);

}  // namespace longbeat::server::projection
