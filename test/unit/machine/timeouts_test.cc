#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

StoredFailure timeout(TimeoutType type, std::string message, std::string details = {}) {
  StoredFailure failure{.kind = StoredFailure::Kind::kTimeout, .message = std::move(message), .timeout = type};
  failure.details = std::move(details);
  return failure;
}

}  // namespace

TEST_CASE("a deadline", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.start_to_close = 10s}});
  SECTION("does nothing before it has passed") {
    CHECK(transition(state, DeadlinePassed{}, kStart + 10s - 1ns).value().changed == kNothing);
    CHECK(transition(state, DeadlinePassed{}, kStart + 10s).value().changed == (kProgress | kLastFailure));
  }
  SECTION("of a held attempt is later by the server's own standstill") {
    CHECK(transition(state, DeadlinePassed{.attempt_grace = 5s}, kStart + 15s - 1ns).value().changed == kNothing);
    CHECK(transition(state, DeadlinePassed{.attempt_grace = 5s}, kStart + 15s).value().changed != kNothing);
  }
}

TEST_CASE("each deadline of a held attempt has its own grace", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.schedule_to_close = 30s, .start_to_close = 12s, .heartbeat = 10s}});
  CHECK(plan(state).deadline == kStart + 10s);
  CHECK(plan(state, {.attempt_grace = 5s, .beat_grace = 1s}).deadline == kStart + 11s);
  CHECK(plan(state, {.attempt_grace = 5s, .beat_grace = 9s}).deadline == kStart + 17s);
  CHECK(plan(state, {.attempt_grace = 1h, .beat_grace = 2h}).deadline == kStart + 12s + 1h);
  const DeadlinePassed grace{.attempt_grace = 5s, .beat_grace = 9s};
  CHECK(transition(state, grace, kStart + 17s - 1ns).value().changed == kNothing);
  transition(state, grace, kStart + 17s).value();
  CHECK(state.last_failure->timeout == TimeoutType::kStartToClose);
}

TEST_CASE("a retried heartbeat timeout", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.start_to_close = 60s, .heartbeat = 5s}});
  state.last_failure = StoredFailure{.message = "older"};
  transition(state, Heartbeat{held(state), "50 %"}, kStart + 3s).value();
  CHECK(plan(state).deadline == kStart + 8s);
  transition(state, DeadlinePassed{}, kStart + 8s).value();
  SECTION("keeps the details for the next attempt, but not in the failure") {
    CHECK(state.progress.attempt == 2);
    CHECK(state.heartbeat_details == "50 %");
    CHECK(state.last_failure == timeout(TimeoutType::kHeartbeat, "activity Heartbeat timeout"));
    CHECK(plan(state).dispatch_at == kStart + 9s);
  }
  SECTION("gives the next attempt a full heartbeat timeout from its start") {
    transition(state, PickedUp{}, kStart + 20s).value();
    CHECK(plan(state).deadline == kStart + 25s);
  }
}

TEST_CASE("a timeout that closes tells the last details and the earlier failure", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.start_to_close = 10s}, .retry = {.maximum_attempts = 1}});
  state.last_failure = StoredFailure{.message = "earlier"};
  state.heartbeat_details = "50 %";
  const auto check = [&state](RetryState why) {
    StoredFailure expected = timeout(TimeoutType::kStartToClose, "activity StartToClose timeout", "50 %");
    expected.cause.push_back({.message = "earlier"});
    CHECK(state.progress.phase == Phase::kTimedOut);
    CHECK(state.outcome->failure == expected);
    CHECK(state.last_failure == expected);
    CHECK(state.outcome->retry_state == why);
  };
  SECTION("when the attempts are used up") {
    transition(state, DeadlinePassed{}, kStart + 10s).value();
    check(RetryState::kMaximumAttemptsReached);
  }
  SECTION("when a cancel was requested, which wins over attempts used up") {
    transition(state, CancelRequested{"c", "", "", ""}, kStart + 1s).value();
    transition(state, DeadlinePassed{}, kStart + 10s).value();
    check(RetryState::kCancelRequested);
  }
}

TEST_CASE("a timeout that closes has its last failure written too", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.start_to_close = 10s}, .retry = {.maximum_attempts = 1}});
  const Applied applied = transition(state, DeadlinePassed{}, kStart + 10s).value();
  CHECK(state.progress.phase == Phase::kTimedOut);
  CHECK((applied.changed & kLastFailure) != 0);
  CHECK((applied.changed & kOutcome) != 0);
}

TEST_CASE("a listed timeout type closes at the first attempt", "[server][machine][timeout]") {
  ActivityState state = started(
      {.timeouts = {.start_to_close = 10s}, .retry = {.non_retryable_error_types = {"TemporalTimeout:StartToClose"}}});
  transition(state, DeadlinePassed{}, kStart + 10s).value();
  CHECK(state.outcome->retry_state == RetryState::kNonRetryableFailure);
  CHECK(state.progress.phase == Phase::kTimedOut);
}

