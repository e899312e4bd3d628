// Stops, outages and other trouble that an ActivityEnvironment plans.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "longbeat/client.h"
#include "support/catch.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using testing::ActivityEnvironment;

TEST_CASE("a stop at a time", "[testing][stop]") {
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 10s}});
  const auto counted = [&](StopCause cause) {
    environment.stop_at(3500ms, cause);
    return environment.run(count, count_slowly, 10);
  };
  SECTION("cancels") {
    const auto run = counted(StopCause::kCanceled);
    CHECK(run.end == AttemptEndKind::kCanceled);
    CHECK(run.took == 3500ms);  // The sleep was cut short.
    CHECK(run.stop_causes == std::vector{StopCause::kCanceled});
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().code == ErrorCode::kActivityCanceled);
    CHECK(run.left.value<int>().value() == 3);
  }
  SECTION("pauses") {
    const auto run = counted(StopCause::kPaused);
    CHECK(run.end == AttemptEndKind::kFailed);
    CHECK(run.result.error().failure->type == "ActivityPause");
  }
  SECTION("resets") {
    CHECK(counted(StopCause::kReset).result.error().failure->type == "ActivityReset");
  }
  SECTION("shuts the worker down") {
    CHECK(counted(StopCause::kShutdown).result.error().failure->type == "WorkerShutdown");
  }
  SECTION("takes the lease, the time or the attempt itself away") {
    const auto cause = GENERATE(StopCause::kLeaseLost, StopCause::kTimedOut, StopCause::kNotFound);
    const auto run = counted(cause);
    CHECK(run.end == AttemptEndKind::kAbandoned);
    // A server that knows the attempt hears no more of it, and times it out.
    const auto known = cause != StopCause::kNotFound;
    CHECK(run.result.error().code == (known ? ErrorCode::kActivityTimedOut : ErrorCode::kLeaseLost));
    CHECK_THAT(run.result.error().message, ContainsSubstring(std::string(to_string(cause))));
    CHECK(run.stop_causes == std::vector{cause});
  }
  SECTION("is no stop after the end") {
    environment.stop_at(1h, StopCause::kCanceled);
    CHECK(environment.run(count, count_slowly, 3).result.value() == 3);
  }
}

TEST_CASE("what is planned for the start", "[testing][stop]") {
  // Each time, whichever thread is faster.
  constexpr int kTimes = 300;
  int right = 0;
  SECTION("is a stop that the activity's first line sees, its tokens too") {
    for (int i = 0; i < kTimes; ++i) {
      ActivityEnvironment environment;
      environment.stop_at(0s, StopCause::kCanceled);
      const auto run = environment.run(
          twice,
          [&](ActivityContext& context, int) {
            right += context.stopped() && context.stop_token().stop_requested() ? 1 : 0;
            context.throw_if_stopped();
            return 1;
          },
          1);
      if (run.end != AttemptEndKind::kCanceled) --right;
    }
  }
  SECTION("is a lost lease, and the activity is not begun") {
    for (int i = 0; i < kTimes; ++i) {
      ActivityEnvironment environment;
      environment.stop_at(0s, StopCause::kLeaseLost);
      bool begun = false;
      const auto begins = [&](int) {
        begun = true;
        return 1;
      };
      right += environment.run(twice, begins, 1).end == AttemptEndKind::kAbandoned && !begun ? 1 : 0;
    }
  }
  SECTION("is a shutdown's announcement") {
    for (int i = 0; i < kTimes; ++i) {
      ActivityEnvironment environment;
      environment.announce_shutdown_at(0s);
      const auto looks = [&](ActivityContext& context, int) {
        right += context.shutting_down() && context.shutdown_token().stop_requested() ? 1 : 0;
        return 1;
      };
      static_cast<void>(environment.run(twice, looks, 1));
    }
  }
  SECTION("is heard by whoever begins to listen then") {
    for (int i = 0; i < kTimes; ++i) {
      ActivityEnvironment environment;
      environment.stop_at(0s, StopCause::kCanceled);
      const auto listens = [&](ActivityContext& context, int) {
        std::atomic<bool> told{false};
        const auto listener = context.on_stop([&](StopCause) { told = true; });
        right += told ? 1 : 0;
        return 1;
      };
      static_cast<void>(environment.run(twice, listens, 1));
    }
  }
  CHECK(right == kTimes);
}

