#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a task queue", "[server][matching]") {
  QueueRoom room;
  TaskQueues& queues = room.queues;

  SECTION("matches nothing without a poll, and nothing without a task") {
    auto task = room.add(1);
    CHECK_FALSE(room.match());
    queues.remove_task(task);
    (void)room.park(1);
    CHECK_FALSE(room.match());
  }
  SECTION("hands out what has been due longest first") {
    (void)room.add_due(1, kStart - 1s), (void)room.add_due(2, kStart - 2s), (void)room.add_due(3, kStart);
    room.park_many(3);
    CHECK(room.rows() == std::vector<std::uint64_t>{2, 1, 3});
  }
  SECTION("hands out tasks due at the same time in order of arrival") {
    for (std::uint64_t row = 1; row <= 4; ++row) (void)room.add(row);
    room.park_many(4);
    CHECK(room.rows() == std::vector<std::uint64_t>{1, 2, 3, 4});
  }
  SECTION("looks at priority before time; none means 3, and what is beyond the ends counts as the nearest") {
    (void)room.add(9, 9), (void)room.add(5, 5), (void)room.add_due(3, kStart, 3), (void)room.add_due(30, kStart - 1s),
        (void)room.add(1, 1), (void)room.add(7, -7);
    room.park_many(6);
    CHECK(room.rows() == std::vector<std::uint64_t>{1, 7, 30, 3, 9, 5});
  }
  SECTION("serves polls in order of arrival") {
    room.park_many(3);
    (void)room.add(7), (void)room.add(8);
    CHECK(room.match()->call == 1);
    CHECK(room.match()->call == 2);
    CHECK(queues.polls() == 1);
  }
  SECTION("gives nothing to a poll that has left") {
    auto first = room.park(1);
    (void)room.park(2);
    queues.unpark(first);
    CHECK_FALSE(first);
    (void)room.add(7);
    CHECK(room.match()->call == 2);
    CHECK_FALSE(room.match());
  }
  SECTION("does not hand out a task that was withdrawn") {
    auto first = room.add(1);
    (void)room.add(2);
    queues.remove_task(first);
    CHECK_FALSE(first);
    queues.remove_task(first);
    CHECK(queues.tasks() == 1);
    room.park_many(2);
    CHECK(room.rows() == std::vector<std::uint64_t>{2});
  }
  SECTION("takes new tasks while its matches are being fetched") {
    room.park_many(2);
    (void)room.add(1);
    CHECK(room.match()->row == 1);
    (void)room.add(2);
    CHECK(room.match()->row == 2);
    CHECK_FALSE(room.match());
  }
  SECTION("knows its namespace: the same name elsewhere is another queue") {
    (void)queues.add_task(2, "q", {1, 0, {}, 0, kStart}, kStart);
    (void)queues.add_task(1, "p", {2, 0, {}, 0, kStart}, kStart);
    (void)room.park(1);
    CHECK_FALSE(room.match());
  }
}

TEST_CASE("a queue without tasks and polls", "[server][matching]") {
  QueueRoom room;
  SECTION("is forgotten at once when nobody ever polled it") {
    auto task = room.add(1);
    room.queues.remove_task(task);
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 0);
  }
  SECTION("is remembered for five minutes after its last poll") {
    auto poll = room.park(1);
    room.now += 60s;
    room.queues.unpark(poll);
    room.now = kStart + 5min - 1ns;
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 1);
    room.now = kStart + 5min;
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 0);
  }
  SECTION("is remembered longer when it is used again, and can be used after it was forgotten") {
    auto poll = room.park(1);
    room.queues.unpark(poll);
    room.now += 4min;
    poll = room.park(2);
    room.queues.unpark(poll);
    room.now += 4min;
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 1);
    room.now += 1min;
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 0);
    (void)room.park(3), (void)room.add(1);
    CHECK(room.match()->call == 3);
  }
  SECTION("stays while a task waits in it, however long ago the last poll was") {
    auto poll = room.park(1);
    room.queues.unpark(poll);
    auto task = room.add(1);
    room.now += 24h;
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 1);
    room.queues.remove_task(task);
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 0);
  }
  SECTION("keeps its configuration when it is forgotten") {
    room.limit(2);
    auto task = room.add(1);
    room.queues.remove_task(task);
    CHECK_FALSE(room.match());
    CHECK(room.queues.queues() == 0);
    (void)room.add(2);
    CHECK(room.report().effective_rate == 2);
  }
}

TEST_CASE("too many idle queues", "[server][matching]") {
  TaskQueues queues;
  for (std::size_t i = 0; i <= TaskQueues::kIdleQueuesMax; ++i) {
    auto poll = queues.park(1, "q" + std::to_string(i), {1, "w", {}, {}}, kStart + std::chrono::milliseconds(i));
    queues.unpark(poll);
  }
  CHECK_FALSE(queues.next_match(kStart + 101s));
  CHECK(queues.queues() == TaskQueues::kIdleQueuesMax);
  CHECK(queues.report(1, "q0", kStart + 101s).pollers.empty());
  CHECK(queues.report(1, "q1", kStart + 101s).pollers.size() == 1);
}