TEST_CASE("an attempt's timeout whose retry does not fit closes at once as schedule-to-close",
          "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.schedule_to_close = 6s, .start_to_close = 6s, .heartbeat = 5s}});
  state.heartbeat_details = "50 %";
  state.last_failure = StoredFailure{.message = "earlier"};
  transition(state, DeadlinePassed{}, kStart + 5s).value();
  StoredFailure expected = timeout(
      TimeoutType::kScheduleToClose,
      "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying", "50 %");
  expected.cause.push_back({.message = "earlier"});
  CHECK(state.progress.phase == Phase::kTimedOut);
  CHECK(state.outcome->failure == expected);
  CHECK(state.outcome->retry_state == RetryState::kTimeout);
  CHECK(state.last_failure == timeout(TimeoutType::kHeartbeat, "activity Heartbeat timeout"));
}

TEST_CASE("schedule-to-start", "[server][machine][timeout]") {
  ActivityState state = scheduled({.timeouts = {.schedule_to_start = 10s, .start_to_close = 60s}, .start_delay = 5s});
  SECTION("counts from the start delay's end and is never retried") {
    CHECK(transition(state, DeadlinePassed{}, kStart + 15s - 1ns).value().changed == kNothing);
    CHECK(transition(state, DeadlinePassed{.attempt_grace = 1h, .beat_grace = 1h}, kStart + 15s).value().changed ==
          (kProgress | kOutcome));
    CHECK(state.outcome->failure == timeout(TimeoutType::kScheduleToStart, "activity ScheduleToStart timeout"));
    CHECK(state.outcome->retry_state == RetryState::kTimeout);
    CHECK_FALSE(state.last_failure.has_value());
  }
  SECTION("does not count while paused") {
    transition(state, PauseRequested{"p", "", ""}, kStart).value();
    CHECK(transition(state, DeadlinePassed{}, kStart + 1h).value().changed == kNothing);
  }
  SECTION("counts from the end of the backoff for a later attempt") {
    transition(state, PickedUp{}, kStart + 6s).value();
    transition(state, application_failure(state), kStart + 7s).value();
    CHECK(plan(state).deadline == kStart + 18s);
  }
}

TEST_CASE("schedule-to-start and schedule-to-close together", "[server][machine][timeout]") {
  const auto type_at = [](ActivityState state, Time now) {
    transition(state, DeadlinePassed{}, now).value();
    return state.outcome->failure.timeout;
  };
  SECTION("at one time: it is the start that did not come") {
    const auto state = scheduled({.timeouts = {.schedule_to_close = 10s, .schedule_to_start = 10s}});
    CHECK(type_at(state, kStart + 10s) == TimeoutType::kScheduleToStart);
    CHECK(type_at(state, kStart + 1h) == TimeoutType::kScheduleToStart);
  }
  SECTION("both passed while nobody looked: the earlier one closed it") {
    const auto state = scheduled({.timeouts = {.schedule_to_close = 10s, .schedule_to_start = 5s}});
    CHECK(type_at(state, kStart + 1h) == TimeoutType::kScheduleToStart);
  }
  SECTION("and a retry that waits when its time is over: schedule-to-close came first") {
    auto state = started({.timeouts = {.schedule_to_close = 10s, .schedule_to_start = 10s}});
    transition(state, application_failure(state), kStart + 6s).value();
    CHECK(type_at(state, kStart + 10s) == TimeoutType::kScheduleToClose);
    CHECK(type_at(state, kStart + 1h) == TimeoutType::kScheduleToClose);
  }
}

TEST_CASE("schedule-to-close", "[server][machine][timeout]") {
  ActivityState state = started({.timeouts = {.schedule_to_close = 10s, .start_to_close = 10s}, .start_delay = 5s});
  SECTION("counts from the start delay's end, also over retries") {
    transition(state, application_failure(state), kStart + 6s).value();
    CHECK(plan(state).deadline == kStart + 15s);
    const auto failure = state.last_failure;
    transition(state, DeadlinePassed{}, kStart + 15s).value();
    CHECK(state.outcome->failure.timeout == TimeoutType::kScheduleToClose);
    CHECK(state.outcome->failure.message == "activity ScheduleToClose timeout");
    CHECK(state.outcome->failure.cause == std::vector<StoredFailure>{*failure});
    CHECK(state.last_failure == failure);
  }
  SECTION("wins over another deadline that has passed too") {
    transition(state, DeadlinePassed{}, kStart + 1h).value();
    CHECK(state.outcome->failure.message == "activity ScheduleToClose timeout");
    CHECK(state.outcome->retry_state == RetryState::kTimeout);
  }
  SECTION("says so when a cancel was requested") {
    transition(state, CancelRequested{"c", "", "", ""}, kStart + 6s).value();
    transition(state, DeadlinePassed{}, kStart + 1h).value();
    CHECK(state.outcome->retry_state == RetryState::kCancelRequested);
  }
}

}  // namespace longbeat::server
