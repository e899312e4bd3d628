// The timeouts of the server that an ActivityEnvironment stands for: what the caller would get is theirs.
#include <stdexcept>
#include <vector>

#include "support/catch.h"
#include "testing/attempt_deadlines.h"
#include "unit/testing/activities.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using internal::AttemptDeadlines;
using testing::ActivityEnvironment;

namespace {

/// Runs `body` as an activity.
testing::ActivityRun<int> run(ActivityEnvironment& environment, std::function<int(ActivityContext&)> body) {
  return environment.run(twice, [&](ActivityContext& context, int) { return body(context); }, 1);
}

/// Says which of them has cost the activity its end; kUnspecified: none.
TimeoutType timeout_of(const testing::ActivityRun<int>& run) {
  if (run.result || run.result.error().code != ErrorCode::kActivityTimedOut) return TimeoutType::kUnspecified;
  return run.result.error().failure->timeout_type;
}

internal::ActivityTask with_limits(std::chrono::nanoseconds schedule_to_close, std::chrono::nanoseconds start_to_close,
                                   std::chrono::nanoseconds heartbeat) {
  internal::ActivityTask task;
  task.schedule_to_close = schedule_to_close;
  task.start_to_close = start_to_close;
  task.heartbeat = heartbeat;
  return task;
}

}  // namespace

TEST_CASE("an attempt's deadlines", "[testing][timeouts]") {
  using Deadline = AttemptDeadlines::Deadline;
  SECTION("are none without limits") {
    CHECK_FALSE(AttemptDeadlines().next());
    CHECK_FALSE(AttemptDeadlines(with_limits(0s, 0s, 0s)).passed(std::chrono::nanoseconds::max()));
  }
  SECTION("have passed at their time, and not a moment earlier") {
    const AttemptDeadlines deadlines(with_limits(0s, 5s, 0s));
    CHECK_FALSE(deadlines.passed(5s - 1ns));
    CHECK(deadlines.passed(5s));
  }
  SECTION("come in order of time") {
    CHECK(AttemptDeadlines(with_limits(3s, 2s, 1s)).next() == Deadline{1s, TimeoutType::kHeartbeat});
    CHECK(AttemptDeadlines(with_limits(2s, 1s, 3s)).next() == Deadline{1s, TimeoutType::kStartToClose});
    CHECK(AttemptDeadlines(with_limits(1s, 3s, 2s)).next() == Deadline{1s, TimeoutType::kScheduleToClose});
  }
  SECTION("at one time come in the server's order") {
    CHECK(AttemptDeadlines(with_limits(1s, 1s, 1s)).next() == Deadline{1s, TimeoutType::kScheduleToClose});
    CHECK(AttemptDeadlines(with_limits(0s, 1s, 1s)).next() == Deadline{1s, TimeoutType::kStartToClose});
  }
  SECTION("of silence move with each heartbeat, the others do not") {
    AttemptDeadlines deadlines(with_limits(0s, 10s, 4s));
    deadlines.beaten(3s);
    CHECK(deadlines.next() == Deadline{7s, TimeoutType::kHeartbeat});
    deadlines.beaten(7s);
    CHECK(deadlines.next() == Deadline{10s, TimeoutType::kStartToClose});
  }
  SECTION("of the whole activity count what earlier attempts have used") {
    auto task = with_limits(10s, 0s, 0s);
    task.started_time = task.scheduled_time + 4s;
    CHECK(AttemptDeadlines(task).next() == Deadline{6s, TimeoutType::kScheduleToClose});
  }
  SECTION("too far away to be counted never pass") {
    AttemptDeadlines deadlines(with_limits(0s, 0s, std::chrono::nanoseconds::max()));
    deadlines.beaten(1s);
    CHECK(deadlines.next() == Deadline{std::chrono::nanoseconds::max(), TimeoutType::kHeartbeat});
  }
}

