#include "core/heartbeat_throttle.h"

#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint kStart{100s};
}

TEST_CASE("the heartbeat interval", "[worker][heartbeat]") {
  CHECK(HeartbeatThrottle::interval_for(10s) == 8s);
  CHECK(HeartbeatThrottle::interval_for(0s) == 30s);
  CHECK(HeartbeatThrottle::interval_for(1h) == 60s);
}

TEST_CASE("a heartbeat throttle", "[worker][heartbeat]") {
  HeartbeatThrottle throttle(10s);
  Random random(1);
  SECTION("wants nothing by itself") {
    CHECK_FALSE(throttle.due());
  }
  SECTION("lets the first one leave at once") {
    throttle.request();
    CHECK(*throttle.due() <= kStart);
  }
  SECTION("counts the interval from the send, not from the answer") {
    throttle.request();
    throttle.sent(kStart);
    throttle.request();
    CHECK_FALSE(throttle.due());  // One at a time.
    throttle.acknowledged();
    CHECK(throttle.due() == kStart + 8s);
    CHECK_FALSE(throttle.open(kStart + 7s));
    CHECK(throttle.open(kStart + 8s));
  }
  SECTION("does not count a beat of the worker's own") {
    throttle.request();
    throttle.sent(kStart, false);
    throttle.acknowledged();
    CHECK(throttle.open(kStart));
  }
  SECTION("repeats a failed send soon, again and again within the timeout") {
    throttle.request();
    throttle.sent(kStart);
    throttle.failed(kStart + 1s, random);
    REQUIRE(throttle.due());
    CHECK(*throttle.due() > kStart + 1s);
    CHECK(*throttle.due() < kStart + 1500ms);
    TimePoint now = *throttle.due();
    for (int i = 0; i < 20; ++i) {
      throttle.sent(now);
      throttle.failed(now, random);
      CHECK(*throttle.due() - now <= 1500ms);
      now = *throttle.due();
    }
  }
  SECTION("tries a server that is away so often that 5 % of the timeout are enough for two tries") {
    TimePoint now = kStart;
    for (int i = 0; i < 20; ++i) {
      throttle.sent(now);
      throttle.failed(now, random, true);
      CHECK(*throttle.due() - now <= 250ms);
      CHECK(*throttle.due() - now >= 100ms);
      now = *throttle.due();
    }
  }
  SECTION("tries a server that is away ever more seldom where there is no timeout to keep") {
    HeartbeatThrottle patient(0s);
    TimePoint now = kStart;
    for (int i = 0; i < 20; ++i) {
      patient.sent(now);
      patient.failed(now, random, true);
      const auto pause = *patient.due() - now;
      CHECK(pause >= (i < 10 ? 80ms : 4s));
      CHECK(pause <= 6s);
      now = *patient.due();
    }
  }
  SECTION("lets an urgent one pass at once") {
    throttle.sent(kStart);
    throttle.acknowledged();
    throttle.request_now();
    CHECK(*throttle.due() <= kStart);
  }
}
