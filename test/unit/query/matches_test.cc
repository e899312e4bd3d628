#include "query/matches.h"

#include <map>

#include "support/catch.h"

using namespace longbeat::server::query;
using longbeat::internal::WallTime;

namespace {

bool matches(const std::string& text) {
  static const std::map<std::string, Value> kFields{
      {"Name", std::string("blue")},
      {"Size", std::int64_t{17}},
      {"Share", 0.5},
      {"Ready", true},
      {"Started", WallTime(std::chrono::seconds(86'400))},
      {"Missing", Value()},
  };
  const auto query = parse(text).value();
  return matches(*query.where, [](const std::string& name) {
    const auto found = kFields.find(name);
    return found == kFields.end() ? Value() : found->second;
  });
}

}  // namespace

TEST_CASE("a condition is true of the values it means", "[server][query]") {
  SECTION("strings") {
    CHECK(matches("Name = 'blue'"));
    CHECK_FALSE(matches("Name = 'Blue'"));
    CHECK(matches("Name != 'red'"));
    CHECK(matches("Name > 'black' AND Name < 'cyan'"));
    CHECK(matches("Name IN ('red', 'blue')"));
    CHECK(matches("Name NOT IN ('red')"));
    CHECK(matches("Name STARTS_WITH 'bl'"));
    CHECK(matches("Name STARTS_WITH ''"));
    CHECK_FALSE(matches("Name NOT STARTS_WITH 'bl'"));
    CHECK(matches("Name BETWEEN 'blue' AND 'blue'"));
  }
  SECTION("numbers, of both kinds") {
    CHECK(matches("Size = 17 AND Size >= 17 AND Size <= 17.0 AND Size < 17.5"));
    CHECK_FALSE(matches("Size NOT BETWEEN 10 AND 20"));
    CHECK(matches("Share = 0.5 AND Share < 1"));
  }
  SECTION("booleans and times") {
    CHECK(matches("Ready = true"));
    CHECK(matches("Ready != false"));
    CHECK(matches("Started = '1970-01-02T00:00:00Z'"));
    CHECK(matches("Started > '1970-01-02T00:00:00+01:00'"));
    CHECK(matches("Started = 86400000000000"));
  }
  SECTION("AND, OR, NOT") {
    CHECK(matches("NOT (Size = 1 OR Name = 'red')"));
    CHECK(matches("Size = 1 OR Name = 'blue' AND Ready = true"));
    CHECK_FALSE(matches("NOT Size = 17"));
  }
}

TEST_CASE("of a missing value nothing can be said but that it is missing", "[server][query]") {
  CHECK(matches("Missing IS NULL"));
  CHECK(matches("Unknown IS NULL"));
  CHECK(matches("Name IS NOT NULL"));
  for (const char* text : {"Missing = 1", "NOT Missing = 1", "Missing != 1", "Missing IN (1)", "Missing NOT IN (1)",
                           "Missing BETWEEN 1 AND 2", "Missing NOT BETWEEN 1 AND 2", "Missing STARTS_WITH 'a'",
                           "Missing NOT STARTS_WITH 'a'", "NOT (Missing = 1 OR Name = 'red')"}) {
    INFO(text);
    CHECK_FALSE(matches(text));
  }
  CHECK(matches("Missing = 1 OR Name = 'blue'"));
  CHECK(matches("NOT (Missing = 1 AND Name = 'red')"));
}

TEST_CASE("values that cannot be compared match nothing", "[server][query]") {
  for (const char* text :
       {"Name = 1", "Name != 1", "Size = '17'", "Size != '17'", "Ready = 'true'", "Ready = 1", "Started = 'yesterday'",
        "Started != 'yesterday'", "Share = '0.5'", "Size STARTS_WITH '1'"}) {
    INFO(text);
    CHECK_FALSE(matches(text));
  }
}
