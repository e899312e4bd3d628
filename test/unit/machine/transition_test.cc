#include "unit/machine/states.h"

namespace longbeat::server {

TEST_CASE("a pick-up", "[server][machine]") {
  ActivityState state = scheduled({.start_delay = 5s});
  SECTION("is refused before the start delay has passed") {
    CHECK(transition(state, PickedUp{}, kStart + 5s - 1ns).error().code == internal::StatusCode::kFailedPrecondition);
    CHECK(state.progress.phase == Phase::kScheduled);
  }
  SECTION("records the worker, the time and the stamp") {
    CHECK(transition(state, PickedUp{"w", "sdk", "1.2"}, kStart + 6s).value().changed == kProgress);
    CHECK(state.progress.started_time == kStart + 6s);
    CHECK(state.progress.started_stamp == state.progress.stamp);
    CHECK(state.progress.worker_identity == "w");
    CHECK(state.progress.sdk_name == "sdk");
    CHECK(state.progress.sdk_version == "1.2");
  }
}

TEST_CASE("an undone hand-out", "[server][machine]") {
  ActivityState state = started();
  const AttemptRef first = held(state);
  transition(state, HandOutUndone{first}, kStart + 1ms).value();
  SECTION("keeps the attempt's number and is due at once") {
    CHECK(state.progress.attempt == 1);
    CHECK(plan(state).dispatch_at == kStart);
  }
  SECTION("outdates the token, and the next start is strictly later even at the same time") {
    transition(state, PickedUp{}, kStart).value();
    CHECK(state.progress.started_time == kStart + 1ns);
    CHECK_FALSE(transition(state, Heartbeat{first, ""}, kStart + 1s).ok());
    CHECK(transition(state, Heartbeat{held(state), ""}, kStart + 1s).ok());
  }
}

TEST_CASE("an undone hand-out of a canceled activity closes it with the reason", "[server][machine]") {
  ActivityState state = started();
  transition(state, CancelRequested{"c", "me", "why", "payloads"}, kStart).value();
  transition(state, HandOutUndone{held(state)}, kStart).value();
  CHECK(state.progress.phase == Phase::kCanceled);
  CHECK(state.outcome->failure.details == "payloads");
  CHECK(state.outcome->failure.identity == "me");
}

TEST_CASE("a heartbeat", "[server][machine]") {
  ActivityState state = started();
  SECTION("replaces the details, which must be durable") {
    CHECK(transition(state, Heartbeat{held(state), "50 %"}, kStart + 1s).value().changed == (kDetails | kBeatOnly));
    CHECK(state.heartbeat_details == "50 %");
    CHECK(state.progress.heartbeat_count == 1);
    CHECK(state.progress.last_heartbeat_time == kStart + 1s);
    SECTION("and with the same details moves time and count only") {
      CHECK(transition(state, Heartbeat{held(state), "50 %"}, kStart + 2s).value().changed == kBeatOnly);
      CHECK(state.progress.heartbeat_count == 2);
    }
    SECTION("and without details erases them") {
      CHECK(transition(state, Heartbeat{held(state), ""}, kStart + 2s).value().changed == (kDetails | kBeatOnly));
      CHECK(state.heartbeat_details.empty());
    }
  }
  SECTION("moves the details out of an event that is given away") {
    const std::string large(1000, 'x');
    Heartbeat beat{held(state), large};
    const char* bytes = beat.details.data();
    transition(state, std::move(beat), kStart).value();
    CHECK(state.heartbeat_details.data() == bytes);
  }
  SECTION("keeps the details of a refused event") {
    Heartbeat beat{AttemptRef{9, 9}, std::string(1000, 'x')};
    CHECK_FALSE(transition(state, std::move(beat), kStart).ok());
    CHECK(beat.details.size() == 1000);
  }
}

TEST_CASE("a heartbeat reply carries at most one flag", "[server][machine]") {
  const auto flags = [](Phase phase) {
    ActivityState state = in_phase(phase);
    const Applied applied = transition(state, Heartbeat{}, kStart).value();
    return std::vector<bool>{applied.cancel_requested, applied.activity_paused, applied.activity_reset};
  };
  CHECK(flags(Phase::kStarted) == std::vector<bool>{false, false, false});
  CHECK(flags(Phase::kCancelRequested) == std::vector<bool>{true, false, false});
  CHECK(flags(Phase::kPauseRequested) == std::vector<bool>{false, true, false});
  CHECK(flags(Phase::kResetRequested) == std::vector<bool>{false, false, true});
}

TEST_CASE("a completion", "[server][machine]") {
  ActivityState state = started();
  SECTION("is the outcome") {
    CHECK(transition(state, Completed{held(state), "42"}, kStart + 2s).value().changed == (kProgress | kOutcome));
    CHECK(state.outcome == Outcome{.result = "42"});
    CHECK(state.progress.close_time == kStart + 2s);
    CHECK(state.progress.last_attempt_complete_time == kStart + 2s);
  }
  SECTION("by ID needs no worker and counts as started now") {
    ActivityState waiting = scheduled();
    transition(waiting, Completed{{}, "42"}, kStart + 3s).value();
    CHECK(waiting.progress.started_time == kStart + 3s);
  }
}

TEST_CASE("a worker's cancellation carries its details and the requester's identity", "[server][machine]") {
  ActivityState state = in_phase(Phase::kCancelRequested);
  transition(state, CanceledByWorker{held(state), "so far"}, kStart).value();
  StoredFailure expected{.kind = StoredFailure::Kind::kCanceled, .message = "Activity canceled"};
  expected.details = "so far";
  expected.identity = "operator";
  CHECK(state.outcome->failure == expected);
  CHECK(state.outcome->retry_state == RetryState::kUnspecified);
}

TEST_CASE("a cancel request", "[server][machine]") {
  SECTION("closes what no worker holds, with the reason as details") {
    ActivityState state = scheduled();
    transition(state, CancelRequested{"c", "me", "why", "payloads"}, kStart + 1s).value();
    CHECK(state.progress.phase == Phase::kCanceled);
    CHECK(state.outcome->failure.details == "payloads");
    CHECK(state.outcome->failure.identity == "me");
    CHECK(state.progress.notes->cancel_reason == "why");
    SECTION("and repeated after close changes nothing") {
      CHECK(transition(state, CancelRequested{"c", "x", "y", "z"}, kStart + 2s).value().changed == kNothing);
      CHECK(state.progress.notes->cancel_reason == "why");
    }
  }
  SECTION("repeated while held changes nothing") {
    ActivityState state = in_phase(Phase::kCancelRequested);
    CHECK(transition(state, CancelRequested{"cancel-1", "x", "y", "z"}, kStart).value().changed == kNothing);
  }
}

TEST_CASE("an oversized report fails the activity and tells the worker to stop", "[server][machine]") {
  ActivityState state = started();
  const Applied applied =
      transition(state, Oversized{held(state), "Heartbeat details exceed size limit."}, kStart).value();
  CHECK(applied.cancel_requested);
  const StoredFailure expected{
      .kind = StoredFailure::Kind::kServer, .message = "Heartbeat details exceed size limit.", .non_retryable = true};
  CHECK(state.outcome->failure == expected);
  CHECK(state.last_failure == expected);
  CHECK(state.outcome->retry_state == RetryState::kNonRetryableFailure);
}

TEST_CASE("an oversized report in the field of a request", "[server][machine]") {
  SECTION("of a reset starts over, as any failure does") {
    ActivityState state = in_phase(Phase::kResetRequested);
    CHECK(transition(state, Oversized{held(state), "too big"}, kStart + 1s).value().cancel_requested);
    CHECK(state.progress.phase == Phase::kScheduled);
    CHECK(state.last_failure->message == "too big");
  }
  SECTION("of a cancel tells that as the reason for no retry") {
    ActivityState state = in_phase(Phase::kCancelRequested);
    transition(state, Oversized{held(state), "too big"}, kStart + 1s).value();
    CHECK(state.outcome->retry_state == RetryState::kCancelRequested);
  }
}

TEST_CASE("a cancel request wins over what else was asked for", "[server][machine][operator]") {
  SECTION("closes a paused activity at once") {
    ActivityState state = in_phase(Phase::kPaused);
    transition(state, CancelRequested{"c", "me", "why", "payloads"}, kStart + 1s).value();
    CHECK(state.progress.phase == Phase::kCanceled);
    CHECK(state.outcome->failure.details == "payloads");
  }
  SECTION("wins over a pending pause") {
    ActivityState state = in_phase(Phase::kPauseRequested);
    transition(state, CancelRequested{"c", "", "", ""}, kStart).value();
    CHECK(transition(state, Heartbeat{held(state), ""}, kStart).value().cancel_requested);
    transition(state, application_failure(state), kStart).value();
    CHECK(state.progress.phase == Phase::kFailed);
    CHECK(state.outcome->retry_state == RetryState::kCancelRequested);
  }
  SECTION("wins over a pending reset, whose wishes are dropped") {
    ActivityState state = started();
    transition(state, ResetRequested{.request_id = "r", .reset_heartbeat = true}, kStart).value();
    transition(state, CancelRequested{"c", "", "", ""}, kStart).value();
    CHECK(state.progress.phase == Phase::kCancelRequested);
    CHECK((state.progress.pending_reset == PendingReset{}));
    transition(state, CanceledByWorker{held(state), ""}, kStart).value();
    CHECK(state.progress.phase == Phase::kCanceled);
  }
  SECTION("leaves a completion to win") {
    ActivityState state = in_phase(Phase::kCancelRequested);
    transition(state, Completed{held(state), "42"}, kStart).value();
    CHECK(state.outcome == Outcome{.result = "42"});
  }
}

TEST_CASE("a termination", "[server][machine][operator]") {
  ActivityState state = started();
  state.last_failure = StoredFailure{.message = "earlier"};
  CHECK(transition(state, Terminated{"t", "me", "enough"}, kStart + 1s).value().changed == (kProgress | kOutcome));
  StoredFailure expected{.kind = StoredFailure::Kind::kTerminated, .message = "enough"};
  expected.identity = "me";
  CHECK(state.outcome->failure == expected);
  CHECK(state.outcome->retry_state == RetryState::kUnspecified);
  CHECK(state.last_failure->message == "earlier");
  SECTION("is not told to the worker, whose next report is late") {
    CHECK_FALSE(transition(state, Heartbeat{held(state), ""}, kStart + 2s).ok());
  }
  SECTION("may be repeated with the same request ID only") {
    CHECK(transition(state, Terminated{"t", "x", "y"}, kStart + 2s).value().changed == kNothing);
    CHECK(transition(state, Terminated{"u", "x", "y"}, kStart + 2s).error().message ==
          "already terminated with request ID t");
  }
}

TEST_CASE("closing by any path releases the callbacks", "[server][machine][callbacks]") {
  const auto closes = [](Phase from, const Event& event) {
    ActivityState state = in_phase(from, {.timeouts = {.start_to_close = 10s}, .retry = {.maximum_attempts = 1}});
    state.callbacks = {CallbackState{.url = "http://a"}, CallbackState{.url = "http://b"}};
    const auto applied = transition(state, event, kStart + 10s).value();
    return is_closed(state.progress.phase) && (applied.changed & kCallbacks) != 0 &&
           state.callbacks[1].phase == CallbackPhase::kScheduled &&
           state.callbacks[1].next_attempt_time == kStart + 10s;
  };
  CHECK(closes(Phase::kStarted, Completed{}));
  CHECK(closes(Phase::kPaused, Completed{}));
  CHECK(closes(Phase::kStarted, Failed{}));
  CHECK(closes(Phase::kStarted, Oversized{}));
  CHECK(closes(Phase::kCancelRequested, CanceledByWorker{}));
  CHECK(closes(Phase::kScheduled, CancelRequested{}));
  CHECK(closes(Phase::kResetRequested, Terminated{}));
  CHECK(closes(Phase::kStarted, DeadlinePassed{}));
  CHECK(closes(Phase::kCancelRequested, HandOutUndone{{1, 1}}));
}

}  // namespace longbeat::server
