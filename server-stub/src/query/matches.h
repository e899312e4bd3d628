#pragma once
#include <functional>

#include "base/clock.h"
#include "query/query.h"

namespace longbeat::server::query {

/// What a field holds; monostate: nothing (NULL).
using Value = std::variant<std::monostate, std::string, std::int64_t, double, bool, internal::WallTime>;
/// Name of a field, as written, → its value. A name it does not know is NULL.
using Lookup = std::function<Value(const std::string& name)>;

/// Whether the condition holds. As in SQL, nothing can be said of NULL but IS NULL: a comparison with it is neither
/// true nor false, and so is its negation; the same where field and literal are of types that cannot be compared.
/// Strings compare by bytes; a time compares with an RFC 3339 string or nanoseconds since 1970.
bool matches(const Expression& expression, const Lookup& lookup);

}  // namespace longbeat::server::query
