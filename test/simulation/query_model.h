#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "simulation/world.h"

namespace longbeat::simulation {

/// What a field of one listed thing holds; times are nanoseconds since 1970.
using FieldValue = std::variant<std::monostate, std::string, std::int64_t, bool, std::vector<std::string>>;

/// A field that conditions may name, with values that may be met.
struct FieldModel {
  enum class Type : std::int8_t { kKeyword, kStatus, kTime, kDuration, kInt, kBool, kKeywordList };
  std::string name{};
  Type type = Type::kKeyword;
  std::vector<FieldValue> samples{};
};

/// A condition of list and count: as text for the server, and as it is meant. Written from the protocol, beside the
/// server's own parser, evaluator and SQL.
struct Condition {
  enum class Kind : std::int8_t { kCompare, kIn, kBetween, kNull, kPrefix, kAnd, kOr, kNot };
  Kind kind = Kind::kCompare;
  FieldModel field{};
  std::size_t op = 0;  ///< = != < <= > >=
  bool negated = false;
  std::vector<FieldValue> values{};
  std::vector<Condition> parts{};
};

/// At least one field must have samples.
Condition random_condition(Random& random, const std::vector<FieldModel>& fields, int depth = 3);
std::string text_of(const Condition& condition);
using Lookup = std::function<FieldValue(const std::string& field)>;
/// Nothing: it cannot be said, because a field holds nothing. Only what is true is listed.
std::optional<bool> holds(const Condition& condition, const Lookup& lookup);
/// "2020-01-31T12:00:00.000000001Z".
std::string time_text(std::int64_t nanoseconds);

}  // namespace longbeat::simulation
