// Virtual time in an ActivityEnvironment: what moves it, and what moves with it.
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "longbeat/log.h"
#include "support/catch.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using testing::ActivityEnvironment;

namespace {

/// Runs `body` as an activity.
testing::ActivityRun<int> run(ActivityEnvironment& environment, std::function<int(ActivityContext&)> body) {
  return environment.run(twice, [&](ActivityContext& context, int) { return body(context); }, 1);
}

}  // namespace

TEST_CASE("virtual time", "[testing][time]") {
  ActivityEnvironment environment;
  SECTION("passes while the activity sleeps") {
    const auto asleep = run(environment, [](ActivityContext& context) { return context.sleep_for(24h) ? 1 : 0; });
    CHECK(asleep.took == 24h);
    CHECK(asleep.result.value() == 1);
  }
  SECTION("passes while it sleeps until a time of day") {
    const auto until = std::chrono::sys_days(std::chrono::year(2026) / 1 / 2);
    CHECK(run(environment, [&](ActivityContext& context) { return context.sleep_until(until) ? 1 : 0; }).took == 24h);
  }
  SECTION("stands still while it computes") {
    CHECK(run(environment, [](ActivityContext&) { return 0; }).took == 0s);
  }
  SECTION("passes when a fake says so") {
    const auto fetched = run(environment, [&](ActivityContext& context) {
      environment.advance(90s);
      context.heartbeat(1);
      return static_cast<int>(environment.passed() / 1s);
    });
    CHECK(fetched.result.value() == 90);
    CHECK(fetched.called.at(0).at == 90s);
    CHECK(environment.passed() == 90s);
  }
  SECTION("does not pass when nothing runs") {
    environment.advance(90s);
    CHECK(environment.passed() == 0s);
  }
  SECTION("passes while it waits for something that does not come") {
    const auto waiting = run(environment, [](ActivityContext& context) {
      std::mutex mutex;
      std::condition_variable_any condition;
      std::unique_lock lock(mutex);
      return context.wait_for(lock, condition, 1h, [] { return false; }) ? 1 : 0;
    });
    CHECK(waiting.result.value() == 0);
    CHECK(waiting.took == 1h);
  }
  SECTION("leaves threads of the activity's own their real time") {
    ActivityEnvironment patient({.thread_time = 10s});
    const auto waiting = run(patient, [](ActivityContext& context) {
      std::mutex mutex;
      std::condition_variable_any condition;
      bool ready = false;
      std::thread helper([&] {
        const std::lock_guard lock(mutex);
        ready = true;
        condition.notify_all();
      });
      std::unique_lock lock(mutex);
      const bool came = context.wait_for(lock, condition, 1h, [&] { return ready; });
      lock.unlock();
      helper.join();
      return came ? 1 : 0;
    });
    CHECK(waiting.result.value() == 1);
    CHECK(waiting.took == 0s);
  }
  SECTION("leaves a thread that it woke its real time, though others sleep on") {
    ActivityEnvironment patient({.info = {.heartbeat_timeout = 15min}, .thread_time = 200ms});
    const auto done = run(patient, [](ActivityContext& context) {
      std::vector<std::jthread> helpers;
      for (int i = 1; i <= 3; ++i) {
        helpers.emplace_back([&context, i] {
          context.sleep_for(i * 10min);
          std::this_thread::sleep_for(30ms);  // Stands for computing.
          context.heartbeat(i);
        });
      }
      helpers.clear();
      return context.stopped() ? 0 : 1;
    });
    CHECK(done.result.value() == 1);
    CHECK(numbers(done.called) == std::vector{1, 2, 3});
    for (const auto& call : done.called) CHECK(call.at == *call.value<int>() * 10min);
    CHECK(done.took == 30min);
  }
  SECTION("leaves threads that have yet to begin their real time") {
    ActivityEnvironment patient({.thread_time = 200ms});
    const auto done = run(patient, [&](ActivityContext& context) {
      std::jthread early([&] { context.sleep_for(10min); });
      std::this_thread::sleep_for(30ms);
      const bool stood = patient.passed() == 0s;
      std::jthread late([&] {
        std::this_thread::sleep_for(30ms);
        context.sleep_for(10min);
      });
      std::mutex mutex;
      std::condition_variable_any condition;
      std::unique_lock lock(mutex);
      context.wait_for(lock, condition, 20min, [] { return false; });
      return stood ? 1 : 0;
    });
    CHECK(done.result.value() == 1);
    CHECK(done.took == 20min);
  }
  SECTION("passes while any of the activity's threads sleeps") {
    const auto slept = run(environment, [&](ActivityContext& context) {
      std::thread helper([&] { context.sleep_for(10min); });
      helper.join();
      return static_cast<int>(environment.passed() / 1min);
    });
    CHECK(slept.result.value() == 10);
    CHECK(slept.took == 10min);
  }
}

