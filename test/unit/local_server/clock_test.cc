#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "kit_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

TEST_CASE("hours in an activity pass in milliseconds", "[local][clock]") {
  KitRoom room([](ActivityContext& ctx, int) {
    for (int hour = 1; hour <= 10; ++hour) {
      ctx.heartbeat(hour);
      ctx.sleep_for(1h);
    }
    return 10;
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto handle = room.start("a", {.heartbeat_timeout = 2h});
  CHECK(handle.result().value() == 10);
  CHECK(room.server.elapsed() >= 10h);
  CHECK(room.server.elapsed() < 10h + 1min);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  const auto described = handle.describe().value();
  CHECK(described.execution_duration.value() >= 10h);
}

TEST_CASE("time stands still unless it is moved", "[local][clock]") {
  std::atomic<int> woken = 0;
  KitRoom room([&](ActivityContext& ctx, int) {
    ctx.sleep_for(1s);
    return ++woken;
  });
  const auto handle = room.start("a");
  room.server.wait_for("a", ActivityRunState::kStarted).value();
  const auto started = room.server.elapsed();
  std::this_thread::sleep_for(20ms);  // Real time, which must not count.
  CHECK(room.server.elapsed() == started);
  CHECK(woken == 0);
  room.server.advance(999ms).value();
  CHECK(woken == 0);
  room.server.advance(1ms).value();
  CHECK(woken == 1);
  CHECK(room.server.elapsed() == started + 1s);
}

TEST_CASE("advance meets every moment on its way", "[local][clock]") {
  std::mutex mutex;
  std::vector<std::int64_t> seconds;
  KitRoom room;
  room.worker.serve(work, [&](ActivityContext& ctx, int) {
    for (int i = 0; i < 5; ++i) {
      ctx.sleep_for(2s);
      const std::lock_guard lock(mutex);
      seconds.push_back(room.server.elapsed() / 1s);
    }
    return 0;
  });
  room.worker.start().value();
  room.start("a");
  room.server.wait_for("a", ActivityRunState::kStarted).value();
  room.server.advance(1min).value();
  CHECK(seconds == std::vector<std::int64_t>{2, 4, 6, 8, 10});
  CHECK(room.server.advance(-1s).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a retry comes after its pause, to the millisecond", "[local][clock]") {
  std::vector<std::chrono::nanoseconds> begun;
  KitRoom room;
  room.worker.serve(work, [&](ActivityContext& ctx, int) -> int {
    begun.push_back(room.server.elapsed());
    if (ctx.info().attempt < 4) throw std::runtime_error("not yet");
    return ctx.info().attempt;
  });
  room.worker.start().value();
  const auto handle = room.start("a", {.retry_policy = RetryPolicy{.initial_interval = 10s, .backoff_coefficient = 3}});
  CHECK(handle.result().value() == 4);
  REQUIRE(begun.size() == 4);
  CHECK(begun[1] - begun[0] == 10s);
  CHECK(begun[2] - begun[1] == 30s);
  CHECK(begun[3] - begun[2] == 90s);
}

TEST_CASE("timeouts come when they are due", "[local][clock]") {
  SECTION("of an activity that nobody takes") {
    KitRoom room;
    const auto handle = room.start("a", {.schedule_to_close_timeout = 10min});
    CHECK(handle.result().error().code == ErrorCode::kActivityTimedOut);
    CHECK(room.server.elapsed() >= 10min);
    CHECK(room.server.elapsed() < 10min + 1s);
  }
  SECTION("of one that falls silent") {
    KitRoom room([](ActivityContext& ctx, int) {
      if (ctx.info().attempt == 1) ctx.sleep_for(24h);
      ctx.throw_if_stopped();
      return ctx.info().attempt;
    });
    const auto handle = room.start("a", {.heartbeat_timeout = 30s});
    CHECK(handle.result().value() == 2);
    CHECK(room.server.elapsed() >= 30s);
    CHECK(room.server.elapsed() < 5min);
  }
  SECTION("of a wait for a result, on the same clock") {
    KitRoom room;
    const auto handle = room.start("a");
    CHECK(handle.result({.timeout = 3h}).error().code == ErrorCode::kDeadlineExceeded);
    CHECK(room.server.elapsed() == 3h);
  }
}

TEST_CASE("every wait of a context is on that clock", "[local][clock]") {
  std::mutex mutex;
  std::condition_variable_any condition;
  KitRoom room([&](ActivityContext& ctx, int) {
    const auto left = ctx.time_left().value();
    std::unique_lock lock(mutex);
    ctx.wait_for(lock, condition, 10s, [] { return false; });
    lock.unlock();
    ctx.sleep_until(ctx.deadline().value() - 10min);
    ctx.heartbeat(1);
    if (const auto saved = ctx.checkpoint<int>().save_now(2, 5s); !saved)
      throw std::runtime_error(saved.error().message);
    return static_cast<int>((left - ctx.time_left().value()) / 1s);
  });
  const auto handle = room.start("a", {.start_to_close_timeout = 1h, .heartbeat_timeout = 2h});
  CHECK(handle.result({.timeout = 2h}).value() == 50 * 60);
}

TEST_CASE("a worker stops on that clock", "[local][clock]") {
  KitRoom room([](ActivityContext& ctx, int) {
    ctx.sleep_for(1h);
    return 1;
  });
  room.start("a");
  room.server.wait_for("a", ActivityRunState::kStarted).value();
  CHECK(room.worker.stop(1h));  // Its grace of 10 s passes, then the attempt is asked to stop.
  CHECK(room.server.elapsed() >= 10s);
  CHECK(room.server.elapsed() < 1h);
}
