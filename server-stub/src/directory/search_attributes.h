#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

/// Search attributes by name: which every namespace has, and the rules for those that operators register.
namespace longbeat::server {

/// Name → enums.IndexedValueType.
using AttributeTypes = std::map<std::string, std::int32_t>;

/// Those that every activity has.
const AttributeTypes& system_attributes();

/// `registered` and `added` together: ALREADY_EXISTS or INVALID_ARGUMENT when a name is taken, reserved or malformed,
/// or its type is none.
internal::StatusOr<AttributeTypes> with_attributes(const AttributeTypes& registered, const AttributeTypes& added);
/// `registered` without these: NOT_FOUND names the first that is not registered, INVALID_ARGUMENT a system one.
internal::StatusOr<AttributeTypes> without_attributes(const AttributeTypes& registered,
                                                      const std::vector<std::string>& names);

}  // namespace longbeat::server
