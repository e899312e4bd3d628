// What bad connections do to running attempts: stalls, a black hole, connections that the server closes by age.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "faults/fault_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::faults;

namespace {

/// Saves without a pause, so that a test sees at once when saving works and when it does not.
struct Saver {
  std::atomic<int> attempts{0}, saved{0};
  std::atomic<bool> enough{false};
  std::atomic<Steady::duration> longest{Steady::duration::zero()};

  int operator()(ActivityContext& context) {
    ++attempts;
    auto progress = context.checkpoint<int>();
    while (!enough && !context.stopped()) {
      const auto begin = Steady::now();
      const auto answer = progress.save_now(*progress + 1, 60s);
      if (!answer) break;
      longest = std::max(longest.load(), Steady::now() - begin);
      saved = *progress;
      context.sleep_for(5ms);
    }
    context.throw_if_stopped();
    return *progress;
  }
};

}  // namespace

TEST_CASE("a stall that is shorter than the lease only delays what the attempt saves", "[faults][stall]") {
  Room room;
  Saver saver;
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 1});
  worker.serve(count_up, [&](ActivityContext& context, int) { return saver(context); });
  REQUIRE(worker.start());
  const auto handle = room.direct.start(count_up, start_options("a", 3s), 0).value();
  REQUIRE(eventually([&] { return saver.saved >= 3; }));

  room.proxy.stall();
  const int before = saver.saved;
  std::this_thread::sleep_for(1500ms);  // The fault itself.
  room.proxy.pass();
  REQUIRE(eventually([&] { return saver.saved > before + 3; }));
  saver.enough = true;

  CHECK(handle.result({.timeout = 20s}).value() == saver.saved);
  CHECK(saver.longest.load() > 1s);
  CHECK(saver.attempts == 1);
  CHECK(handle.describe().value().attempt == 1);
  CHECK(eventually([&] { return worker.stats().completed == 1; }));
  CHECK(worker.stats().leases_lost == 0);
}

TEST_CASE("a stall that is longer than the lease stops the function before the next attempt is handed out",
          "[faults][stall]") {
  Room room;
  std::atomic<bool> saved{false}, stopped{false}, end_late{false}, started_again{false}, finish{false};
  std::atomic<Wall> stopped_at{}, handed_out_at{};
  std::atomic<int> resumed_from{0};
  std::vector<StopCause> causes;

  Worker first(room.through, {.task_queue = "q", .max_concurrent_activities = 1, .identity = "first"});
  first.serve(count_up, [&](ActivityContext& context, int) {
    if (!context.checkpoint<int>().save_now(7, 10s)) return -2;
    saved = true;
    while (!context.stopped()) context.sleep_for(1ms);
    stopped_at = std::chrono::system_clock::now();
    causes = context.stop_causes();
    stopped = true;
    eventually([&] { return end_late.load(); }, 60s);  // Code that does not look, or is in the middle of something.
    return -1;
  });
  Worker second(room.direct, {.task_queue = "q", .max_concurrent_activities = 1, .identity = "second"});
  second.serve(count_up, [&](ActivityContext& context, int) {
    auto progress = context.checkpoint<int>();
    resumed_from = *progress;
    handed_out_at = context.info().started_time;
    started_again = true;
    while (!finish && context.sleep_for(5ms)) progress.save(*progress + 1);
    context.throw_if_stopped();
    return 100;
  });

  REQUIRE(first.start());
  const auto handle = room.direct.start(count_up, start_options("a", 3s), 0).value();
  REQUIRE(eventually([&] { return saved.load(); }));
  REQUIRE(second.start());
  room.proxy.stall();
  REQUIRE(eventually([&] { return stopped.load(); }));
  REQUIRE(eventually([&] { return started_again.load(); }));
  std::printf("stopped %.3f s before the next attempt was handed out\n",
              std::chrono::duration<double>(handed_out_at.load() - stopped_at.load()).count());
  CHECK(stopped_at.load() < handed_out_at.load());
  CHECK(causes == std::vector{StopCause::kLeaseLost});
  CHECK(resumed_from == 7);

  // The first one's result arrives while the second one works.
  room.proxy.pass();
  end_late = true;
  CHECK(eventually([&] { return first.stats().slots_used == 0 && first.stats().attempts_started == 1; }));
  const auto stats = first.stats();
  CHECK(stats.completed == 0);
  CHECK(stats.reports_stale + stats.reports_unknown == 1);
  CHECK(stats.leases_lost == 1);
  const auto seen = handle.describe().value();
  CHECK(seen.status == ActivityStatus::kRunning);
  CHECK(seen.attempt == 2);

  finish = true;
  CHECK(handle.result({.timeout = 20s}).value() == 100);
  CHECK(handle.describe().value().attempt == 2);
}

