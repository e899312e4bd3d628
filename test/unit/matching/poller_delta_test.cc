#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a match suggests", "[server][matching][pollers]") {
  QueueRoom room;

  SECTION("one poll less when the poll had waited a second for a task that has just come in") {
    (void)room.park(1);
    room.now += 1s;
    (void)room.add(1);
    CHECK(room.match()->poller_delta == -1);
  }
  SECTION("nothing when the poll had waited less") {
    (void)room.park(1);
    room.now += 999ms;
    (void)room.add(1);
    CHECK(room.match()->poller_delta == 0);
  }
  SECTION("not one poll less when the task came from a backlog") {
    room.limit(0);
    (void)room.park(1), (void)room.add(1);
    CHECK_FALSE(room.match());
    room.now += 2s;
    room.limit({});
    CHECK(room.match()->poller_delta == 0);
  }
  SECTION("one poll more when others have waited longer than 200 ms") {
    (void)room.add(1), (void)room.add(2);
    room.now += 201ms;
    (void)room.park(1);
    CHECK(room.match()->poller_delta == 1);
  }
  SECTION("nothing when they have waited no longer than that") {
    for (std::uint64_t row = 10; row < 20; ++row) (void)room.add(row);  // About as many come as go.
    room.park_many(10);
    CHECK(room.rows().size() == 10);
    (void)room.add(1), (void)room.add(2);
    room.now += 200ms;
    (void)room.park(1);
    CHECK(room.match()->poller_delta == 0);
  }
  SECTION("nothing for the last task of a backlog") {
    (void)room.add(1);
    room.now += 10s;
    (void)room.park(1);
    CHECK(room.match()->poller_delta == 0);
  }
  SECTION("more polls at most ten times a second") {
    for (std::uint64_t row = 0; row < 1000; ++row) (void)room.add(row);
    room.now += 1s;
    std::int32_t more = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
      (void)room.park(i);
      more += room.match()->poller_delta;
      room.now += 2ms;
    }
    CHECK(more >= 9);
    CHECK(more <= 11);
  }
  SECTION("one poll more when tasks come much faster than they go, young as they may be") {
    std::int32_t more = 0;
    std::vector<TaskQueues::Place> young;
    for (std::uint64_t i = 0; i < 200; ++i) {
      young.push_back(room.add(2 * i));
      young.push_back(room.add(2 * i + 1));
      (void)room.park(i);
      const auto match = room.match();
      REQUIRE(match);
      more += match->poller_delta;
      young[match->row] = {};
      // Whatever is old is withdrawn, so that no backlog grows old.
      for (std::uint64_t row = 0; i > 2 && row < 2 * (i - 2); ++row) room.queues.remove_task(young[row]);
      room.now += 20ms;
    }
    CHECK(more > 10);
  }
}
