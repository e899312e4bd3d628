#include "visibility/leaf.h"

#include <algorithm>

#include "query/values.h"
#include "visibility/attributes.h"

namespace longbeat::server::projection {

using query::CompareOp;
using query::Comparison;
using query::Literal;
using query::Membership;
using query::Prefix;
using query::Range;

namespace {

std::string_view sql_of(CompareOp op) {
  static constexpr std::string_view kTexts[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
  return kTexts[static_cast<std::size_t>(op)];
}

template <class Pointer, class OneLeaf>
std::vector<Pointer> all_literals(OneLeaf& leaf) {
  std::vector<Pointer> all;
  if (auto* one = std::get_if<Comparison>(&leaf)) all = {&one->value};
  if (auto* one = std::get_if<Range>(&leaf)) all = {&one->low, &one->high};
  if (auto* one = std::get_if<Prefix>(&leaf)) all = {&one->prefix};
  if (auto* many = std::get_if<Membership>(&leaf)) {
    for (auto& literal : many->values) all.push_back(&literal);
  }
  return all;
}

std::string_view needs(AttributeType type) {
  switch (type) {
    case AttributeType::kInt:
      return "an integer";
    case AttributeType::kDouble:
      return "a number";
    case AttributeType::kBool:
      return "true or false";
    case AttributeType::kDatetime:
      return "a time as in '2026-01-31T12:00:00Z'";
    default:
      return "a text in quotes";
  }
}

std::optional<Bind> duration_of(const Literal& literal) {
  if (const auto* nanos = std::get_if<std::int64_t>(&literal.value)) return *nanos;
  const auto* text = std::get_if<std::string>(&literal.value);
  const auto duration = text != nullptr ? query::parse_duration(*text) : std::nullopt;
  if (!duration) return std::nullopt;
  return std::int64_t{duration->count()};
}

std::optional<Bind> value_of(const Literal& literal, AttributeType type) {
  const auto* text = std::get_if<std::string>(&literal.value);
  const auto* integer = std::get_if<std::int64_t>(&literal.value);
  const auto* real = std::get_if<double>(&literal.value);
  const auto* flag = std::get_if<bool>(&literal.value);
  switch (type) {
    case AttributeType::kText:
    case AttributeType::kKeyword:
    case AttributeType::kKeywordList:
      if (text != nullptr) return *text;
      break;
    case AttributeType::kInt:
      if (integer != nullptr) return *integer;
      if (real != nullptr) return *real;  // SQLite compares exactly.
      break;
    case AttributeType::kDouble:
      if (integer != nullptr) return static_cast<double>(*integer);
      if (real != nullptr) return *real;
      break;
    case AttributeType::kBool:
      if (flag != nullptr) return std::int64_t{*flag ? 1 : 0};
      break;
    case AttributeType::kDatetime: {
      if (integer != nullptr) return *integer;
      const auto time = text != nullptr ? query::parse_time(*text) : std::nullopt;
      if (time) return std::int64_t{time->time_since_epoch().count()};
      break;
    }
  }
  return std::nullopt;
}

}  // namespace

const query::Field& field_of(const Leaf& leaf) {
  return std::visit([](const auto& node) -> const query::Field& { return node.field; }, leaf);
}

std::vector<Literal*> literals_of(Leaf& leaf) {
  return all_literals<Literal*>(leaf);
}
std::vector<const Literal*> literals_of(const Leaf& leaf) {
  return all_literals<const Literal*>(leaf);
}

std::string shown(const std::string& name) {
  std::string text = name.substr(0, 100);
  std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return "'" + text + "'";
}

Status wrong_type(const query::Field& field, std::string_view expected, const Literal& literal) {
  return query::refusal("field " + shown(field.name) + " needs " + std::string(expected), literal.place);
}

StatusOr<std::vector<Bind>> values_of(const Leaf& leaf, AttributeType type) {
  if (std::holds_alternative<Prefix>(leaf) && type != AttributeType::kKeyword) {
    return query::refusal("STARTS_WITH needs a Keyword, which " + shown(field_of(leaf).name) + " is not",
                          field_of(leaf).place);
  }
  std::vector<Bind> values;
  for (const Literal* literal : literals_of(leaf)) {
    auto value = value_of(*literal, type);
    if (!value) return wrong_type(field_of(leaf), needs(type), *literal);
    if (type == AttributeType::kText) {
      for (std::string& word : words_of(std::get<std::string>(*value))) values.emplace_back(std::move(word));
    } else {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

StatusOr<std::vector<Bind>> durations_of(const Leaf& leaf) {
  if (std::holds_alternative<Prefix>(leaf)) return values_of(leaf, AttributeType::kInt);
  std::vector<Bind> values;
  for (const Literal* literal : literals_of(leaf)) {
    auto value = duration_of(*literal);
    if (!value) {
      return wrong_type(field_of(leaf), "a duration as in '1h30m', '01:30:00' or nanoseconds", *literal);
    }
    values.push_back(std::move(*value));
  }
  return values;
}

Sql condition(const std::string& column, const Leaf& leaf, const std::vector<Bind>& values) {
  Sql sql;
  if (const auto* comparison = std::get_if<Comparison>(&leaf)) {
    (sql += column) += sql_of(comparison->op);
    return sql.bind(values[0]);
  }
  if (const auto* range = std::get_if<Range>(&leaf)) {
    ((sql += column) += range->negated ? " NOT BETWEEN " : " BETWEEN ").bind(values[0]) += " AND ";
    return sql.bind(values[1]);
  }
  if (const auto* prefix = std::get_if<Prefix>(&leaf)) {
    // From the prefix up to the first text that does not begin with it: an index can be used.
    std::string end = std::get<std::string>(values[0]);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (end.empty()) return (sql += column) += prefix->negated ? " IS NULL AND 0" : " IS NOT NULL";
    end.back() = static_cast<char>(end.back() + 1);
    const bool negated = prefix->negated;
    ((sql += column) += negated ? " < " : " >= ").bind(values[0]);
    (((sql += negated ? " OR " : " AND ") += column) += negated ? " >= " : " < ").bind(std::move(end));
    return sql;
  }
  const auto& membership = std::get<Membership>(leaf);
  if (values.size() == 1) {
    (sql += column) += membership.negated ? " != " : " = ";
    return sql.bind(values[0]);
  }
  (sql += column) += membership.negated ? " NOT IN (" : " IN (";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) sql += ",";
    sql.bind(values[i]);
  }
  return sql += ")";
}

}  // namespace longbeat::server::projection
