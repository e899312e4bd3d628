#include "query/matches.h"

#include <compare>

#include "query/values.h"

namespace longbeat::server::query {
namespace {

using internal::WallTime;

/// True, false, or nothing can be said.
using Truth = std::optional<bool>;

template <class T>
std::partial_ordering ordered(const T& a, const T& b) {
  return a < b   ? std::partial_ordering::less
         : b < a ? std::partial_ordering::greater
                 : std::partial_ordering::equivalent;
}

std::partial_ordering compare(const Value& value, const Scalar& literal) {
  constexpr auto kNone = std::partial_ordering::unordered;
  const auto* text = std::get_if<std::string>(&literal);
  const auto* integer = std::get_if<std::int64_t>(&literal);
  const auto* number = std::get_if<double>(&literal);
  const auto* flag = std::get_if<bool>(&literal);
  if (const auto* have = std::get_if<std::string>(&value)) return text != nullptr ? ordered(*have, *text) : kNone;
  if (const auto* have = std::get_if<bool>(&value)) return flag != nullptr ? ordered(*have, *flag) : kNone;
  if (const auto* have = std::get_if<std::int64_t>(&value)) {
    if (integer != nullptr) return ordered(*have, *integer);
    return number != nullptr ? ordered(static_cast<double>(*have), *number) : kNone;
  }
  if (const auto* have = std::get_if<double>(&value)) {
    if (number != nullptr) return ordered(*have, *number);
    return integer != nullptr ? ordered(*have, static_cast<double>(*integer)) : kNone;
  }
  if (const auto* have = std::get_if<WallTime>(&value)) {
    if (integer != nullptr) return ordered(*have, WallTime(std::chrono::nanoseconds(*integer)));
    const auto time = text != nullptr ? parse_time(*text) : std::nullopt;
    return time ? ordered(*have, *time) : kNone;
  }
  return kNone;
}

Truth holds(CompareOp op, std::partial_ordering order) {
  if (order == std::partial_ordering::unordered) return std::nullopt;
  switch (op) {
    case CompareOp::kEqual:
      return order == 0;
    case CompareOp::kNotEqual:
      return order != 0;
    case CompareOp::kLess:
      return order < 0;
    case CompareOp::kLessOrEqual:
      return order <= 0;
    case CompareOp::kGreater:
      return order > 0;
    case CompareOp::kGreaterOrEqual:
      return order >= 0;
  }
  return std::nullopt;
}

Truth negated_if(bool negated, Truth truth) {
  return negated && truth ? Truth(!*truth) : truth;
}

struct Evaluator {
  const Lookup& lookup;

  Truth of(const Expression& expression) const {
    return std::visit([this](const auto& node) { return (*this)(node); }, expression.node);
  }

  Truth operator()(const Comparison& node) const {
    return holds(node.op, compare(lookup(node.field.name), node.value.value));
  }
  Truth operator()(const Membership& node) const {
    const Value value = lookup(node.field.name);
    bool unsure = false;
    for (const Literal& literal : node.values) {
      const Truth equal = holds(CompareOp::kEqual, compare(value, literal.value));
      if (equal && *equal) return !node.negated;
      unsure |= !equal;
    }
    return unsure ? Truth() : Truth(node.negated);
  }
  Truth operator()(const Range& node) const {
    const Value value = lookup(node.field.name);
    return negated_if(node.negated, both(holds(CompareOp::kGreaterOrEqual, compare(value, node.low.value)),
                                         holds(CompareOp::kLessOrEqual, compare(value, node.high.value))));
  }
  Truth operator()(const NullTest& node) const {
    return std::holds_alternative<std::monostate>(lookup(node.field.name)) != node.negated;
  }
  Truth operator()(const Prefix& node) const {
    const Value value = lookup(node.field.name);
    const auto* text = std::get_if<std::string>(&value);
    const auto* prefix = std::get_if<std::string>(&node.prefix.value);
    if (text == nullptr || prefix == nullptr) return std::nullopt;
    return text->starts_with(*prefix) != node.negated;
  }
  Truth operator()(const And& node) const {
    Truth all = true;
    for (const Expression& operand : node.operands) all = both(all, of(operand));
    return all;
  }
  Truth operator()(const Or& node) const {
    Truth none = true;  // Any of them = not (none of them).
    for (const Expression& operand : node.operands) none = both(none, negated_if(true, of(operand)));
    return negated_if(true, none);
  }
  Truth operator()(const Not& node) const { return negated_if(true, of(node.operands.front())); }

  static Truth both(Truth a, Truth b) {
    if ((a && !*a) || (b && !*b)) return false;
    return a && b ? Truth(true) : std::nullopt;
  }
};

}  // namespace

bool matches(const Expression& expression, const Lookup& lookup) {
  return Evaluator{lookup}.of(expression).value_or(false);
}

}  // namespace longbeat::server::query
