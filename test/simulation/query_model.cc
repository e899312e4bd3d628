#include "simulation/query_model.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace longbeat::simulation {

using Type = FieldModel::Type;
using Kind = Condition::Kind;

namespace {

constexpr const char* kOps[] = {"=", "!=", "<", "<=", ">", ">="};

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string literal(const FieldModel& field, const FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const auto number = std::get<std::int64_t>(value);
  return field.type == Type::kTime ? quoted(time_text(number)) : std::to_string(number);
}

bool only_equality(Type type) {
  return type == Type::kBool || type == Type::kKeywordList;
}

FieldValue sample(Random& random, const FieldModel& field) {
  FieldValue value = field.samples[random.below(field.samples.size())];
  if (auto* many = std::get_if<std::vector<std::string>>(&value)) {
    return many->empty() ? std::string("none") : many->at(random.below(many->size()));
  }
  if (auto* number = std::get_if<std::int64_t>(&value); number != nullptr && random.chance(30)) {
    *number += static_cast<std::int64_t>(random.below(3)) - 1;  // Just beside it.
  }
  return value;
}

Condition leaf(Random& random, const std::vector<FieldModel>& fields) {
  Condition one;
  do {
    one.field = fields[random.below(fields.size())];
  } while (one.field.samples.empty());
  one.negated = random.chance(30);
  const bool text = one.field.type == Type::kKeyword;
  const auto kind = random.below(only_equality(one.field.type) ? 3 : text ? 6 : 5);
  if (kind == 0) {
    one.kind = Kind::kNull;
  } else if (kind == 1) {
    one.kind = Kind::kIn;
    for (auto count = 1 + random.below(3); count > 0; --count) one.values.push_back(sample(random, one.field));
  } else if (kind == 4 && one.field.type != Type::kStatus) {
    one.kind = Kind::kBetween;
    one.values = {sample(random, one.field), sample(random, one.field)};
  } else if (kind == 5) {
    one.kind = Kind::kPrefix;
    auto prefix = std::get<std::string>(sample(random, one.field));
    prefix.resize(random.below(prefix.size() + 1));
    one.values = {prefix};
  } else {
    one.op = random.below(only_equality(one.field.type) || one.field.type == Type::kStatus ? 2 : 6);
    one.values = {sample(random, one.field)};
  }
  return one;
}

/// Negative, zero, positive; nothing: one of them is nothing.
std::optional<int> order(const FieldValue& have, const FieldValue& asked) {
  if (have.index() != asked.index()) return std::nullopt;
  return have < asked ? -1 : asked < have ? 1 : 0;
}

std::optional<bool> equals(const FieldValue& have, const FieldValue& asked) {
  if (const auto* many = std::get_if<std::vector<std::string>>(&have)) {
    return std::ranges::find(*many, std::get<std::string>(asked)) != many->end();
  }
  const auto compared = order(have, asked);
  return compared ? std::optional(*compared == 0) : std::nullopt;
}

bool compares(std::size_t op, int order) {
  const bool results[] = {order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0};
  return results[op];
}

std::optional<bool> of_leaf(const Condition& one, const FieldValue& have) {
  if (one.kind == Kind::kNull) return std::holds_alternative<std::monostate>(have);
  if (std::holds_alternative<std::monostate>(have)) return std::nullopt;
  if (one.kind == Kind::kIn) {
    return std::ranges::any_of(one.values, [&](const auto& value) { return *equals(have, value); });
  }
  if (one.kind == Kind::kPrefix) return std::get<std::string>(have).starts_with(std::get<std::string>(one.values[0]));
  if (one.kind == Kind::kBetween) return *order(have, one.values[0]) >= 0 && *order(have, one.values[1]) <= 0;
  if (one.op < 2) return *equals(have, one.values[0]) == (one.op == 0);
  return compares(one.op, *order(have, one.values[0]));
}

}  // namespace

std::string time_text(std::int64_t nanoseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(nanoseconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

Condition random_condition(Random& random, const std::vector<FieldModel>& fields, int depth) {
  const auto kind = depth == 0 ? 0 : random.below(10);
  if (kind < 5) return leaf(random, fields);
  Condition one;
  one.kind = kind < 7 ? Kind::kAnd : kind < 9 ? Kind::kOr : Kind::kNot;
  one.parts.push_back(random_condition(random, fields, depth - 1));
  if (one.kind != Kind::kNot) one.parts.push_back(random_condition(random, fields, depth - 1));
  return one;
}

std::string text_of(const Condition& one) {
  if (one.kind == Kind::kNot) return "NOT (" + text_of(one.parts[0]) + ")";
  if (one.kind == Kind::kAnd || one.kind == Kind::kOr) {
    const char* by = one.kind == Kind::kAnd ? " AND " : " OR ";
    return "(" + text_of(one.parts[0]) + by + text_of(one.parts[1]) + ")";
  }
  const std::string name = one.field.name + " ";
  if (one.kind == Kind::kNull) return name + (one.negated ? "IS NOT NULL" : "IS NULL");
  if (one.kind == Kind::kCompare) return name + kOps[one.op] + " " + literal(one.field, one.values[0]);
  const std::string with_not = name + (one.negated ? "NOT " : "");
  if (one.kind == Kind::kPrefix) return with_not + "STARTS_WITH " + literal(one.field, one.values[0]);
  if (one.kind == Kind::kBetween) {
    return with_not + "BETWEEN " + literal(one.field, one.values[0]) + " AND " + literal(one.field, one.values[1]);
  }
  std::string text = with_not + "IN (";
  for (std::size_t i = 0; i < one.values.size(); ++i) text += (i > 0 ? ", " : "") + literal(one.field, one.values[i]);
  return text + ")";
}

std::optional<bool> holds(const Condition& one, const Lookup& lookup) {
  if (one.kind == Kind::kNot) {
    const auto part = holds(one.parts[0], lookup);
    return part ? std::optional(!*part) : part;
  }
  if (one.kind == Kind::kAnd || one.kind == Kind::kOr) {
    const bool decides = one.kind == Kind::kOr;
    const auto first = holds(one.parts[0], lookup), second = holds(one.parts[1], lookup);
    if (first == decides || second == decides) return decides;
    return first && second ? std::optional(!decides) : std::nullopt;
  }
  const auto truth = of_leaf(one, lookup(one.field.name));
  const bool turned = one.negated && one.kind != Kind::kCompare;
  return truth && turned ? std::optional(!*truth) : truth;
}

}  // namespace longbeat::simulation
