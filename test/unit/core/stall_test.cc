#include "core/stall.h"

#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kStart{100s};
}

TEST_CASE("a stall watch", "[worker][heartbeat]") {
  StallWatch watch(10s, kStart, {5, 5});
  SECTION("wants to look twice within its timeout") {
    CHECK(watch.next_look() == kStart + 5s);
    CHECK_FALSE(watch.stalled({5, 5}, kStart + 5s));
    CHECK(watch.next_look() == kStart + 10s);
    CHECK(watch.stalled({5, 5}, kStart + 10s));
  }
  SECTION("takes any change for progress, up or down, of either number") {
    CHECK_FALSE(watch.stalled({5, 5}, kStart + 5s));
    CHECK_FALSE(watch.stalled({5, 4}, kStart + 10s));
    CHECK_FALSE(watch.stalled({5, 4}, kStart + 15s));
    CHECK_FALSE(watch.stalled({6, 4}, kStart + 20s));
    CHECK_FALSE(watch.stalled({6, 4}, kStart + 25s));
    CHECK(watch.stalled({6, 4}, kStart + 30s));
  }
  SECTION("is not moved by one number going up as the other goes down") {
    CHECK_FALSE(watch.stalled({6, 4}, kStart + 5s));
    CHECK_FALSE(watch.stalled({7, 3}, kStart + 10s));
  }
  SECTION("sees the stall in time however often it looks in between") {
    for (auto now = kStart + 1s; now < kStart + 10s; now += 1s) CHECK_FALSE(watch.stalled({5, 5}, now));
    CHECK(watch.next_look() == kStart + 10s);
    CHECK(watch.stalled({5, 5}, kStart + 10s));
  }
  SECTION("does not blame the work for the time of a frozen process") {
    CHECK_FALSE(watch.stalled({5, 5}, kStart + 1h));
    CHECK(watch.next_look() == kStart + 1h + 5s);
    CHECK(watch.stalled({5, 5}, kStart + 1h + 5s));
  }
  SECTION("does not count backwards") {
    CHECK_FALSE(watch.stalled({5, 5}, kStart - 1s));
    CHECK(watch.next_look() == kStart + 5s);
  }
  SECTION("works with the shortest of all timeouts") {
    StallWatch hasty(1ns, kStart, {});
    CHECK(hasty.next_look() == kStart + 1ns);
    CHECK(hasty.stalled({}, kStart + 1ns));
  }
}
