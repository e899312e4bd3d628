#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

TEST_CASE("a value of a search attribute is of its type", "[server][request]") {
  constexpr std::int32_t kText = 1, kKeyword = 2, kInt = 3, kDouble = 4, kBool = 5, kDatetime = 6, kKeywordList = 7;
  const auto is = [](std::int32_t type, const std::string& json) {
    return static_cast<bool>(check_attribute("Color", type, json));
  };
  SECTION("text and keyword") {
    for (const std::int32_t type : {kText, kKeyword}) {
      CHECK(is(type, R"("red")"));
      CHECK(is(type, R"( "a\"b\\" )"));
      CHECK_FALSE(is(type, "red"));
      CHECK_FALSE(is(type, R"("red)"));
      CHECK_FALSE(is(type, R"("a" "b")"));
      CHECK_FALSE(is(type, "\"a\nb\""));
      CHECK_FALSE(is(type, "17"));
    }
  }
  SECTION("int") {
    CHECK(is(kInt, "17"));
    CHECK(is(kInt, "-9223372036854775808"));
    CHECK_FALSE(is(kInt, "9223372036854775808"));
    CHECK_FALSE(is(kInt, "1.5"));
    CHECK_FALSE(is(kInt, "1e3"));
    CHECK_FALSE(is(kInt, "007"));
    CHECK_FALSE(is(kInt, "\"17\""));
  }
  SECTION("double") {
    CHECK(is(kDouble, "1"));
    CHECK(is(kDouble, "-0.5e+10"));
    CHECK_FALSE(is(kDouble, "1."));
    CHECK_FALSE(is(kDouble, ".5"));
    CHECK_FALSE(is(kDouble, "1e"));
    CHECK_FALSE(is(kDouble, "NaN"));
  }
  SECTION("bool") {
    CHECK(is(kBool, "true"));
    CHECK(is(kBool, "false"));
    CHECK_FALSE(is(kBool, "\"true\""));
    CHECK_FALSE(is(kBool, "1"));
  }
  SECTION("datetime") {
    CHECK(is(kDatetime, R"("2026-08-21T10:00:00Z")"));
    CHECK(is(kDatetime, R"("2026-08-21T10:00:00.123456789+02:00")"));
    CHECK_FALSE(is(kDatetime, R"("2026-08-21")"));
    CHECK_FALSE(is(kDatetime, R"("2026-13-21T10:00:00Z")"));
    CHECK_FALSE(is(kDatetime, R"("2026-08-21T10:00:00")"));
    CHECK_FALSE(is(kDatetime, R"("2026-08-21T10:00:00Zx")"));
    CHECK_FALSE(is(kDatetime, "1724234400"));
  }
  SECTION("keyword list") {
    CHECK(is(kKeywordList, R"(["a", "b"])"));
    CHECK(is(kKeywordList, "[ ]"));
    CHECK(is(kKeywordList, R"("a")"));
    CHECK_FALSE(is(kKeywordList, R"(["a",])"));
    CHECK_FALSE(is(kKeywordList, R"(["a" "b"])"));
    CHECK_FALSE(is(kKeywordList, R"(["a"] x)"));
    CHECK_FALSE(is(kKeywordList, "[1]"));
    CHECK_FALSE(is(kKeywordList, "["));
  }
}

TEST_CASE("a search attribute without a value stays unset", "[server][request]") {
  for (std::int32_t type = 1; type <= 7; ++type) {
    CHECK(check_attribute("Color", type, ""));
    CHECK(check_attribute("Color", type, "null"));
  }
}

TEST_CASE("a value of another type is refused with both names", "[server][request]") {
  CHECK(refusal(check_attribute("Color", 3, "\"red\"")) ==
        kInvalid + "invalid value for search attribute Color of type Int: \"red\"");
  CHECK(refusal(check_attribute("Color", 8, "1")) == kInvalid + "invalid value for search attribute Color of type : 1");
}

}  // namespace longbeat::server
