#include "base/line_pace.h"

#include "base/clock.h"
#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

TEST_CASE("the pace of lines", "[base][log]") {
  LinePace<TimePoint> pace;
  constexpr TimePoint kStart{100s};
  SECTION("lets the first one through") {
    CHECK(pace.is_due(kStart));
    CHECK(pace.note(kStart) == "");
  }
  SECTION("holds back those that follow within ten seconds, and then tells how many they were") {
    pace.note(kStart);
    for (auto after = 100ms; after < 10s; after += 100ms) REQUIRE_FALSE(pace.note(kStart + after));
    CHECK_FALSE(pace.is_due(kStart + 9s));
    CHECK(pace.note(kStart + 10s) == "; 99 more like it since the last line");
    CHECK(pace.note(kStart + 20s) == "");
  }
}
