#pragma once
#include "query/query.h"
#include "visibility/to_sql.h"

namespace longbeat::server::projection {

/// A condition on one field, negation worked in: what SQL says of NULL ("neither") is then simply "no".
using Leaf = std::variant<query::Comparison, query::Membership, query::Range, query::Prefix>;

const query::Field& field_of(const Leaf& leaf);
std::vector<query::Literal*> literals_of(Leaf& leaf);
std::vector<const query::Literal*> literals_of(const Leaf& leaf);

/// `'name'` as an error may show it.
std::string shown(const std::string& name);
Status wrong_type(const query::Field& field, std::string_view expected, const query::Literal& literal);

/// The leaf's literals as what is stored for the type; of a Text its words.
StatusOr<std::vector<Bind>> values_of(const Leaf& leaf, AttributeType type);
/// The same for a duration: nanoseconds.
StatusOr<std::vector<Bind>> durations_of(const Leaf& leaf);

/// `column op values`, all of them already of the column's type.
Sql condition(const std::string& column, const Leaf& leaf, const std::vector<Bind>& values);

}  // namespace longbeat::server::projection