TEST_CASE("a stop during a wait for a thread reaches flag and token alike", "[testing][stop]") {
  int right = 0;
  for (int i = 0; i < 50; ++i) {
    ActivityEnvironment environment({.thread_time = 0ms});
    environment.stop_at(1s, StopCause::kCanceled);
    static_cast<void>(environment.run(
        twice,
        [&](ActivityContext& context, int) {
          const auto token = context.stop_token();
          std::mutex mutex;
          std::condition_variable_any condition;
          std::unique_lock lock(mutex);
          const bool came = context.wait_for(lock, condition, 1h, [] { return false; });
          right += !came && token.stop_requested() ? 1 : 0;
          return 1;
        },
        1));
  }
  CHECK(right == 50);
}

TEST_CASE("a stop after a heartbeat", "[testing][stop]") {
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 10s}});
  environment.stop_after_heartbeat(3, StopCause::kCanceled);
  SECTION("is there when the heartbeat returns") {
    int calls = 0;
    const auto run = environment.run(
        count,
        [&](ActivityContext& context, int) {
          const auto token = context.stop_token();
          while (!context.stopped()) {
            CHECK_FALSE(token.stop_requested());
            context.heartbeat(++calls);
          }
          CHECK(token.stop_requested());
          context.throw_if_stopped();
          return 0;
        },
        1);
    CHECK(calls == 3);
    CHECK(run.end == AttemptEndKind::kCanceled);
  }
  SECTION("reaches callbacks and descriptors too") {
    std::atomic<int> told{0};
    static_cast<void>(environment.run(
        count,
        [&](ActivityContext& context, int) {
          const auto listener = context.on_stop([&](StopCause) { ++told; });
          for (int i = 0; i < 3; ++i) context.heartbeat(i);
          CHECK(context.stop_fd() >= 0);
          return 0;
        },
        1));
    CHECK(told == 1);
  }
}

TEST_CASE("what the server is asked for", "[testing][stop]") {
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
  SECTION("comes with the next heartbeat that the throttle lets through") {
    environment.ask_at(2s, StopCause::kCanceled);
    const auto run = environment.run(count, count_slowly, 10);
    CHECK(run.end == AttemptEndKind::kCanceled);
    CHECK(numbers(run.called) == std::vector{1, 2, 3, 4});
    CHECK(run.took == 5s);
  }
  SECTION("never comes to an activity that does not heartbeat") {
    environment.ask_at(2s, StopCause::kCanceled);
    const auto run =
        environment.run(twice, [](ActivityContext& context, int) { return context.sleep_for(4s) ? 1 : 0; }, 1);
    CHECK(run.result.value() == 1);
  }
  SECTION("may be forgotten altogether") {
    environment.ask_at(2s, StopCause::kNotFound);
    const auto run = environment.run(count, count_slowly, 10);
    CHECK(run.end == AttemptEndKind::kAbandoned);
    CHECK(run.stop_causes == std::vector{StopCause::kNotFound});
    CHECK_FALSE(run.sent.back().acknowledged);
  }
}

TEST_CASE("a worker that begins to shut down", "[testing][stop]") {
  ActivityEnvironment environment;
  environment.announce_shutdown_at(2500ms);
  const auto run = environment.run(
      count,
      [](ActivityContext& context, int steps) {
        int done = 0;
        while (done < steps && !context.shutting_down()) {
          context.sleep_for(1s);
          ++done;
        }
        CHECK_FALSE(context.stopped());
        return done;
      },
      10);
  CHECK(run.result.value() == 3);
}

