#include "visibility/to_sql.h"

#include <algorithm>

#include "query/matches.h"
#include "visibility/attributes.h"
#include "visibility/fields.h"
#include "visibility/leaf.h"

namespace longbeat::server::projection {
namespace {

using query::And;
using query::CompareOp;
using query::Comparison;
using query::Expression;
using query::Field;
using query::Literal;
using query::Membership;
using query::Not;
using query::NullTest;
using query::Or;
using query::Prefix;
using query::Range;

CompareOp opposite(CompareOp op) {
  static constexpr CompareOp kOpposites[] = {CompareOp::kNotEqual, CompareOp::kEqual,       CompareOp::kGreaterOrEqual,
                                             CompareOp::kGreater,  CompareOp::kLessOrEqual, CompareOp::kLess};
  return kOpposites[static_cast<std::size_t>(op)];
}

class Translator {
 public:
  explicit Translator(const SqlContext& context) : context_(context) {}

  StatusOr<Sql> of(const Expression& expression, bool negated) {
    return std::visit([&](const auto& node) { return on(node, negated); }, expression.node);
  }

 private:
  StatusOr<Sql> on(const And& node, bool negated) { return joined(node.operands, negated ? " OR " : " AND ", negated); }
  StatusOr<Sql> on(const Or& node, bool negated) { return joined(node.operands, negated ? " AND " : " OR ", negated); }
  StatusOr<Sql> on(const Not& node, bool negated) { return of(node.operands.front(), !negated); }
  StatusOr<Sql> on(const Comparison& node, bool negated) {
    Comparison leaf = node;
    if (negated) leaf.op = opposite(leaf.op);
    return on_leaf(leaf);
  }
  template <class Node>
  StatusOr<Sql> on(const Node& node, bool negated) {
    Node leaf = node;
    leaf.negated ^= negated;
    if constexpr (std::is_same_v<Node, NullTest>) {
      return on_null(leaf);
    } else {
      return on_leaf(Leaf(std::move(leaf)));
    }
  }

  StatusOr<Sql> joined(const std::vector<Expression>& operands, std::string_view by, bool negated) {
    Sql sql;
    sql += "(";
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (i > 0) sql += by;
      auto part = of(operands[i], negated);
      if (!part) return part;
      sql += *part;
    }
    return sql += ")";
  }

  StatusOr<Sql> on_null(const NullTest& test) {
    Sql sql;
    if (const SystemField* field = system_field(test.field.name)) {
      return (sql += column_of(*field)) += test.negated ? " IS NOT NULL" : " IS NULL";
    }
    const auto type = custom_type(test.field);
    if (!type) return type.error();
    return has_attribute(test.field.name, *type, test.negated);
  }

  StatusOr<Sql> on_leaf(const Leaf& leaf) {
    const SystemField* field = system_field(field_of(leaf).name);
    if (field == nullptr) return on_custom(leaf);
    if (field->kind == FieldKind::kStatus) return on_status(leaf);
    const auto values =
        field->kind == FieldKind::kDuration ? durations_of(leaf) : values_of(leaf, type_of(field->kind));
    if (!values) return values.error();
    Sql sql;
    sql += "(";
    sql += condition(column_of(*field), leaf, *values);
    if (const auto* comparison = std::get_if<Comparison>(&leaf);
        comparison != nullptr && field->kind == FieldKind::kCloseTime && !context_.as_open &&
        comparison->op >= CompareOp::kGreater) {
      (sql += " AND close_order >= ").bind((*values)[0]);  // Follows from the other one, and has an index.
    }
    return sql += ")";
  }

  static AttributeType type_of(FieldKind kind) {
    switch (kind) {
      case FieldKind::kTime:
      case FieldKind::kCloseTime:
        return AttributeType::kDatetime;
      case FieldKind::kInt:
      case FieldKind::kDuration:
        return AttributeType::kInt;
      default:
        return AttributeType::kKeyword;
    }
  }

  std::string column_of(const SystemField& field) const {
    if (context_.as_open) {
      if (field.kind == FieldKind::kStatus) return "open_status";
      if (field.kind == FieldKind::kCloseTime || field.kind == FieldKind::kDuration) return "NULL";
    }
    return std::string(field.column);
  }

