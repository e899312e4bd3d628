// One activity in an ActivityEnvironment: what goes in and what comes out.
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using testing::ActivityEnvironment;

namespace {

struct Sour {
  Sour() = default;
  Sour(const Sour&) { throw std::runtime_error("no copy today"); }
};

}  // namespace

template <>
struct longbeat::PayloadCodec<Sour> {
  static Payload encode(const Sour&) { return {}; }
  static Result<Sour> decode(const Payload&) { return Sour(); }
};

TEST_CASE("an activity in an environment", "[testing]") {
  ActivityEnvironment environment;
  SECTION("gives its result") {
    const auto run = environment.run(twice, [](int number) { return 2 * number; }, 21);
    REQUIRE(run.result);
    CHECK(*run.result == 42);
    CHECK(run.end == AttemptEndKind::kCompleted);
    CHECK(run.took == 0s);
    CHECK(run.called.empty());
  }
  SECTION("gives what it throws as its failure") {
    const auto fails = [](int) -> int { throw ApplicationError("no space", {.type = "Disk", .non_retryable = true}); };
    const auto run = environment.run(twice, fails, 21);
    REQUIRE_FALSE(run.result);
    CHECK(run.end == AttemptEndKind::kFailed);
    CHECK(run.result.error().code == ErrorCode::kActivityFailed);
    REQUIRE(run.result.error().failure);
    CHECK(run.result.error().failure->type == "Disk");
    CHECK(run.result.error().failure->non_retryable);
  }
  SECTION("gives an error it returns as its failure") {
    const auto fails = [](int) -> Result<int> { return Error{ErrorCode::kUnavailable, "no bank"}; };
    const auto run = environment.run(twice, fails, 21);
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().failure->type == "Unavailable");
  }
  SECTION("can be printed") {
    std::ostringstream text;
    text << environment.run(count, count_slowly, 2);
    CHECK(text.str() == "completed after 2000 ms, 2 heartbeats called, 1 sent");
    text.str("");
    text << environment.run(twice, [](int) -> int { throw ApplicationError("no space"); }, 1);
    CHECK_THAT(text.str(), ContainsSubstring("failed after 0 ms") && ContainsSubstring("no space"));
  }
  SECTION("runs on the calling thread") {
    std::thread::id there;
    static_cast<void>(environment.run(
        twice,
        [&](int) {
          there = std::this_thread::get_id();
          return 0;
        },
        1));
    CHECK(there == std::this_thread::get_id());
  }
  SECTION("runs again, each time as a new attempt") {
    const auto once = [&] { return environment.run(count, count_slowly, 2); };
    CHECK(once().took == 2s);
    const auto second = once();
    CHECK(second.took == 2s);
    CHECK(numbers(second.called) == std::vector{1, 2});
  }
  SECTION("may be known by its name alone") {
    const auto size = [](const Payloads& input) {
      return Payloads{internal::make_payload("json/plain", std::to_string(input.size()))};
    };
    const auto run = environment.run(dynamic_activity("any"), size, 1, "two", 3);
    REQUIRE(run.result);
    CHECK(run.result->front().data == "3");
  }
  SECTION("may leave out trailing optional arguments") {
    static constexpr Activity<int(int, std::optional<int>)> add{"add"};
    const auto run = environment.run(add, [](int a, std::optional<int> b) { return a + b.value_or(10); }, 1);
    REQUIRE(run.result);
    CHECK(*run.result == 11);
  }
  SECTION("is not begun with a handler that is empty") {
    const auto run = environment.run(twice, std::function<int(int)>(), 1);
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("what an activity in an environment is told", "[testing]") {
  ActivityEnvironment environment({.info = {.activity_id = "a-1", .attempt = 3, .heartbeat_timeout = 10s}});
  ActivityInfo seen;
  std::optional<std::chrono::nanoseconds> lease_left;
  static_cast<void>(environment.run(
      twice,
      [&](ActivityContext& context, int) {
        seen = context.info();
        lease_left = context.lease_left();
        return 0;
      },
      1));
  CHECK(seen.activity_id == "a-1");
  CHECK(seen.activity_type == "twice");
  CHECK(seen.attempt == 3);
  CHECK(seen.namespace_name == "default");
  CHECK(seen.standalone());
  CHECK(seen.started_time == std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  CHECK(lease_left == 10s);
}

TEST_CASE("heartbeats in an environment", "[testing]") {
  SECTION("are seen as they are called and as they are sent") {
    ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
    const auto run = environment.run(count, count_slowly, 10);
    CHECK(numbers(run.called) == std::vector{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    CHECK(times(run.called) == std::vector<std::int64_t>{1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000});
    // The worker's own beat, then one each 4 s: 0.8 of the timeout. What waits leaves before the activity wakes up.
    CHECK(times(run.sent) == std::vector<std::int64_t>{25, 1000, 5000, 9000});
    CHECK(numbers({run.sent.begin() + 1, run.sent.end()}) == std::vector{1, 4, 8});
    CHECK(run.sent[1].acknowledged);
  }
  SECTION("leave the newest one that was acknowledged") {
    ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
    const auto run = environment.run(count, count_slowly, 10);
    CHECK(run.left.value<int>().value() == 8);
  }
  SECTION("leave the newest one when the attempt fails") {
    ActivityEnvironment environment;
    const auto fails = [](ActivityContext& context, int) -> int {
      for (int i = 1; i <= 3; ++i) context.heartbeat(i);
      throw std::runtime_error("boom");
    };
    const auto run = environment.run(count, fails, 1);
    CHECK(run.left.value<int>().value() == 3);
    CHECK(numbers(run.sent) == std::vector{1, 3});
  }
  SECTION("may carry several values, or none") {
    ActivityEnvironment environment;
    const auto beats = [](ActivityContext& context, int) {
      context.heartbeat();
      context.heartbeat("at", 7);
      return 0;
    };
    const auto run = environment.run(count, beats, 1);
    REQUIRE(run.called.size() == 2);
    CHECK(run.called[0].details.value().empty());
    CHECK((run.called[1].values<std::string, int>().value() == std::tuple("at", 7)));
  }
  SECTION("find what earlier attempts left") {
    ActivityEnvironment environment;
    environment.set_previous_details(7);
    const auto run = environment.run(count, count_slowly, 9);
    CHECK(numbers(run.called) == std::vector{8, 9});
  }
  SECTION("are handed to the attempt that continues") {
    ActivityEnvironment environment({.info = {.heartbeat_timeout = 5s}});
    environment.stop_at(6500ms, StopCause::kLeaseLost);
    const auto first = environment.run(count, count_slowly, 10);
    CHECK(first.end == AttemptEndKind::kAbandoned);
    CHECK(first.left.value<int>().value() == 4);
    environment.continue_after(first);
    std::int32_t attempt = 0;
    int found = 0;
    static_cast<void>(environment.run(
        count,
        [&](ActivityContext& context, int) {
          attempt = context.info().attempt;
          return found = *context.checkpoint<int>();
        },
        10));
    CHECK(attempt == 2);
    CHECK(found == 4);
  }
  SECTION("with a value that cannot be encoded fail the attempt") {
    auto converter = DataConverter().use<int>(
        [](const int&) -> Result<Payload> { return Error{ErrorCode::kUndecodable, "no numbers"}; },
        [](const Payload&) { return 1; });
    ActivityEnvironment environment({.converter = converter});
    const auto beats = [](ActivityContext& context, const Payloads&) {
      context.heartbeat(1);
      context.throw_if_stopped();
      return Payloads();
    };
    const auto run = environment.run(dynamic_activity("any"), beats, Payloads());
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().failure->type == "HeartbeatDetailsError");
    CHECK(run.stop_causes == std::vector{StopCause::kBrokenDetails});
    CHECK_THAT(run.called.at(0).details.error().message, ContainsSubstring("no numbers"));
    REQUIRE(run.sent.size() == 1);  // With what was known before: nothing.
    CHECK(run.sent[0].details.value().empty());
  }
  SECTION("with a value that cannot even be copied fail the attempt") {
    ActivityEnvironment environment;
    const auto run = environment.run(
        twice,
        [](ActivityContext& context, int) {
          context.heartbeat(Sour());
          return 0;
        },
        1);
    REQUIRE_FALSE(run.result);
    CHECK(run.result.error().failure->type == "HeartbeatDetailsError");
    REQUIRE(run.called.size() == 1);
    CHECK_THAT(run.called[0].details.error().message, ContainsSubstring("no copy today"));
  }
  SECTION("may come from threads of the activity's own") {
    ActivityEnvironment environment;
    const auto run = environment.run(
        twice,
        [](ActivityContext& context, int) {
          std::vector<std::thread> threads;
          for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&context, thread] {
              for (int i = 0; i < 50; ++i) context.heartbeat(thread);
            });
          }
          for (auto& thread : threads) thread.join();
          return 0;
        },
        1);
    CHECK(run.result);
    CHECK(run.called.size() == 200);
  }
}