TEST_CASE("worker and client come back from a black hole within 20 s, then also the heartbeats",
          "[faults][black-hole][slow]") {
  Room room;
  Saver saver;
  std::atomic<int> unheard_attempt{0};
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 2, .max_concurrent_polls = 1});
  worker.serve(count_up, [&](ActivityContext& context, int) {
    if (context.info().activity_id == "long") return saver(context);
    unheard_attempt = context.info().attempt;
    return 5;
  });
  REQUIRE(worker.start());
  const auto handle = room.through.start(count_up, start_options("long", 60s), 0).value();
  auto result = std::async(std::launch::async, [&] { return handle.result({.timeout = 80s}); });
  REQUIRE(eventually([&] { return saver.saved >= 3 && worker.stats().polls_open == 1; }));

  room.proxy.black_hole();
  const auto begin = Steady::now();
  const int before = saver.saved;
  // The server gives it to the poll that nobody hears.
  const auto unheard = room.direct.start(count_up, start_options("unheard", 1s), 0).value();
  REQUIRE(eventually([&] { return room.proxy.accepted() == 2; }, 60s));
  const auto connected = Steady::now() - begin;
  CHECK(eventually([&] { return saver.saved > before + 1; }, 60s));
  const auto saving = Steady::now() - begin;
  std::printf("after a black hole: connected %.1f s, saving %.1f s\n", in_seconds(connected), in_seconds(saving));
  CHECK(connected < 23s);           // Pings notice it after 20 s at most; the rest is for a slow machine.
  CHECK(saving < connected + 10s);  // The longest pause after heartbeats that failed is 5 s.

  CHECK(unheard.result({.timeout = 20s}).value() == 5);
  CHECK(unheard_attempt >= 2);
  saver.enough = true;
  CHECK(result.get().value() == saver.saved);
  CHECK(saver.attempts == 1);
  CHECK(room.proxy.accepted() == 2);
}

TEST_CASE("a stall of 30 s, longer than any connection outlives it, costs no attempt whose lease is longer",
          "[faults][stall][slow]") {
  Room room;
  Saver saver;
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 3});
  std::atomic<bool> ended{false};
  worker.serve(count_up, [&](ActivityContext& context, int number) {
    if (context.info().activity_id == "long") return saver(context);
    while (number == 1 && room.proxy.accepted() == 1) context.sleep_for(10ms);  // Ends in the midst of the stall.
    ended = ended || number == 1;
    return number;
  });
  REQUIRE(worker.start());
  const auto saving = room.through.start(count_up, start_options("long", 60s), 0).value();
  const auto ending = room.through.start(count_up, start_options("ends", 60s), 1).value();
  auto result = std::async(std::launch::async, [&] { return saving.result({.timeout = 80s}); });
  REQUIRE(eventually([&] { return saver.saved >= 3 && worker.stats().attempts_started == 2; }));

  room.proxy.stall();
  const int before = saver.saved;
  auto patient = Client::connect({.address = room.proxy.address(), .call_timeout = 60s}).value();
  auto started =
      std::async(std::launch::async, [&] { return patient.start(count_up, start_options("during", 60s), 2); });
  std::this_thread::sleep_for(30s);  // The fault itself.
  CHECK(ended);
  CHECK(saver.saved <= before + 1);  // An answer may have been through already.
  CHECK(worker.stats().completed == 0);
  room.proxy.pass();
  const auto begin = Steady::now();
  CHECK(eventually([&] { return saver.saved > before + 1; }));
  std::printf("after a stall of 30 s: saving %.1f s later\n", in_seconds(Steady::now() - begin));
  CHECK(Steady::now() - begin < 10s);  // The longest pause after heartbeats that failed is 5 s.

  CHECK(ending.result({.timeout = 20s}).value() == 1);
  const auto handle = started.get();
  REQUIRE(handle);
  CHECK(handle->result({.timeout = 20s}).value() == 2);
  saver.enough = true;
  CHECK(result.get().value() == saver.saved);
  CHECK(saver.attempts == 1);
  CHECK(ending.describe().value().attempt == 1);
  CHECK(eventually([&] { return worker.stats().slots_used == 0; }));
  const auto stats = worker.stats();
  CHECK(stats.leases_lost + stats.reports_stale + stats.reports_given_up == 0);
  CHECK(stats.completed + stats.reports_unknown == 3);
}

