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

inline AttemptRef held(const ActivityState& state) {
  return {state.progress.attempt, state.progress.started_stamp};
}

/// Any phase, reached by the events that lead there.
inline ActivityState in_phase(Phase phase, ActivityOptions options = {}) {
  const bool waits = phase == Phase::kScheduled || phase == Phase::kPaused;
  ActivityState state = waits ? scheduled(std::move(options)) : started(std::move(options));
  const auto apply = [&state](const Event& event) { transition(state, event, kStart).value(); };
  switch (phase) {
    case Phase::kScheduled:
    case Phase::kStarted:
      break;
    case Phase::kCancelRequested:
      apply(CancelRequested{"cancel-1", "operator", "why", "payloads"});
      break;
    case Phase::kPauseRequested:
    case Phase::kPaused:
      apply(PauseRequested{"pause-1", "operator", "why"});
      break;
    case Phase::kResetRequested:
      apply(ResetRequested{.request_id = "reset-1"});
      break;
    case Phase::kCompleted:
      apply(Completed{held(state), "earlier result"});
      break;
    case Phase::kFailed:
      apply(Failed{.attempt = held(state), .facts = {.kind = FailureFacts::Kind::kCanceled}});
      break;
    case Phase::kCanceled:
      apply(CancelRequested{"cancel-0", "operator", "why", "payloads"});
      apply(CanceledByWorker{held(state), "so far"});
      break;
    case Phase::kTerminated:
      apply(Terminated{"terminate-1", "operator", "why"});
      break;
    case Phase::kTimedOut:
      apply(CancelRequested{"cancel-0", "operator", "why", "payloads"});  // Or it would be retried.
      transition(state, DeadlinePassed{}, kStart + std::chrono::hours(24)).value();
      break;
  }
  return state;
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
         a.last_failure == b.last_failure && a.outcome == b.outcome && a.callbacks == b.callbacks;
}

}  // namespace longbeat::server