TEST_CASE("a server that cannot be reached", "[testing][stop]") {
  ActivityEnvironment environment({.info = {.heartbeat_timeout = 10s}});
  SECTION("for a while is survived") {
    environment.disconnect(8500ms, 10s);
    const auto run = environment.run(count, count_slowly, 20);
    REQUIRE(run.result);
    CHECK(std::count_if(run.sent.begin(), run.sent.end(), [](const auto& beat) { return !beat.acknowledged; }) > 3);
  }
  SECTION("costs the lease") {
    environment.disconnect(8500ms);
    const auto run = environment.run(count, count_slowly, 20);
    CHECK(run.stop_causes == std::vector{StopCause::kLeaseLost});
    CHECK(run.end == AttemptEndKind::kAbandoned);
    CHECK(run.left.value<int>().value() == 1);
  }
  SECTION("takes no report") {
    ActivityEnvironment unlimited;
    unlimited.disconnect(0s);
    const auto run = unlimited.run(twice, [](int) { return 1; }, 1);
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().code == ErrorCode::kUnavailable);
    CHECK_THAT(run.result.error().message, ContainsSubstring("could not reach the server"));
  }
  SECTION("takes the report once it is back") {
    environment.disconnect(0s, 3s);
    CHECK(environment.run(twice, [](int) { return 1; }, 1).result.value() == 1);
  }
}

TEST_CASE("a stop from a fake", "[testing][stop]") {
  ActivityEnvironment environment;
  environment.stop(StopCause::kCanceled);  // Nothing runs.
  const auto run = environment.run(
      twice,
      [&](ActivityContext& context, int) {
        CHECK_FALSE(context.stopped());
        environment.stop(StopCause::kPaused);
        CHECK(context.stop_causes() == std::vector{StopCause::kPaused});
        context.throw_if_stopped();
        return 0;
      },
      1);
  CHECK(run.result.error().failure->type == "ActivityPause");
}

TEST_CASE("plans that make no sense are refused", "[testing][stop]") {
  ActivityEnvironment environment;
  CHECK_THROWS_AS(environment.stop_at(-1s, StopCause::kCanceled), std::invalid_argument);
  CHECK_THROWS_AS(environment.stop_at(1s, StopCause::kStalled), std::invalid_argument);
  CHECK_THROWS_WITH(environment.stop_at(1s, StopCause(99)), ContainsSubstring("StopCause(99)"));
  CHECK_THROWS_AS(environment.stop_after_heartbeat(1, StopCause(-1)), std::invalid_argument);
  CHECK_THROWS_WITH(environment.ask_at(1s, StopCause(99)), ContainsSubstring("StopCause(99)"));
  CHECK_THROWS_AS(environment.stop(StopCause(99)), std::invalid_argument);
  CHECK_THROWS_AS(environment.stop_after_heartbeat(0, StopCause::kCanceled), std::invalid_argument);
  CHECK_THROWS_AS(environment.stop_after_heartbeat(1, StopCause::kBrokenDetails), std::invalid_argument);
  CHECK_THROWS_AS(environment.ask_at(1s, StopCause::kShutdown), std::invalid_argument);
  CHECK_THROWS_AS(environment.announce_shutdown_at(-1s), std::invalid_argument);
  CHECK_THROWS_AS(environment.disconnect(2s, 1s), std::invalid_argument);
  CHECK_THROWS_AS(environment.stop(StopCause::kStalled), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.info = {.attempt = 0}}), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.info = {.heartbeat_timeout = 0s}}), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.codecs = {nullptr}}), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.interceptors = {nullptr}}), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.thread_time = 11s}), std::invalid_argument);
  CHECK_THROWS_AS(ActivityEnvironment({.serve = {.auto_heartbeat = AutoHeartbeatOptions{}}}), std::invalid_argument);
}
