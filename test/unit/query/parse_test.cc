#include "query/query.h"
#include "support/catch.h"

using namespace longbeat::server::query;

namespace {

std::string scalar(const Literal& literal) {
  if (const auto* text = std::get_if<std::string>(&literal.value)) return "'" + *text + "'";
  if (const auto* integer = std::get_if<std::int64_t>(&literal.value)) return std::to_string(*integer);
  if (const auto* flag = std::get_if<bool>(&literal.value)) return *flag ? "true" : "false";
  return "~" + std::to_string(std::get<double>(literal.value));
}

/// The tree with every pair of parentheses it means.
struct Shown {
  std::string of(const Expression& expression) const { return std::visit(*this, expression.node); }
  std::string operator()(const Comparison& node) const {
    static const char* const kOps[] = {"=", "!=", "<", "<=", ">", ">="};
    return node.field.name + kOps[static_cast<int>(node.op)] + scalar(node.value);
  }
  std::string operator()(const Membership& node) const {
    std::string text = node.field.name + (node.negated ? " NOT IN" : " IN");
    for (const auto& value : node.values) text += " " + scalar(value);
    return text;
  }
  std::string operator()(const Range& node) const {
    return node.field.name + (node.negated ? " NOT" : "") + " BETWEEN " + scalar(node.low) + " " + scalar(node.high);
  }
  std::string operator()(const NullTest& node) const {
    return node.field.name + (node.negated ? " IS NOT NULL" : " IS NULL");
  }
  std::string operator()(const Prefix& node) const {
    return node.field.name + (node.negated ? " NOT" : "") + " STARTS_WITH " + scalar(node.prefix);
  }
  std::string operator()(const And& node) const { return joined(node.operands, " & "); }
  std::string operator()(const Or& node) const { return joined(node.operands, " | "); }
  std::string operator()(const Not& node) const { return "!" + of(node.operands.front()); }
  std::string joined(const std::vector<Expression>& operands, const char* by) const {
    std::string text = "(";
    for (const auto& operand : operands) text += (text.size() > 1 ? by : "") + of(operand);
    return text + ")";
  }
};

std::string tree(const std::string& text) {
  const auto query = parse(text);
  if (!query) return to_string(query.error());
  return query->where ? Shown{}.of(*query->where) : "all";
}

std::string refused(const std::string& text) {
  const auto query = parse(text);
  if (query) return "accepted: " + tree(text);
  CHECK(query.error().code == longbeat::internal::StatusCode::kInvalidArgument);
  return query.error().message;
}

}  // namespace

TEST_CASE("a query is read as it is written", "[server][query]") {
  SECTION("every operator") {
    CHECK(tree("A = 'x'") == "A='x'");
    CHECK(tree("A!=1 AND B<2 AND C<=3 AND D>4 AND E>=5") == "(A!=1 & B<2 & C<=3 & D>4 & E>=5)");
    CHECK(tree("A <> 1") == "A!=1");
    CHECK(tree("A IN ('x', 'y')") == "A IN 'x' 'y'");
    CHECK(tree("A not in (1)") == "A NOT IN 1");
    CHECK(tree("A BETWEEN 1 AND 2 AND B = 3") == "(A BETWEEN 1 2 & B=3)");
    CHECK(tree("A NOT BETWEEN 'a' AND 'b'") == "A NOT BETWEEN 'a' 'b'");
    CHECK(tree("A IS NULL OR A is not null") == "(A IS NULL | A IS NOT NULL)");
    CHECK(tree("A STARTS_WITH 'x' OR A NOT starts_with 'y'") == "(A STARTS_WITH 'x' | A NOT STARTS_WITH 'y')");
  }
  SECTION("AND binds closer than OR, NOT closer than both") {
    CHECK(tree("A=1 OR B=2 AND C=3") == "(A=1 | (B=2 & C=3))");
    CHECK(tree("(A=1 OR B=2) AND C=3") == "((A=1 | B=2) & C=3)");
    CHECK(tree("NOT A=1 AND B=2") == "(!A=1 & B=2)");
    CHECK(tree("NOT (A=1 AND NOT B=2)") == "!(A=1 & !B=2)");
    CHECK(tree("((A=1))") == "A=1");
  }
  SECTION("values of every kind") {
    CHECK(tree("A = true AND B = FALSE") == "(A=true & B=false)");
    CHECK(tree("A = -17 AND B = +5") == "(A=-17 & B=5)");
    CHECK(tree("A = 1.5 OR A = 1e3") == "(A=~1.500000 | A=~1000.000000)");
    CHECK(tree("A = 9223372036854775807") == "A=9223372036854775807");
    CHECK(tree("A = 9223372036854775808") == "A=~9223372036854775808.000000");
  }
  SECTION("strings in both quotes, with escapes") {
    CHECK(tree("A = \"x'y\"") == "A='x'y'");
    CHECK(tree("A = 'it''s'") == "A='it's'");
    CHECK(tree(R"(A = 'it\'s \\ \n')") == "A='it's \\ \n'");
    CHECK(tree("A = ''") == "A=''");
    CHECK(tree("A = 'AND OR NOT'") == "A='AND OR NOT'");
  }
  SECTION("names, also those that need backquotes") {
    CHECK(tree("`my field` = 1") == "my field=1");
    CHECK(tree("`and` = 1") == "and=1");
    CHECK(tree("a_b.c9 = 1") == "a_b.c9=1");
    CHECK(tree("InTime = 1") == "InTime=1");
  }
  SECTION("nothing at all") {
    CHECK(tree("") == "all");
    CHECK(tree(" \n\t ") == "all");
  }
}

