#include <limits>

#include "unit/machine/states.h"

namespace longbeat::server {

TEST_CASE("a failed attempt", "[server][machine][retry]") {
  ActivityState state = started({.retry = {.initial_interval = 3s, .maximum_attempts = 2}});
  const auto fail = [&state](Time now) { return transition(state, application_failure(state), now).value(); };
  CHECK(fail(kStart + 1s).changed == (kProgress | kLastFailure));
  SECTION("waits for its backoff, with what may be kept of the failure") {
    CHECK(state.progress.attempt == 2);
    CHECK(state.progress.stamp == 2);
    CHECK(plan(state).dispatch_at == kStart + 4s);
    CHECK(state.progress.current_retry_interval == 3s);
    CHECK(state.progress.last_attempt_complete_time == kStart + 1s);
    CHECK(state.last_failure->opaque == "short failure");
  }
  SECTION("closes with the whole failure when the attempts are used up") {
    transition(state, PickedUp{}, kStart + 4s).value();
    CHECK(fail(kStart + 5s).changed == (kProgress | kLastFailure | kOutcome));
    CHECK(state.outcome->retry_state == RetryState::kMaximumAttemptsReached);
    CHECK(state.outcome->failure.opaque == "whole failure");
    CHECK(state.last_failure->opaque == "whole failure");
  }
}

TEST_CASE("details inside a failure report are one more heartbeat", "[server][machine][retry]") {
  ActivityState state = started();
  Failed failed = application_failure(state);
  failed.last_heartbeat_details = "99 %";
  CHECK(transition(state, std::move(failed), kStart + 1s).value().changed == (kProgress | kLastFailure | kDetails));
  CHECK(state.heartbeat_details == "99 %");
  CHECK(state.progress.heartbeat_count == 1);
  CHECK(state.progress.last_heartbeat_time == kStart + 1s);
}

TEST_CASE("a failure that the worker did not give", "[server][machine][retry]") {
  ActivityState state = started({.retry = {.maximum_attempts = 2}});
  state.last_failure = StoredFailure{.message = "older"};
  transition(state, Failed{.attempt = held(state)}, kStart).value();
  CHECK(state.progress.attempt == 2);
  CHECK_FALSE(state.last_failure.has_value());
  transition(state, PickedUp{}, kStart + 1s).value();
  transition(state, Failed{.attempt = held(state)}, kStart + 1s).value();
  CHECK(state.outcome->failure.message == "activity task failed without failure details");
  CHECK(state.outcome->has_failure);
}

TEST_CASE("the order of the retry decision", "[server][machine][retry]") {
  const ActivityOptions last_attempt{.timeouts = {.schedule_to_close = 2s, .start_to_close = 2s},
                                     .retry = {.initial_interval = 1s, .maximum_attempts = 1}};
  const auto why = [](Phase phase, ActivityOptions options, bool non_retryable) {
    ActivityState state = in_phase(phase, std::move(options));
    transition(state, application_failure(state, "Boom", non_retryable), kStart + 1s).value();
    return state.outcome ? state.outcome->retry_state : RetryState::kInProgress;
  };
  ActivityOptions no_time = last_attempt;
  no_time.retry.maximum_attempts = 0;
  ActivityOptions just_enough = no_time;
  just_enough.retry.initial_interval = 1s - 1ns;
  CHECK(why(Phase::kResetRequested, last_attempt, true) == RetryState::kInProgress);
  CHECK(why(Phase::kCancelRequested, last_attempt, true) == RetryState::kCancelRequested);
  CHECK(why(Phase::kStarted, last_attempt, true) == RetryState::kNonRetryableFailure);
  CHECK(why(Phase::kStarted, last_attempt, false) == RetryState::kMaximumAttemptsReached);
  CHECK(why(Phase::kStarted, no_time, false) == RetryState::kTimeout);
  CHECK(why(Phase::kStarted, just_enough, false) == RetryState::kInProgress);
}

TEST_CASE("a pending reset goes back to attempt 1 at once", "[server][machine][retry]") {
  ActivityState state = in_phase(Phase::kResetRequested);
  state.progress.attempt = 5;
  transition(state, application_failure(state, "Boom", true), kStart + 1s).value();
  CHECK(state.progress.attempt == 1);
  CHECK(state.progress.stamp == 2);
  CHECK(plan(state).dispatch_at == kStart + 1s);
}

TEST_CASE("a delay asked by the worker replaces the interval once, uncapped", "[server][machine][retry]") {
  ActivityState state = started({.retry = {.initial_interval = 1s, .maximum_interval = 2s}});
  Failed failed = application_failure(state);
  failed.facts.next_retry_delay = 1h;
  transition(state, failed, kStart).value();
  CHECK(plan(state).dispatch_at == kStart + 1h);
  transition(state, PickedUp{}, kStart + 1h).value();
  transition(state, application_failure(state), kStart + 1h).value();
  CHECK(plan(state).dispatch_at == kStart + 1h + 2s);
}

TEST_CASE("a delay asked by the worker is not told any more once it is over", "[server][machine][retry]") {
  ActivityState state = started();
  Failed failed = application_failure(state);
  failed.facts.next_retry_delay = 30s;
  transition(state, failed, kStart).value();
  CHECK(state.progress.interval_from_worker);
  transition(state, PickedUp{}, kStart + 30s).value();
  CHECK_FALSE(state.progress.interval_from_worker);
  CHECK(state.progress.current_retry_interval == 0s);
}

TEST_CASE("which failures may be retried", "[server][machine][retry]") {
  using Kind = FailureFacts::Kind;
  const RetryPolicy policy{.non_retryable_error_types = {"Fatal", "TemporalTimeout:Heartbeat"}};
  CHECK(retryable({.kind = Kind::kNone}, policy));
  CHECK(retryable({.kind = Kind::kOther}, policy));
  CHECK(retryable({.kind = Kind::kServer}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kServer, .non_retryable = true}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kCanceled}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kTerminated}, policy));
  CHECK(retryable({.kind = Kind::kApplication, .type = "fatal"}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kApplication, .type = "Fatal"}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kApplication, .type = "x", .non_retryable = true}, policy));
  CHECK(retryable({.kind = Kind::kTimeout, .timeout = TimeoutType::kStartToClose}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kTimeout, .timeout = TimeoutType::kHeartbeat}, policy));
  CHECK(retryable({.kind = Kind::kTimeout, .timeout = TimeoutType::kHeartbeat}, {}));
  CHECK_FALSE(retryable({.kind = Kind::kTimeout, .timeout = TimeoutType::kScheduleToClose}, policy));
  CHECK_FALSE(retryable({.kind = Kind::kTimeout, .timeout = TimeoutType::kScheduleToStart}, policy));
}

TEST_CASE("the retry interval", "[server][machine][retry]") {
  const RetryPolicy policy{.initial_interval = 1s, .backoff_coefficient = 2.0, .maximum_interval = 100s};
  CHECK(retry_interval(policy, 1) == 1s);
  CHECK(retry_interval(policy, 2) == 2s);
  CHECK(retry_interval(policy, 7) == 64s);
  CHECK(retry_interval(policy, 8) == 100s);
  CHECK(retry_interval({.backoff_coefficient = 1.0}, 1'000'000) == 1s);
  CHECK(retry_interval({.initial_interval = 10s, .backoff_coefficient = 1.5}, 3) == 22500ms);
  constexpr auto last = std::numeric_limits<std::int32_t>::max();
  CHECK(retry_interval(policy, last) == 100s);
  CHECK(retry_interval({.backoff_coefficient = 1e300, .maximum_interval = Duration(0)}, last) == Duration::max());
  CHECK(retry_interval({.maximum_interval = Duration::max()}, last) == Duration::max());
}

}  // namespace longbeat::server
