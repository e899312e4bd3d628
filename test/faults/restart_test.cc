// A server that is killed and started again on its file, while attempts run, report, and wait for tasks.
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "faults/fault_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::faults;

namespace {

constexpr int kActivities = 300;

/// A worker in the midst of many short activities.
struct Backlog {
  explicit Backlog(std::chrono::nanoseconds heartbeat_timeout) {
    worker.serve(count_up, [this](ActivityContext& context, int number) {
      ++runs;
      context.sleep_for(20ms);
      return number;
    });
    REQUIRE(worker.start());
    for (int number = 0; number < kActivities; ++number)
      handles.push_back(
          room.direct.start(count_up, start_options(std::to_string(number), heartbeat_timeout), number).value());
  }
  /// So many fifths are done, or all have begun.
  bool reached(int fifths) {
    return eventually([&] { return worker.stats().completed >= fifths * kActivities / 5 || runs >= kActivities; });
  }

  Room room{{}, true};
  std::atomic<int> runs{0};
  Worker worker{room.direct, {.task_queue = "q", .max_concurrent_activities = 20}};
  std::vector<ActivityHandle<int>> handles{};
};

}  // namespace

TEST_CASE("attempts that run while the server is killed complete as the same attempts", "[faults][restart]") {
  Room room({}, true);
  constexpr int kRunning = 20;
  std::atomic<int> running{0}, runs{0};
  std::atomic<bool> finish{false};
  Worker worker(room.direct, {.task_queue = "q", .max_concurrent_activities = kRunning});
  worker.serve(count_up, [&](ActivityContext& context, int number) {
    ++runs;
    auto progress = context.checkpoint<int>();
    if (progress.save_now(number, 20s)) ++running;
    while (!finish && context.sleep_for(20ms)) progress.save(*progress + 1);
    context.throw_if_stopped();
    return number;
  });
  REQUIRE(worker.start());
  std::vector<ActivityHandle<int>> handles;
  for (int number = 0; number < kRunning; ++number)
    handles.push_back(room.direct.start(count_up, start_options(std::to_string(number), 3s), number).value());
  REQUIRE(eventually([&] { return running == kRunning; }));

  for (int round = 0; round < 2; ++round) {
    const auto beats = worker.stats().heartbeats_acknowledged;
    std::printf("the server was away for %lld ms\n", static_cast<long long>(room.server.restart().count()));
    // Every attempt has had to ask again.
    REQUIRE(eventually([&] { return worker.stats().heartbeats_acknowledged >= beats + kRunning; }));
  }
  finish = true;
  int correct = 0;
  for (int number = 0; number < kRunning; ++number) {
    const auto& handle = handles[static_cast<std::size_t>(number)];
    const auto result = handle.result({.timeout = 20s});
    if (result && *result == number && handle.describe().value().attempt == 1) ++correct;
  }
  CHECK(correct == kRunning);
  CHECK(runs == kRunning);
  CHECK(worker.stats().leases_lost == 0);
}

TEST_CASE("every result reaches a server that is killed while results are reported", "[faults][restart]") {
  Backlog backlog(1s);
  Room& room = backlog.room;
  Worker& worker = backlog.worker;
  const std::atomic<int>& runs = backlog.runs;
  int restarts = 0;
  for (int share = 1; share <= 3; ++share) {
    REQUIRE(backlog.reached(share));
    room.server.restart();
    ++restarts;
  }
  int correct = 0, again = 0;
  for (int number = 0; number < kActivities; ++number) {
    const auto& handle = backlog.handles[static_cast<std::size_t>(number)];
    const auto result = handle.result({.timeout = 30s});
    if (result && *result == number) ++correct;
    if (handle.describe().value().attempt > 1) ++again;
  }
  CHECK(correct == kActivities);
  REQUIRE(eventually([&] { return worker.stats().slots_used == 0; }));
  const auto stats = worker.stats();
  std::printf("%d restarts: runs %d, second attempts %d, repeated reports %lld, stale %lld, unknown %lld\n", restarts,
              runs.load(), again, static_cast<long long>(stats.reports_repeated),
              static_cast<long long>(stats.reports_stale), static_cast<long long>(stats.reports_unknown));
  // Every run ended in one answer, or in one that is counted as not known.
  CHECK(stats.completed + stats.reports_stale + stats.reports_unknown == runs);
  CHECK(stats.reports_given_up == 0);
  // A hand-out whose answer died with the server is run again after its heartbeat timeout, and nothing else is.
  CHECK(runs <= kActivities + restarts * 5);
}

TEST_CASE("polls that are parked while the server is killed are opened again", "[faults][restart]") {
  Room room({}, true);
  std::atomic<int> attempt{0};
  Worker worker(room.direct, {.task_queue = "q"});
  worker.serve(count_up, [&](ActivityContext& context, int number) {
    attempt = context.info().attempt;
    return number;
  });
  REQUIRE(worker.start());
  CHECK(room.direct.start(count_up, start_options("before", 2s), 1).value().result({.timeout = 20s}).value() == 1);
  REQUIRE(eventually([&] { return worker.stats().polls_open == 5; }));
  room.server.restart();
  const auto begin = Steady::now();
  CHECK(room.direct.start(count_up, start_options("after", 2s), 2).value().result({.timeout = 20s}).value() == 2);
  std::printf("the next activity completed %.1f s after the restart\n",
              std::chrono::duration<double>(Steady::now() - begin).count());
  CHECK(attempt == 1);
  CHECK(Steady::now() - begin < 5s);
}

TEST_CASE("a server that is stopped and started again as it should be costs nobody anything", "[faults][restart]") {
  Backlog backlog(60s);
  Room& room = backlog.room;
  Worker& worker = backlog.worker;
  const std::atomic<int>& runs = backlog.runs;
  for (int share = 1; share <= 3; ++share) {
    REQUIRE(backlog.reached(share));
    room.server.terminate();
    REQUIRE(eventually([&] { return !room.server.running(); }));
    CHECK(room.server.exit_code() == 0);
    room.server.restart();
  }
  int correct = 0, first = 0;
  for (int number = 0; number < kActivities; ++number) {
    const auto& handle = backlog.handles[static_cast<std::size_t>(number)];
    const auto result = handle.result({.timeout = 30s});
    if (result && *result == number) ++correct;
    if (handle.describe().value().attempt == 1) ++first;
  }
  CHECK(correct == kActivities);
  CHECK(first == kActivities);
  CHECK(runs == kActivities);
  REQUIRE(eventually([&] { return worker.stats().slots_used == 0; }));
  const auto stats = worker.stats();
  CHECK(stats.completed == kActivities);
  CHECK(stats.reports_stale + stats.reports_unknown + stats.reports_given_up == 0);
}