TEST_CASE("GROUP BY is handed on", "[server][query]") {
  const auto query = parse("A = 1 GROUP BY ExecutionStatus").value();
  CHECK(query.where);
  REQUIRE(query.group_by.size() == 1);
  CHECK(query.group_by[0].name == "ExecutionStatus");
  CHECK(parse("group by A, B").value().group_by.size() == 2);
  CHECK_FALSE(parse("group by A").value().where);
}

TEST_CASE("an error says what is wrong and where", "[server][query]") {
  CHECK(refused("A = 1 AND B") == "invalid query: expected an operator at position 12 (the end)");
  CHECK(refused("A = foo") ==
        "invalid query: expected a value (a string in quotes, a number, true or false) at position 5 near \"foo\"");
  CHECK(refused("A = NULL") ==
        "invalid query: expected a value (a string in quotes, a number, true or false) at position 5 near \"NULL\"");
  CHECK(refused("A = 'x") == "invalid query: string without its closing quote at position 5 near \"'x\"");
  CHECK(refused("`A = 1") == "invalid query: name without its closing quote at position 1 near \"`A = 1\"");
  CHECK(refused("A = 1 B = 2") == "invalid query: expected AND, OR or the end of the query at position 7 near \"B\"");
  CHECK(refused("(A = 1") == "invalid query: expected AND, OR or ) at position 7 (the end)");
  CHECK(refused("A = 1)") == "invalid query: expected AND, OR or the end of the query at position 6 near \")\"");
  CHECK(refused("'A' = 1") == "invalid query: expected a field name at position 1 near \"'A'\"");
  CHECK(refused("AND") == "invalid query: expected a field name at position 1 near \"AND\"");
  CHECK(refused("`` = 1") == "invalid query: empty field name at position 1 near \"``\"");
  CHECK(refused("A IN ()") ==
        "invalid query: expected a value (a string in quotes, a number, true or false) at position 7 near \")\"");
  CHECK(refused("A IN 1") == "invalid query: expected ( at position 6 near \"1\"");
  CHECK(refused("A IN (1 2)") == "invalid query: expected , or ) at position 9 near \"2\"");
  CHECK(refused("A BETWEEN 1 OR 2") == "invalid query: expected AND at position 13 near \"OR\"");
  CHECK(refused("A IS 1") == "invalid query: expected NULL at position 6 near \"1\"");
  CHECK(refused("A NOT = 1") == "invalid query: expected IN, BETWEEN or STARTS_WITH at position 7 near \"=\"");
  CHECK(refused("A = 12abc") == "invalid query: not a number at position 5 near \"12abc\"");
  CHECK(refused("A = 1; DROP") == "invalid query: unexpected character at position 6 near \";\"");
  CHECK(refused("A = '\xff\x01") == "invalid query: string without its closing quote at position 5 near \"'??\"");
}

TEST_CASE("clauses that are not part of the language are refused by name", "[server][query]") {
  CHECK(refused("A = 1 ORDER BY StartTime") ==
        "invalid query: 'ORDER BY' clause is not supported at position 7 near \"ORDER\"");
  CHECK(refused("ORDER BY StartTime") ==
        "invalid query: 'ORDER BY' clause is not supported at position 1 near \"ORDER\"");
  CHECK(refused("A = 1 LIMIT 5") == "invalid query: 'LIMIT' clause is not supported at position 7 near \"LIMIT\"");
  CHECK(refused("GROUP BY A ORDER BY B") ==
        "invalid query: 'ORDER BY' clause is not supported at position 12 near \"ORDER\"");
  CHECK(refused("GROUP A") == "invalid query: expected BY at position 7 near \"A\"");
}

TEST_CASE("what a query may cost is limited", "[server][query]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "A=1" + std::string(depth, ')'); };
  CHECK(tree(nested(50)) == "A=1");
  CHECK(refused(nested(51)) ==
        "invalid query: more than 50 parentheses or NOTs inside each other at position 51 near \"(\"");
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "NOT ";
  CHECK_THAT(refused(nots + "A=1"), ContainsSubstring("bytes, at most"));
  CHECK_THAT(refused(std::string(60'000, '(')), ContainsSubstring("inside each other"));

  std::string many = "A=1";
  for (int i = 1; i < 500; ++i) many += " OR A=1";
  CHECK(parse(many));
  CHECK_THAT(refused(many + " OR A=1"), ContainsSubstring("more than 500 conditions"));

  std::string list = "A IN (1";
  for (int i = 1; i < 5'000; ++i) list += ",1";
  CHECK(parse(list + ")"));
  CHECK_THAT(refused(list + ",1)"), ContainsSubstring("more than 5000 values"));
}
