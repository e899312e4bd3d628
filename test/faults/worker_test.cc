// Workers that freeze, and workers that end while nobody answers.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "faults/fault_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::faults;

TEST_CASE("a frozen worker knows that its attempt is lost, and its late result changes nothing", "[faults][frozen]") {
  Room room;
  test::ChildProcess frozen({LONGBEAT_FAULT_WORKER, room.proxy.address()}, room.folder.path() / "worker.log");
  const auto says = [&](const std::string& text) { return frozen.log_tail().find(text) != std::string::npos; };
  REQUIRE(eventually([&] { return says("ready\n"); }));
  const auto handle = room.direct.start(count_up, start_options("a", 2s), 0).value();
  REQUIRE(eventually([&] { return says("saved 5\n"); }));

  REQUIRE(::kill(frozen.pid(), SIGSTOP) == 0);
  std::atomic<int> resumed_from{0}, attempt{0};
  Worker other(room.direct, {.task_queue = "q", .max_concurrent_activities = 1});
  other.serve(count_up, [&](ActivityContext& context, int) {
    resumed_from = *context.checkpoint<int>();
    attempt = context.info().attempt;
    return 100;
  });
  REQUIRE(other.start());
  CHECK(handle.result({.timeout = 20s}).value() == 100);
  CHECK(attempt == 2);
  CHECK(resumed_from >= 5);
  CHECK_FALSE(says("stopped"));

  room.proxy.stall();  // Nobody tells it: it has to know by itself.
  REQUIRE(::kill(frozen.pid(), SIGCONT) == 0);
  REQUIRE(eventually([&] { return says("stopped: "); }));
  CHECK(says("stopped: " + std::to_string(static_cast<int>(StopCause::kLeaseLost)) + "\n"));
  room.proxy.pass();
  REQUIRE(eventually([&] { return says("ended: "); }));
  INFO(frozen.log_tail());
  CHECK(says("completed 0, dropped 1\n"));
  CHECK(handle.result({.timeout = 5s}).value() == 100);
}

TEST_CASE("the first signal asks a worker to end, a second one ends it at once", "[faults][signals]") {
  Room room;
  test::ChildProcess stubborn({LONGBEAT_FAULT_WORKER, room.server.address(), "stubborn"},
                              room.folder.path() / "worker.log");
  const auto says = [&](const std::string& text) { return stubborn.log_tail().find(text) != std::string::npos; };
  room.direct.start(count_up, start_options("a", 10s), 0).value();
  REQUIRE(eventually([&] { return says("begun\n"); }));

  stubborn.terminate();
  stubborn.terminate();  // timeout(1) sends two: one to the process, one to its group.
  REQUIRE(eventually([&] { return says("asked to end\n"); }));
  std::this_thread::sleep_for(1500ms);  // From then on another signal is meant.
  CHECK(stubborn.running());

  stubborn.terminate();
  REQUIRE(eventually([&] { return !stubborn.running(); }, 5s));
  CHECK(stubborn.exit_code() == 128 + SIGTERM);
  CHECK_FALSE(says("ended\n"));
}

TEST_CASE("a worker whose server never answers stops in time", "[faults][stop]") {
  Room room;
  room.proxy.stall();
  const auto client = connect(room.proxy.address());
  Worker worker(client, {.task_queue = "q"});
  worker.serve(count_up, [](int number) { return number; });
  REQUIRE(worker.start());
  SECTION("while it waits for an answer") {
    REQUIRE(eventually([&] { return room.proxy.accepted() == 1; }));
  }
  SECTION("when it has just begun") {}
  const auto begin = Steady::now();
  CHECK(worker.stop(1s));
  CHECK(Steady::now() - begin < 2s);
}

TEST_CASE("a worker that is refused everywhere stops in time, and so does its client", "[faults][stop]") {
  Room room;
  room.proxy.refuse();
  Steady::time_point begin;
  {
    const auto client = connect(room.proxy.address());
    Worker worker(client, {.task_queue = "q"});
    worker.serve(count_up, [](int number) { return number; });
    REQUIRE(worker.start());
    std::this_thread::sleep_for(500ms);  // Several tries to connect; nobody counts them.
    begin = Steady::now();
    CHECK(worker.stop(1s));
  }
  CHECK(Steady::now() - begin < 2s);
}

TEST_CASE("a worker stops in time in the middle of a black hole, and names what it leaves", "[faults][stop]") {
  Room room;
  std::atomic<bool> running{false};
  const auto client = connect(room.proxy.address());
  Worker worker(client, {.task_queue = "q", .max_concurrent_polls = 1, .graceful_shutdown_timeout = 0ms});
  worker.serve(count_up, [&](ActivityContext& context, int) {
    running = true;
    while (context.sleep_for(1s)) continue;
    context.throw_if_stopped();
    return 0;
  });
  REQUIRE(worker.start());
  const auto handle = room.direct.start(count_up, start_options("a", 1s), 0).value();
  REQUIRE(eventually([&] { return running.load(); }));
  room.proxy.black_hole();
  const auto begin = Steady::now();
  const auto stopped = worker.stop(1s);
  CHECK(Steady::now() - begin < 2s);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::kDeadlineExceeded);
  CHECK_THAT(stopped.error().message, ContainsSubstring("count_up 'a'"));
  // It is not lost: the next worker gets it.
  Worker next(room.direct, {.task_queue = "q"});
  next.serve(count_up, [](int) { return 3; });
  REQUIRE(next.start());
  CHECK(handle.result({.timeout = 20s}).value() == 3);
}

TEST_CASE("workers that stop while tasks come to them lose none", "[faults][stop]") {
  Room room;
  constexpr int kActivities = 600, kWorkers = 20;
  std::vector<ActivityHandle<int>> handles;
  std::atomic<int> started{0};
  std::thread starter([&] {
    for (int number = 0; number < kActivities; ++number) {
      handles.push_back(room.through.start(count_up, start_options(std::to_string(number), 60s), number).value());
      ++started;
    }
  });
  std::int64_t begun = 0, completed = 0, dropped = 0;
  int stopped = 0;
  for (int number = 1; number <= kWorkers; ++number) {
    Worker worker(room.direct, {.task_queue = "q", .max_concurrent_activities = 20});
    worker.serve(count_up, [](int value) { return value; });
    if (!worker.start()) break;
    const bool last = number == kWorkers;
    const std::int64_t share = last ? kActivities - completed : 20;
    eventually([&] { return worker.stats().completed >= share || (!last && started == kActivities); });
    if (worker.stop(10s)) ++stopped;
    const auto stats = worker.stats();
    begun += stats.attempts_started;
    completed += stats.completed;
    dropped += stats.tasks_dropped;
  }
  starter.join();
  CHECK(stopped == kWorkers);
  CHECK(begun == kActivities);
  CHECK(completed == kActivities);
  CHECK(dropped == 0);
  int correct = 0;
  for (int number = 0; number < kActivities; ++number) {
    const auto& handle = handles[static_cast<std::size_t>(number)];
    const auto result = handle.result({.timeout = 5s});
    if (result && *result == number && handle.describe().value().attempt == 1) ++correct;
  }
  CHECK(correct == kActivities);
}
