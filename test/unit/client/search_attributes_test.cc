#include "client/search_attributes.h"

#include <string>
#include <vector>

#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

Payload typed(std::string type, std::string json) {
  return {{{"encoding", "json/plain"}, {"type", std::move(type)}}, std::move(json)};
}

Timestamp moment() {
  return std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 12h + 5ns;
}

}  // namespace

TEST_CASE("search attributes travel as other SDKs write them", "[client][search]") {
  const std::vector<std::pair<SearchAttribute, Payload>> pairs{
      {"c-17", typed("Keyword", "\"c-17\"")},
      {SearchText{"say \"hi\""}, typed("Text", "\"say \\\"hi\\\"\"")},
      {-3, typed("Int", "-3")},
      {12.5, typed("Double", "12.5")},
      {true, typed("Bool", "true")},
      {moment(), typed("Datetime", "\"2026-01-31T12:00:00.000000005Z\"")},
      {std::vector<std::string>{"a", "b"}, typed("KeywordList", "[\"a\",\"b\"]")},
      {std::vector<std::string>{}, typed("KeywordList", "[]")},
  };
  for (const auto& [attribute, payload] : pairs) {
    CAPTURE(payload.data);
    CHECK(to_payload(attribute) == payload);
    CHECK(to_attribute(payload) == attribute);
  }
}

TEST_CASE("a number too large for a search attribute is refused where it is given", "[client][search]") {
  CHECK(SearchAttribute(std::uint64_t{9'223'372'036'854'775'807U}) ==
        SearchAttribute(std::int64_t{9'223'372'036'854'775'807}));
  CHECK_THROWS_AS(SearchAttribute(std::uint64_t{9'223'372'036'854'775'808U}), std::out_of_range);
  CHECK(SearchAttribute(std::size_t{7}) == SearchAttribute(7));
}

TEST_CASE("search attributes of others are read", "[client][search]") {
  CHECK(to_attribute(typed("INDEXED_VALUE_TYPE_KEYWORD_LIST", " [ \"a\" , \"b\" ] ")) ==
        SearchAttribute(std::vector<std::string>{"a", "b"}));
  CHECK(to_attribute(typed("INDEXED_VALUE_TYPE_INT", "7")) == SearchAttribute(7));
  CHECK(to_attribute(typed("Double", "3")) == SearchAttribute(3.0));
  CHECK(to_attribute(typed("Keyword", "\"\\u00e4\\ud83d\\ude00\\n\"")) ==
        SearchAttribute("\xc3\xa4\xf0\x9f\x98\x80\n"));
  CHECK(to_attribute(typed("Datetime", "\"2026-01-31T14:00:00.000000005+02:00\"")) == SearchAttribute(moment()));
  SECTION("or kept as they came") {
    for (const auto& payload :
         {typed("Int", "\"7\""), typed("Int", "7.5"), typed("Keyword", "\"open"), typed("Keyword", "\"\\ud83d\""),
          typed("Bool", "yes"), typed("Datetime", "\"yesterday\""), typed("KeywordList", "[\"a\""),
          typed("Datetime", "\"9999-12-31T23:59:59Z\""), typed("Datetime", "\"0001-01-01T00:00:00Z\""),
          typed("Secret", "1"), typed("Keyword", "\"a\" \"b\""), Payload{{{"encoding", "binary/plain"}}, "x"}}) {
      CAPTURE(payload.data);
      CHECK(to_attribute(payload) == SearchAttribute(payload));
    }
  }
}

TEST_CASE("times as text", "[client][search]") {
  CHECK(from_rfc3339("2026-01-31T12:00:00Z") == moment() - 5ns);
  CHECK(from_rfc3339("2026-01-31T12:00:00.5Z") == moment() - 5ns + 500ms);
  CHECK(from_rfc3339("2026-01-31T06:30:00-05:30") == moment() - 5ns);
  CHECK(from_rfc3339("1969-12-31T23:59:59.999999999Z") == Timestamp(-1ns));
  CHECK(from_rfc3339("2262-04-11T23:47:15.5Z") == Timestamp(9'223'372'035s + 500ms));
  CHECK(to_rfc3339(Timestamp(-1ns)) == "1969-12-31T23:59:59.999999999Z");
  for (const char* text :
       {"", "2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T12:00:00", "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00+2", "2026-01-31T12:00:00*02:00", "2262-04-12T00:00:00Z", "2262-04-11T23:00:00-02:00",
        "1677-09-21T00:00:00Z", "2026-1-31T12:00:00Z", " 2026-01-31T12:00:00Z", "2026-01-31T 2:00:00Z",
        "2026-01-31T-1:00:00Z", "2026-01-31T12:00:00+-1:00", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+00:60",
        "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Zx"}) {
    CAPTURE(text);
    CHECK_FALSE(from_rfc3339(text).has_value());
  }
}
