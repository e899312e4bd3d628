#pragma once
#include <chrono>

#include "machine/transition.h"
#include "support/catch.h"

/// States to start from. Everything happens around kStart.
namespace longbeat::server {

using namespace std::chrono_literals;

inline constexpr Time kStart = Time(std::chrono::hours(24 * 365 * 50));

inline ActivityState scheduled(ActivityOptions options = {}) {
  if (options.timeouts == Timeouts{}) options.timeouts.start_to_close = 60s;
  ActivityInput input;
  input.activity_id = "order-7";
  input.options = std::move(options);
  input.schedule_time = kStart;
  ActivityState state;
  state.input = std::make_shared<const ActivityInput>(std::move(input));
  state.progress.dispatch_time = state.first_dispatch_time();
  return state;
}

inline ActivityState started(ActivityOptions options = {}) {
  ActivityState state = scheduled(std::move(options));
  transition(state, PickedUp{"worker-1", "longbeat", "0.1"}, state.progress.dispatch_time).value();
  return state;
}

/// Any phase, as close as this server's events come to it.
inline ActivityState in_phase(Phase phase, ActivityOptions options = {}) {
  if (phase == Phase::kScheduled) return scheduled(std::move(options));
  ActivityState state = started(std::move(options));
  state.progress.phase = phase;
  if (phase == Phase::kCancelRequested) {
    state.progress.cancel_requested = true;
    state.progress.cancel_request_id = "cancel-1";
    state.progress.cancel_identity = "operator";
  }
  if (is_closed(phase)) {
    state.outcome = Outcome{.result = "earlier result"};
    state.progress.close_time = kStart;
  }
  return state;
}

inline AttemptRef held(const ActivityState& state) {
  return {state.progress.attempt, state.progress.started_stamp};
}

inline Failed application_failure(const ActivityState& state, std::string type = "Boom", bool non_retryable = false) {
  Failed failed;
  failed.attempt = held(state);
  failed.facts = {.kind = FailureFacts::Kind::kApplication, .type = std::move(type), .non_retryable = non_retryable};
  failed.failure = {.kind = StoredFailure::Kind::kOpaque, .opaque = "whole failure"};
  failed.retained = {.kind = StoredFailure::Kind::kOpaque, .opaque = "short failure"};
  return failed;
}

/// What a refusal must not touch.
inline bool same(const ActivityState& a, const ActivityState& b) {
  return a.input == b.input && a.progress == b.progress && a.heartbeat_details == b.heartbeat_details &&
         a.last_failure == b.last_failure && a.outcome == b.outcome;
}

}  // namespace longbeat::server