TEST_CASE("connections that are cut or refused for a moment cost neither an attempt nor a wait for the result",
          "[faults][cut]") {
  Room room;
  Saver saver;
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 1});
  worker.serve(count_up, [&](ActivityContext& context, int) { return saver(context); });
  REQUIRE(worker.start());
  const auto handle = room.through.start(count_up, start_options("a", 3s), 0).value();
  auto result = std::async(std::launch::async, [&] { return handle.result({.timeout = 60s}); });
  for (int round = 0; round < 5; ++round) {
    const int before = saver.saved;
    CHECK(eventually([&] { return saver.saved >= before + 3; }));
    room.proxy.refuse();
    room.proxy.cut_all();
    std::this_thread::sleep_for(300ms);  // The fault itself.
    room.proxy.pass();
    if (round == 3) room.proxy.delay(50ms);
  }
  const int before = saver.saved;
  CHECK(eventually([&] { return saver.saved > before; }));
  saver.enough = true;
  CHECK(result.get().value() == saver.saved);
  CHECK(saver.attempts == 1);
}

TEST_CASE("nothing is lost on connections that the server closes by age", "[faults][goaway]") {
  // As on a cluster, where a long poll takes a minute and the grace is 70 s, only faster.
  Room room("[limits]\nconnection_age_max = \"500ms\"\nconnection_age_grace = \"3s\"\nlong_poll_max = \"1s\"\n");
  constexpr int kActivities = 200;
  std::atomic<int> runs{0}, repeated{0}, not_saved{0};
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 20});
  worker.serve(count_up, [&](ActivityContext& context, int number) {
    ++runs;
    if (context.info().attempt > 1) ++repeated;
    auto progress = context.checkpoint<int>();
    for (int step = 1; step <= 3; ++step) {
      if (!progress.save_now(step, 5s)) ++not_saved;
      context.sleep_for(100ms);
    }
    return number;
  });
  REQUIRE(worker.start());
  std::vector<ActivityHandle<int>> handles;
  for (int number = 0; number < kActivities; ++number)
    handles.push_back(room.through.start(count_up, start_options(std::to_string(number), 5s), number).value());
  int correct = 0;
  for (int number = 0; number < kActivities; ++number) {
    const auto result = handles[static_cast<std::size_t>(number)].result({.timeout = 30s});
    if (result && *result == number) ++correct;
  }
  CHECK(correct == kActivities);
  CHECK(runs == kActivities);
  CHECK(repeated == 0);
  CHECK(not_saved == 0);
  CHECK(eventually([&] { return worker.stats().completed == kActivities; }));
  const auto stats = worker.stats();
  std::printf("connections: %zu; heartbeats failed: %lld, reports repeated: %lld, poll errors: %lld\n",
              room.proxy.accepted(), static_cast<long long>(stats.heartbeats_failed),
              static_cast<long long>(stats.reports_repeated), static_cast<long long>(stats.poll_errors));
  CHECK(room.proxy.accepted() >= 6);
  CHECK(stats.failed + stats.abandoned + stats.reports_stale + stats.reports_unknown + stats.reports_given_up == 0);
}

TEST_CASE("no task and no result is lost between connections that live for a moment", "[faults][goaway]") {
  Room room("[limits]\nconnection_age_max = \"100ms\"\nconnection_age_grace = \"3s\"\nlong_poll_max = \"1s\"\n");
  constexpr int kActivities = 1'000;
  std::atomic<int> runs{0};
  Worker worker(room.through, {.task_queue = "q", .max_concurrent_activities = 20});
  worker.serve(count_up, [&](ActivityContext&, int number) {
    ++runs;
    return number;
  });
  REQUIRE(worker.start());
  int correct = 0;
  for (int number = 0; number < kActivities; ++number) {
    const auto handle = room.through.start(count_up, start_options(std::to_string(number), 60s), number).value();
    const auto result = handle.result({.timeout = 20s});
    if (result && *result == number) ++correct;
  }
  CHECK(correct == kActivities);
  CHECK(runs == kActivities);
  CHECK(eventually([&] { return worker.stats().completed == kActivities; }));
  std::printf("connections: %zu\n", room.proxy.accepted());
  CHECK(room.proxy.accepted() >= 6);
}
