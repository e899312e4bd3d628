#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

/// The query language of List and Count (activities, workers): text → a small tree. Pure. It knows no field and no
/// type: what a name means is its user's to say.
namespace longbeat::server::query {

using internal::Status;
using internal::StatusOr;

/// What a query may cost before anyone looks at data.
struct Limits {
  std::size_t bytes_max = 64 * 1024;
  std::size_t depth_max = 50;  ///< parentheses and NOT inside each other
  std::size_t conditions_max = 500;
  std::size_t literals_max = 5'000;  ///< of all IN lists together
};

/// Where something stands in the query's text: bytes from its beginning, and how it is written there.
struct Place {
  std::size_t at = 0;
  std::string text{};
};

struct Field {
  std::string name{};
  Place place{};
};

/// Times and durations are strings (or nanoseconds as integers): which of them is meant depends on the field.
using Scalar = std::variant<std::string, std::int64_t, double, bool>;
struct Literal {
  Scalar value{};
  Place place{};
};

enum class CompareOp : std::int8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

struct Comparison {
  Field field{};
  CompareOp op = CompareOp::kEqual;
  Literal value{};
};
/// IN, NOT IN. At least one value.
struct Membership {
  Field field{};
  bool negated = false;
  std::vector<Literal> values{};
};
/// BETWEEN, both ends included; NOT BETWEEN.
struct Range {
  Field field{};
  bool negated = false;
  Literal low{}, high{};
};
/// IS NULL; negated: IS NOT NULL.
struct NullTest {
  Field field{};
  bool negated = false;
};
/// STARTS_WITH, NOT STARTS_WITH.
struct Prefix {
  Field field{};
  bool negated = false;
  Literal prefix{};
};

struct Expression;
/// AND, OR: two operands or more. NOT: one.
struct And {
  std::vector<Expression> operands;
};
struct Or {
  std::vector<Expression> operands;
};
struct Not {
  std::vector<Expression> operands;
};

struct Expression {
  std::variant<Comparison, Membership, Range, NullTest, Prefix, And, Or, Not> node{};
};

struct Query {
  std::optional<Expression> where{};  ///< nothing: all
  std::vector<Field> group_by{};      ///< only counts may have it
};

/// INVALID_ARGUMENT that says what is wrong and where: `... at position 17 near "foo"`, positions from 1. ORDER BY and
/// LIMIT are refused.
StatusOr<Query> parse(std::string_view text, const Limits& limits = {});

/// The refusal of something at this place: `invalid query: <what> at position 17 near "foo"`. For users that find
/// fields or types wrong.
Status refusal(const std::string& what, const Place& place);

}  // namespace longbeat::server::query