  /// Statuses are stored as numbers and asked for by name: which ones does the condition mean?
  StatusOr<Sql> on_status(Leaf leaf) {
    for (Literal* literal : literals_of(leaf)) {
      const auto* text = std::get_if<std::string>(&literal->value);
      if (text == nullptr) return wrong_type(field_of(leaf), "the name of a status in quotes", *literal);
      if (std::holds_alternative<Prefix>(leaf)) break;
      const auto names = status_names();
      const auto found = std::ranges::find_if(
          names, [&](const StatusName& name) { return name.name == *text || name.long_name == *text; });
      if (found == names.end()) {
        return query::refusal("invalid value for search attribute ExecutionStatus: no status is called that",
                              literal->place);
      }
      literal->value = std::string(found->name);
    }
    const Expression expression = std::visit([](auto& node) { return Expression{std::move(node)}; }, leaf);
    std::vector<std::int32_t> meant;
    for (const StatusName& status : status_names()) {
      if (query::matches(expression, [&](const std::string&) { return query::Value(std::string(status.name)); })) {
        meant.push_back(status.status);
      }
    }
    const std::string column = column_of(*system_field("ExecutionStatus"));
    Sql sql;
    if (meant.size() == 1) return ((sql += column) += " = ").bind(std::int64_t{meant[0]});
    // The plus keeps SQLite from taking several index ranges, which it would then have to sort.
    ((sql += "+") += column) += " IN (";
    for (std::size_t i = 0; i < meant.size(); ++i) {
      if (i > 0) sql += ",";
      sql.bind(std::int64_t{meant[i]});
    }
    return sql += ")";
  }

  StatusOr<AttributeType> custom_type(const Field& field) const {
    const auto found = context_.custom.find(field.name);
    if (found == context_.custom.end()) return query::refusal("unknown field " + shown(field.name), field.place);
    return found->second;
  }

  StatusOr<Sql> on_custom(Leaf leaf) {
    const Field field = field_of(leaf);
    const auto type = custom_type(field);
    if (!type) return type.error();
    if (auto ok = check_operator(leaf, *type); !ok) return ok.error();
    auto values = values_of(leaf, *type);
    if (!values) return values.error();
    const bool of_several = *type == AttributeType::kText || *type == AttributeType::kKeywordList;
    if (!of_several) return with_attribute(field.name, *type, condition("value", leaf, *values), true);
    // "Is none of them": has the attribute, and no value of it is one of them.
    bool negated = false;
    if (auto* comparison = std::get_if<Comparison>(&leaf)) {
      negated = comparison->op == CompareOp::kNotEqual;
    } else {
      negated = std::get<Membership>(leaf).negated;
    }
    Membership one_of{field, false, {}};
    if (values->empty()) return Sql{negated ? "1" : "0", {}};  // A text without words.
    const Sql equals = condition("value", Leaf(one_of), *values);
    if (!negated) return with_attribute(field.name, *type, equals, true);
    Sql sql;
    ((sql += "(") += has_attribute(field.name, *type, true)) += " AND ";
    return (sql += with_attribute(field.name, *type, equals, false)) += ")";
  }

  static StatusOr<> check_operator(const Leaf& leaf, AttributeType type) {
    const Field& field = field_of(leaf);
    const auto refused = [&] {
      return query::refusal(
          "operator not supported for " + std::string(to_string(type)) + " search attribute " + shown(field.name),
          field.place);
    };
    const auto* comparison = std::get_if<Comparison>(&leaf);
    const bool equality = comparison != nullptr && comparison->op <= CompareOp::kNotEqual;
    const bool membership = std::holds_alternative<Membership>(leaf);
    switch (type) {
      case AttributeType::kText:
        if (!equality) return refused();
        break;
      case AttributeType::kKeywordList:
      case AttributeType::kBool:
        if (!equality && !membership) return refused();
        break;
      default:
        break;
    }
    return {};
  }

  /// Rows that have the attribute, as a correlated EXISTS: the index by row answers it.
  Sql has_attribute(const std::string& name, AttributeType type, bool has) const {
    return with_attribute(name, type, Sql{"1", {}}, has, false);
  }

  Sql with_attribute(const std::string& name, AttributeType type, const Sql& value, bool has,
                     bool may_look_up = true) const {
    Sql where;
    (where += "name = ").bind(name) += " AND type = ";
    where.bind(static_cast<std::int64_t>(type)) += " AND (";
    (where += value) += ")";
    Sql by_value;
    (by_value += "SELECT row FROM attribute WHERE namespace = ").bind(std::int64_t{context_.namespace_id}) += " AND ";
    by_value += where;
    Sql sql;
    if (has && may_look_up && context_.finds_few && context_.finds_few(by_value)) {
      return ((sql += "activity.row IN (") += by_value) += ")";
    }
    // Few are not enough to look them up first: looked at one by one, in the order of the list.
    sql += has ? "EXISTS" : "NOT EXISTS";
    sql += " (SELECT 1 FROM attribute INDEXED BY attribute_of_row WHERE attribute.row = activity.row AND ";
    return (sql += where) += ")";
  }

  const SqlContext& context_;
};

}  // namespace

StatusOr<Sql> to_sql(const query::Expression& condition, const SqlContext& context) {
  return Translator(context).of(condition, false);
}

}  // namespace longbeat::server::projection
