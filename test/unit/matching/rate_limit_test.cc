#include "matching/rate_limit.h"

#include "matching/meter.h"
#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a queue's rate", "[server][matching][rate]") {
  QueueRoom room;
  const auto fill = [&](std::uint64_t count) {
    for (std::uint64_t row = 0; row < count; ++row) (void)room.add(row);
    room.park_many(count);
  };

  SECTION("spreads tasks evenly, and the queue wakes exactly when the next may go") {
    room.limit(4);
    fill(10);
    CHECK(room.rows().size() == 1);
    CHECK(room.queues.next_ready() == kStart + 250ms);
    room.now += 249ms;
    CHECK(room.rows().empty());
    CHECK(room.queues.next_ready() == kStart + 250ms);
    room.now += 1ms;
    CHECK(room.rows().size() == 1);
    CHECK(room.queues.next_ready() == kStart + 500ms);
  }
  SECTION("is kept over a long time, after a small burst") {
    room.limit(1000);
    fill(30'000);
    const auto went = room.pass(20s);
    CHECK(went >= 20'000);
    CHECK(went <= 20'101);
  }
  SECTION("comes from workers") {
    (void)room.park(1000, 2.0);
    fill(10);
    CHECK(room.pass(2s) == 5);
    CHECK(room.report().source == RateSource::kWorker);
    CHECK(room.report().effective_rate == 2);
  }
  SECTION("that comes later from another worker counts for all") {
    (void)room.park(1000, 2.0), (void)room.park(1001, 10.0);
    CHECK(room.report().effective_rate == 10);
    (void)room.park(1002);
    CHECK(room.report().effective_rate == 10);
  }
  SECTION("of the API wins over what workers ask for, until it is taken away") {
    (void)room.park(1000, 2.0);
    room.limit(5);
    (void)room.park(1001, 100.0);
    CHECK(room.report().source == RateSource::kApi);
    CHECK(room.report().effective_rate == 5);
    room.limit({});
    CHECK(room.report().source == RateSource::kWorker);
    CHECK(room.report().effective_rate == 100);
  }
  SECTION("that is no rate is ignored") {
    (void)room.park(1000, -1.0), (void)room.park(1001, std::numeric_limits<double>::quiet_NaN());
    fill(10);
    CHECK(room.rows().size() == 10);
    CHECK(room.report().source == RateSource::kNone);
  }
  SECTION("of zero holds everything back and never wakes, until it is changed") {
    room.limit(0);
    fill(3);
    CHECK(room.pass(1h) == 0);
    CHECK_FALSE(room.queues.next_ready());
    CHECK(room.report().stats.rate_limiting_active);
    room.limit(1);
    CHECK(room.rows().size() == 1);
  }
  SECTION("takes effect at once when it is raised: nobody waits for what the old rate asked for") {
    room.limit(0.001F);
    fill(20);
    CHECK(room.rows().size() == 1);
    room.now += 1s;
    room.limit(10);
    CHECK(room.rows().size() == 1);
    CHECK(room.pass(1s) == 10);
  }
  SECTION("wakes nobody when no poll or no task waits") {
    room.limit(1);
    auto task = room.add(1);
    auto poll = room.park(1);
    CHECK(room.rows().size() == 1);
    task = room.add(2);
    poll = room.park(2);
    CHECK(room.rows().empty());
    REQUIRE(room.queues.next_ready());
    room.queues.unpark(poll);
    room.queues.remove_task(task);
    CHECK_FALSE(room.queues.next_ready());
  }
  SECTION("finds a poll that comes after the queue has woken in vain") {
    room.limit(1);
    (void)room.add(1), (void)room.add(2);
    (void)room.park(1);
    auto second = room.park(2);
    CHECK(room.rows().size() == 1);
    room.queues.unpark(second);
    room.now += 5s;
    CHECK(room.rows().empty());
    (void)room.park(3);
    CHECK(room.rows().size() == 1);
  }
  SECTION("leaves other queues alone") {
    room.limit(0);
    (void)room.add(1), (void)room.park(1);
    (void)room.queues.add_task(1, "other", {2, 0, {}, 0, kStart}, kStart);
    (void)room.queues.park(1, "other", {2, "w", {}, {}}, kStart);
    CHECK(room.rows() == std::vector<std::uint64_t>{2});
  }
}

TEST_CASE("extreme rates stay inside the range of times", "[server][matching][rate]") {
  for (const double rate : {1e-300, 1e-9, 1e9, 1e300, std::numeric_limits<double>::infinity()}) {
    CAPTURE(rate);
    RateLimit limit;
    limit.set(rate);
    for (int i = 0; i < 1000; ++i) limit.take(kStart + std::chrono::milliseconds(i));
    CHECK(limit.ready_at() > kStart - 3h);
    CHECK(limit.ready_at() < kStart + 1001h);
  }
}

TEST_CASE("a rate that is raised counts from when one went last", "[server][matching][rate]") {
  RateLimit limit;
  limit.set(0.1);
  limit.take(kStart);
  CHECK(limit.ready_at() == kStart + 10s);
  limit.set(1.0);
  CHECK(limit.ready_at() == kStart + 1s);
  limit.set(0.5);
  CHECK(limit.ready_at() == kStart + 1s);
  CHECK(limit.spent(kStart + 1s - 1ns));
  CHECK_FALSE(limit.spent(kStart + 1s));
}

TEST_CASE("a meter", "[server][matching]") {
  Meter meter;
  SECTION("tells how many came in the last half minute, and forgets") {
    for (int i = 0; i < 3000; ++i) meter.add(kStart + std::chrono::milliseconds(i * 10));
    CHECK(meter.per_second(kStart + 29s) == Approx(100).margin(1));
    CHECK(meter.per_second(kStart + 45s) > 0);
    CHECK(meter.per_second(kStart + 60s) == 0);
    CHECK(meter.per_second(kStart + 1000h) == 0);
  }
  SECTION("starts afresh after a long silence") {
    for (int i = 0; i < 300; ++i) meter.add(kStart);
    meter.add(kStart + 24h);
    CHECK(meter.per_second(kStart + 24h) == Approx(1.0 / 30));
  }
}
