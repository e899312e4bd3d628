#include "matching/task_queues.h"

#include <vector>

#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

constexpr TaskQueues::Time kStart{1000s};

std::vector<std::uint64_t> rows(TaskQueues& queues) {
  std::vector<std::uint64_t> rows;
  while (const auto match = queues.next_match()) rows.push_back(match->row);
  return rows;
}

}  // namespace

TEST_CASE("a task queue", "[server][matching]") {
  TaskQueues queues;
  const auto add = [&](std::uint64_t row, std::int32_t priority = 0, std::chrono::seconds due = 0s) {
    return queues.add_task(1, "q", priority, kStart + due, row);
  };
  std::vector<TaskQueues::Place> polls;
  const auto park = [&](std::uint64_t count) {
    for (std::uint64_t call = 1; call <= count; ++call) polls.push_back(queues.park(1, "q", call));
  };

  SECTION("matches nothing without a poll, and nothing without a task") {
    auto task = add(1);
    CHECK_FALSE(queues.next_match());
    queues.remove_task(task);
    park(1);
    CHECK_FALSE(queues.next_match());
  }
  SECTION("hands out what has been due longest first") {
    (void)add(1, 0, 2s), (void)add(2, 0, 1s), (void)add(3, 0, 3s);
    park(3);
    CHECK(rows(queues) == std::vector<std::uint64_t>{2, 1, 3});
  }
  SECTION("hands out tasks due at the same time in order of arrival") {
    for (std::uint64_t row = 1; row <= 4; ++row) (void)add(row);
    park(4);
    CHECK(rows(queues) == std::vector<std::uint64_t>{1, 2, 3, 4});
  }
  SECTION("looks at priority before time; none means 3, and what is beyond 5 counts as 5") {
    (void)add(9, 9), (void)add(5, 5), (void)add(3, 3, 9s), (void)add(30, 0, 1s), (void)add(1, 1, 99s);
    park(5);
    CHECK(rows(queues) == std::vector<std::uint64_t>{1, 30, 3, 9, 5});
  }
  SECTION("serves polls in order of arrival") {
    park(3);
    (void)add(7), (void)add(8);
    CHECK(queues.next_match()->call == 1);
    CHECK(queues.next_match()->call == 2);
    CHECK(queues.polls() == 1);
  }
  SECTION("gives nothing to a poll that has left") {
    park(2);
    queues.unpark(polls[0]);
    (void)add(7);
    CHECK(queues.next_match()->call == 2);
    CHECK_FALSE(queues.next_match());
  }
  SECTION("does not hand out a task that was withdrawn") {
    auto first = add(1);
    (void)add(2);
    queues.remove_task(first);
    CHECK_FALSE(first);
    park(2);
    CHECK(rows(queues) == std::vector<std::uint64_t>{2});
  }
  SECTION("is gone when nothing waits in it") {
    park(1);
    auto task = queues.add_task(1, "other", 0, kStart, 1);
    CHECK(queues.queues() == 2);
    queues.unpark(polls[0]);
    queues.remove_task(task);
    CHECK(queues.queues() == 0);
    park(1);
    (void)add(1);
    CHECK(rows(queues).size() == 1);
    CHECK(queues.queues() == 0);
  }
  SECTION("knows its namespace: the same name elsewhere is another queue") {
    (void)queues.add_task(2, "q", 0, kStart, 1);
    (void)queues.add_task(1, "p", 0, kStart, 2);
    park(1);
    CHECK_FALSE(queues.next_match());
  }
}