TEST_CASE("what follows virtual time", "[testing][time]") {
  SECTION("an attempt's own limit stops it a second before") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1min}});
    const auto late = run(environment, [](ActivityContext& context) { return context.sleep_for(2min) ? 1 : 0; });
    CHECK(late.took == 59s);
    CHECK(late.stop_causes == std::vector{StopCause::kTimedOut});
    CHECK(late.result.value() == 0);  // A finished result counts: the server decides.
  }
  SECTION("time left and lease left shrink") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1min}});
    std::optional<std::chrono::nanoseconds> left;
    static_cast<void>(run(environment, [&](ActivityContext& context) {
      context.sleep_for(20s);
      left = context.time_left();
      return 0;
    }));
    CHECK(left == 40s);
  }
  SECTION("a silent activity loses its lease") {
    ActivityEnvironment environment({.info = {.heartbeat_timeout = 10s}});
    const auto silent = run(environment, [](ActivityContext& context) {
      context.sleep_for(1h);
      context.throw_if_stopped();
      return 0;
    });
    CHECK(silent.stop_causes == std::vector{StopCause::kLeaseLost});
    CHECK(silent.end == AttemptEndKind::kAbandoned);
    REQUIRE_FALSE(silent.result);
    CHECK(silent.result.error().code == ErrorCode::kActivityTimedOut);
    // The worker's own beat left after 50 ms; 5 % of the timeout are for noticing.
    CHECK(silent.took == 9550ms);
  }
  SECTION("an activity that heartbeats keeps its lease for as long as it takes") {
    ActivityEnvironment environment({.info = {.heartbeat_timeout = 2s}});
    const auto counted = environment.run(count, count_slowly, 3600);
    REQUIRE(counted.result);
    CHECK(counted.took == 1h);
    CHECK(counted.stop_causes.empty());
  }
  SECTION("an AutoHeartbeat notices that nothing moves") {
    ActivityEnvironment environment(
        {.info = {.heartbeat_timeout = 10s}, .serve = {.auto_heartbeat = AutoHeartbeatOptions{.stall_timeout = 1min}}});
    const auto stalled = run(environment, [](ActivityContext& context) {
      context.sleep_for(1h);
      context.throw_if_stopped();
      return 0;
    });
    REQUIRE_FALSE(stalled.result);
    CHECK(stalled.result.error().failure->type == "ActivityStalled");
    CHECK(stalled.took == 1min);
  }
}

TEST_CASE("the end of virtual time", "[testing][time]") {
  using std::chrono::nanoseconds;
  constexpr auto kYear = 24h * 365;
  ActivityEnvironment environment;
  SECTION("is not passed by a fake") {
    const auto far = run(environment, [&](ActivityContext&) {
      CHECK_THROWS_AS(environment.advance(nanoseconds::max()), std::invalid_argument);
      environment.advance(60 * kYear);
      CHECK_THROWS_AS(environment.advance(60 * kYear), std::invalid_argument);
      environment.advance(40 * kYear);
      return static_cast<int>(environment.passed() / kYear);
    });
    CHECK(far.result.value() == 100);
  }
  SECTION("is not passed after a stop either") {
    environment.stop_at(1s, StopCause::kCanceled);
    const auto far = run(environment, [&](ActivityContext&) {
      environment.advance(99 * kYear);
      environment.advance(nanoseconds::max());
      return 1;
    });
    REQUIRE_FALSE(far.result);
    CHECK_THAT(far.result.error().message, ContainsSubstring("virtual time ends 100 years after"));
  }
  SECTION("is far from a sleep that something planned ends") {
    environment.stop_at(kYear, StopCause::kCanceled);
    const auto asleep = run(environment, [](ActivityContext& context) {
      context.sleep_for(nanoseconds::max());
      context.throw_if_stopped();
      return 1;
    });
    CHECK(asleep.end == AttemptEndKind::kCanceled);
    CHECK(asleep.took == kYear);
  }
}

TEST_CASE("a wait that nothing can end", "[testing][time]") {
  // The two side by side: each takes 5 s of real time.
  std::atomic<bool> untrue{false};
  set_log_sink([&](const LogRecord& record) {
    if (record.message.find("called nothing of its context") != std::string_view::npos) untrue = true;
  });
  auto waiting = std::async(std::launch::async, [] {
    ActivityEnvironment environment;
    return run(environment, [](ActivityContext& context) {
      std::mutex mutex;
      std::condition_variable_any condition;
      std::unique_lock lock(mutex);
      return context.wait(lock, condition, [] { return false; }) ? 1 : 0;
    });
  });
  ActivityEnvironment environment;
  const auto asleep = run(environment, [](ActivityContext& context) {
    context.sleep_for(1min);
    return context.sleep_for(std::chrono::nanoseconds::max()) ? 1 : 0;
  });
  const auto waited = waiting.get();
  set_log_sink({});

  for (const auto& endless : {asleep, waited}) {
    REQUIRE_FALSE(endless.result);
    CHECK(endless.result.error().code == ErrorCode::kDeadlineExceeded);
    CHECK_THAT(endless.result.error().message, ContainsSubstring("waits for ever"));
    CHECK(endless.end == AttemptEndKind::kAbandoned);
    CHECK(endless.stop_causes == std::vector{StopCause::kTimedOut});
  }
  CHECK_THAT(asleep.result.error().message, ContainsSubstring("at 60000 ms"));
  CHECK(asleep.took == 1min);
  CHECK_FALSE(untrue);
}

TEST_CASE("save_now in an environment", "[testing][time]") {
  SECTION("sends at once, whatever the throttle says") {
    ActivityEnvironment environment;
    const auto saved = run(environment, [](ActivityContext& context) {
      for (int i = 1; i <= 3; ++i) context.save_now(1s, i).value();
      return 0;
    });
    REQUIRE(saved.result);
    CHECK(numbers(saved.sent) == std::vector{1, 2, 3});
    CHECK(numbers(saved.called) == std::vector{1, 2, 3});
  }
  SECTION("gives up in virtual time while the server cannot be reached") {
    ActivityEnvironment environment;
    environment.disconnect(0s, 1h);
    const auto saved = run(environment, [](ActivityContext& context) {
      const auto answer = context.save_now(1min, 7);
      return static_cast<int>(answer.error().code);
    });
    CHECK(saved.result.value() == static_cast<int>(ErrorCode::kDeadlineExceeded));
    CHECK(saved.took == 1min);
  }
}
