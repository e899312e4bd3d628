#include "unit/machine/states.h"

namespace longbeat::server {
namespace {

Applied pause(ActivityState& state, Time now, const std::string& id = "pause") {
  return transition(state, PauseRequested{id, "me", "why"}, now).value();
}
Applied unpause(ActivityState& state, Time now, Duration jitter = 0s, const std::string& id = "unpause") {
  return transition(state, UnpauseRequested{id, jitter}, now).value();
}
Applied reset(ActivityState& state, Time now, ResetRequested event = {}) {
  event.request_id = "reset";
  return transition(state, event, now).value();
}
/// Waits for its second attempt, due at kStart + 11 s.
ActivityState backing_off() {
  ActivityState state = started({.retry = {.initial_interval = 10s}});
  transition(state, Heartbeat{held(state), "50 %"}, kStart).value();
  transition(state, application_failure(state), kStart + 1s).value();
  return state;
}

}  // namespace

TEST_CASE("a pause", "[server][machine][operator]") {
  SECTION("of a scheduled activity withdraws its task") {
    ActivityState state = scheduled();
    const auto stamp = state.progress.stamp;
    CHECK(pause(state, kStart + 1s).changed == kProgress);
    CHECK(state.progress.stamp == stamp + 1);
    CHECK_FALSE(plan(state).dispatch_at.has_value());
    CHECK(state.progress.notes->pause_identity == "me");
    CHECK(state.progress.notes->pause_reason == "why");
    CHECK_FALSE(transition(state, PickedUp{}, kStart + 1s).ok());
  }
  SECTION("of a held attempt is advice: its token stays and its completion wins") {
    ActivityState state = started();
    pause(state, kStart + 1s);
    CHECK(transition(state, Heartbeat{held(state), ""}, kStart + 2s).value().activity_paused);
    transition(state, Completed{held(state), "42"}, kStart + 3s).value();
    CHECK(state.progress.phase == Phase::kCompleted);
  }
  SECTION("of a held attempt lands after a failure that may be retried, one attempt later") {
    ActivityState state = started({.retry = {.initial_interval = 10s}});
    pause(state, kStart);
    transition(state, application_failure(state), kStart + 1s).value();
    CHECK(state.progress.phase == Phase::kPaused);
    CHECK(state.progress.attempt == 2);
    SECTION("and keeps the backoff for the unpause") {
      unpause(state, kStart + 2s);
      CHECK(plan(state).dispatch_at == kStart + 11s);
    }
  }
  SECTION("of a held attempt lands after a timeout that may be retried") {
    ActivityState state = started({.timeouts = {.start_to_close = 10s}});
    pause(state, kStart);
    transition(state, DeadlinePassed{}, kStart + 10s).value();
    CHECK(state.progress.phase == Phase::kPaused);
    CHECK(state.progress.attempt == 2);
  }
  SECTION("is not repeated by its request ID, even after a later unpause") {
    ActivityState state = scheduled();
    pause(state, kStart);
    unpause(state, kStart);
    CHECK(pause(state, kStart).changed == kNothing);
    CHECK(state.progress.phase == Phase::kScheduled);
    CHECK(pause(state, kStart, "another").changed == kProgress);
  }
}

TEST_CASE("schedule-to-close goes on while paused", "[server][machine][operator]") {
  ActivityState state =
      scheduled({.timeouts = {.schedule_to_close = 10s, .schedule_to_start = 5s, .start_to_close = 10s}});
  pause(state, kStart + 1s);
  CHECK(plan(state).deadline == kStart + 10s);
  transition(state, DeadlinePassed{}, kStart + 10s).value();
  CHECK(state.progress.phase == Phase::kTimedOut);
  CHECK(state.outcome->failure.message == "activity ScheduleToClose timeout");
}

TEST_CASE("an unpause", "[server][machine][operator]") {
  SECTION("makes due at once what has nothing left to wait for") {
    ActivityState state = scheduled({.timeouts = {.schedule_to_start = 5s, .start_to_close = 9s}});
    pause(state, kStart);
    const auto stamp = state.progress.stamp;
    unpause(state, kStart + 1h);
    CHECK(state.progress.stamp == stamp + 1);
    CHECK(plan(state).dispatch_at == kStart + 1h);
    CHECK(plan(state).deadline == kStart + 1h + 5s);
  }
  SECTION("honours what is left of the backoff, however often it is paused") {
    ActivityState state = backing_off();
    for (int i = 2; i < 8; ++i) {
      pause(state, kStart + i * 1s, "p" + std::to_string(i));
      unpause(state, kStart + i * 1s + 500ms, 0s, "u" + std::to_string(i));
      CHECK(plan(state).dispatch_at == kStart + 11s);
      CHECK(state.progress.current_retry_interval == 10s);
    }
  }
  SECTION("after the backoff is over dispatches now, and the wait is over") {
    ActivityState state = backing_off();
    pause(state, kStart + 2s);
    unpause(state, kStart + 20s);
    CHECK(plan(state).dispatch_at == kStart + 20s);
    CHECK(state.progress.current_retry_interval == 0s);
    CHECK(state.progress.attempt == 2);
  }
  SECTION("honours what is left of the start delay") {
    ActivityState state = scheduled({.start_delay = 10s});
    pause(state, kStart + 1s);
    unpause(state, kStart + 2s);
    CHECK(plan(state).dispatch_at == kStart + 10s);
  }
  SECTION("comes later by its jitter, which a wait that is longer anyway swallows") {
    ActivityState state = backing_off();
    pause(state, kStart + 2s);
    unpause(state, kStart + 3s, 4s);
    CHECK(plan(state).dispatch_at == kStart + 11s);
    pause(state, kStart + 4s, "p2");
    unpause(state, kStart + 10s, 4s, "u2");
    CHECK(plan(state).dispatch_at == kStart + 14s);
    SECTION("and is drawn anew by the next one") {
      pause(state, kStart + 12s, "p3");
      unpause(state, kStart + 12s, 0s, "u3");
      CHECK(plan(state).dispatch_at == kStart + 12s);
    }
  }
  SECTION("of an attempt that never stopped changes nothing else") {
    ActivityState state = in_phase(Phase::kPauseRequested);
    const auto stamp = state.progress.stamp;
    unpause(state, kStart + 1s, 5s);
    CHECK(state.progress.phase == Phase::kStarted);
    CHECK(state.progress.stamp == stamp);
    CHECK_FALSE(transition(state, Heartbeat{held(state), ""}, kStart).value().activity_paused);
  }
}

TEST_CASE("a reset of what no worker holds", "[server][machine][operator]") {
  ActivityState state = backing_off();
  SECTION("drops the backoff and dispatches attempt 1 now, with the details kept") {
    const auto stamp = state.progress.stamp;
    CHECK(reset(state, kStart + 2s).changed == kProgress);
    CHECK(state.progress.attempt == 1);
    CHECK(state.progress.stamp == stamp + 1);
    CHECK(state.progress.current_retry_interval == 0s);
    CHECK(plan(state).dispatch_at == kStart + 2s);
    CHECK(state.heartbeat_details == "50 %");
  }
  SECTION("clears the details when asked") {
    CHECK(reset(state, kStart + 2s, {.reset_heartbeat = true}).changed == (kProgress | kDetails));
    CHECK(state.heartbeat_details.empty());
  }
  SECTION("waits for its jitter") {
    reset(state, kStart + 2s, {.delay = 3s});
    CHECK(plan(state).dispatch_at == kStart + 5s);
  }
  SECTION("ends a pause") {
    pause(state, kStart + 2s);
    reset(state, kStart + 3s);
    CHECK(plan(state).dispatch_at == kStart + 3s);
  }
  SECTION("or keeps it, at attempt 1 and without the backoff") {
    pause(state, kStart + 2s);
    reset(state, kStart + 3s, {.keep_paused = true});
    CHECK(state.progress.phase == Phase::kPaused);
    CHECK(state.progress.attempt == 1);
    unpause(state, kStart + 4s);
    CHECK(plan(state).dispatch_at == kStart + 4s);
  }
  SECTION("honours what is left of the start delay") {
    state = scheduled({.start_delay = 10s});
    reset(state, kStart + 1s, {.delay = 3s});
    CHECK(plan(state).dispatch_at == kStart + 10s);
  }
  SECTION("outdates the token of the attempt before, whose number comes again") {
    state = started();
    const AttemptRef old = held(state);
    transition(state, HandOutUndone{old}, kStart).value();
    reset(state, kStart + 1s);
    transition(state, PickedUp{}, kStart + 1s).value();
    CHECK(held(state).attempt == old.attempt);
    CHECK_FALSE(transition(state, Heartbeat{old, ""}, kStart + 2s).ok());
  }
}

TEST_CASE("a reset of a held attempt", "[server][machine][operator]") {
  ActivityState state = started({.retry = {.maximum_attempts = 1}});
  transition(state, Heartbeat{held(state), "50 %"}, kStart).value();
  SECTION("is deferred: the token stays valid and heartbeats tell of it") {
    CHECK(reset(state, kStart + 1s, {.delay = 1h}).changed == kProgress);
    CHECK(transition(state, Heartbeat{held(state), "60 %"}, kStart + 2s).value().activity_reset);
    SECTION("and lands at once when the attempt fails, on its last attempt and for good, without jitter") {
      const AttemptRef old = held(state);
      const auto applied = transition(state, application_failure(state, "Bad", true), kStart + 3s).value();
      CHECK(applied.changed == (kProgress | kLastFailure));
      CHECK(state.progress.phase == Phase::kScheduled);
      CHECK(state.progress.attempt == 1);
      CHECK(state.progress.current_retry_interval == 0s);
      CHECK(plan(state).dispatch_at == kStart + 3s);
      CHECK(state.heartbeat_details == "60 %");
      CHECK(state.last_failure->opaque == "short failure");
      transition(state, PickedUp{}, kStart + 3s).value();
      CHECK_FALSE(transition(state, Heartbeat{old, ""}, kStart + 4s).ok());
    }
    SECTION("and lands when it times out") {
      transition(state, DeadlinePassed{}, kStart + 60s).value();
      CHECK(state.progress.phase == Phase::kScheduled);
      CHECK(state.progress.attempt == 1);
    }
    SECTION("and is discarded when it completes") {
      transition(state, Completed{held(state), "42"}, kStart + 3s).value();
      CHECK(state.outcome == Outcome{.result = "42"});
    }
    SECTION("and a second one is refused") {
      CHECK(transition(state, ResetRequested{.request_id = "another"}, kStart).error().message ==
            "cannot reset an activity with a pending reset");
    }
  }
  SECTION("clears the details when it lands, also those that came in between") {
    reset(state, kStart + 1s, {.reset_heartbeat = true});
    CHECK(state.heartbeat_details == "50 %");
    Failed failed = application_failure(state);
    failed.last_heartbeat_details = "99 %";
    CHECK(transition(state, std::move(failed), kStart + 2s).value().changed == (kProgress | kLastFailure | kDetails));
    CHECK(state.heartbeat_details.empty());
    CHECK(state.progress.heartbeat_count == 2);
  }
  SECTION("lands paused when a pause is pending and kept") {
    pause(state, kStart + 1s);
    reset(state, kStart + 2s, {.keep_paused = true});
    transition(state, application_failure(state), kStart + 3s).value();
    CHECK(state.progress.phase == Phase::kPaused);
    CHECK(state.progress.attempt == 1);
    CHECK((state.progress.pending_reset == PendingReset{}));
  }
  SECTION("cancels a pending pause that is not kept") {
    pause(state, kStart + 1s);
    reset(state, kStart + 2s);
    transition(state, application_failure(state), kStart + 3s).value();
    CHECK(state.progress.phase == Phase::kScheduled);
  }
  SECTION("keeps no pause where there is none") {
    reset(state, kStart + 2s, {.keep_paused = true});
    transition(state, application_failure(state), kStart + 3s).value();
    CHECK(state.progress.phase == Phase::kScheduled);
  }
  SECTION("lands when the hand-out is undone") {
    reset(state, kStart + 2s, {.reset_heartbeat = true});
    CHECK(transition(state, HandOutUndone{held(state)}, kStart + 3s).value().changed == (kProgress | kDetails));
    CHECK(state.progress.phase == Phase::kScheduled);
  }
  SECTION("is refused once a cancel is pending") {
    transition(state, CancelRequested{"c", "", "", ""}, kStart).value();
    CHECK(transition(state, ResetRequested{.request_id = "r"}, kStart).error().message ==
          "cannot reset an activity with a pending cancellation");
  }
}

}  // namespace longbeat::server