TEST_CASE("a result that comes after a timeout is not the activity's end", "[testing][timeouts]") {
  const auto too_late = [](ActivityInfo info) {
    ActivityEnvironment environment({.info = std::move(info)});
    return run(environment, [&](ActivityContext&) {
      environment.advance(2h);
      return 1;
    });
  };
  SECTION("start-to-close") {
    const auto late = too_late({.start_to_close_timeout = 1h});
    CHECK(timeout_of(late) == TimeoutType::kStartToClose);
    CHECK(late.end == AttemptEndKind::kAbandoned);
    CHECK(late.stop_causes == std::vector{StopCause::kTimedOut});
    CHECK_THAT(late.result.error().message,
               ContainsSubstring("activity StartToClose timeout") && ContainsSubstring("the report came too late"));
  }
  SECTION("schedule-to-close") {
    CHECK(timeout_of(too_late({.schedule_to_close_timeout = 1h})) == TimeoutType::kScheduleToClose);
    CHECK(timeout_of(too_late({.start_to_close_timeout = 1h, .schedule_to_close_timeout = 1h})) ==
          TimeoutType::kScheduleToClose);
  }
  SECTION("heartbeat") {
    CHECK(timeout_of(too_late({.heartbeat_timeout = 10s})) == TimeoutType::kHeartbeat);
    CHECK(timeout_of(too_late({.start_to_close_timeout = 1h, .heartbeat_timeout = 10s})) == TimeoutType::kHeartbeat);
  }
  SECTION("nor is a failure") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1h}});
    const auto late = run(environment, [&](ActivityContext&) -> int {
      environment.advance(2h);
      throw std::runtime_error("boom");
    });
    CHECK(timeout_of(late) == TimeoutType::kStartToClose);
  }
  SECTION("but one that comes just before it is") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1h}});
    const auto late = run(environment, [&](ActivityContext& context) {
      environment.advance(1h - 1ns);
      CHECK(context.stopped());  // A second before.
      return 7;
    });
    CHECK(late.result.value() == 7);
  }
}

TEST_CASE("a heartbeat that comes after a timeout", "[testing][timeouts]") {
  ActivityEnvironment environment({.info = {.start_to_close_timeout = 1min}});
  SECTION("is refused") {
    const auto late = run(environment, [&](ActivityContext& context) {
      context.heartbeat(1);
      environment.advance(2min);
      CHECK_FALSE(context.save_now(1s, 2));
      return 1;
    });
    CHECK(timeout_of(late) == TimeoutType::kStartToClose);
    CHECK(late.left.value<int>().value() == 1);
    CHECK(late.result.error().failure->details.size() == 1);  // How far it had come.
  }
  SECTION("that was under way for an outage is refused too") {
    ActivityEnvironment silent({.info = {.heartbeat_timeout = 10s}});
    silent.disconnect(0s, 1h);
    const auto late = run(silent, [](ActivityContext& context) {
      context.heartbeat(1);
      return 1;
    });
    CHECK(timeout_of(late) == TimeoutType::kHeartbeat);
    CHECK(late.end == AttemptEndKind::kAbandoned);
    CHECK_THAT(late.result.error().message, ContainsSubstring("did not reach the server in time"));
    CHECK(late.sent.size() < 100);  // Nobody goes on when nothing can count any more.
    CHECK(late.left.details.value().empty());
  }
}

TEST_CASE("an attempt of which nothing is reported ends by its next timeout", "[testing][timeouts]") {
  SECTION("when its lease was lost") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1h, .heartbeat_timeout = 10s}});
    const auto lost = run(environment, [](ActivityContext& context) {
      context.sleep_for(10min);
      context.throw_if_stopped();
      return 1;
    });
    CHECK(timeout_of(lost) == TimeoutType::kHeartbeat);
    CHECK_THAT(lost.result.error().message, ContainsSubstring("nothing was reported") && ContainsSubstring("lease"));
  }
  SECTION("when the connection never comes back") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1h}});
    environment.disconnect(0s);
    const auto cut_off = run(environment, [](ActivityContext&) { return 1; });
    CHECK(timeout_of(cut_off) == TimeoutType::kStartToClose);
    CHECK_THAT(cut_off.result.error().message, ContainsSubstring("could not reach the server"));
  }
  SECTION("but not when the server has been made to forget it") {
    ActivityEnvironment environment({.info = {.start_to_close_timeout = 1h}});
    environment.stop_at(0s, StopCause::kNotFound);
    CHECK(run(environment, [](ActivityContext&) { return 1; }).result.error().code == ErrorCode::kLeaseLost);
  }
}
