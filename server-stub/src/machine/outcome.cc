#include "base/planted.h"
#include "machine/callbacks.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace steps {

Applied close(ActivityState& state, Phase phase, Outcome outcome, Time now) {
  ActivityProgress& progress = state.progress;
  progress.phase = phase;
  // A run that takes no time by a coarse clock still ends after it began.
  progress.close_time = std::max(now, later(state.input->schedule_time, Duration(1)));
  progress.current_retry_interval = Duration(0);
  progress.interval_from_worker = false;
  progress.pending_reset = {};
  ++progress.stamp;  // Outdates a queued dispatch and the attempt's timers.
  ++progress.transition_count;
  state.outcome = std::move(outcome);
  Applied applied{.changed = kProgress | kOutcome};
  if (release(state.callbacks, progress.close_time)) applied.changed |= kCallbacks;
  return applied;
}

Outcome failure_outcome(StoredFailure failure, RetryState retry_state) {
  return {.retry_state = retry_state, .has_failure = true, .failure = std::move(failure)};
}

Applied close_canceled(ActivityState& state, std::string details, Time now) {
  StoredFailure failure{.kind = StoredFailure::Kind::kCanceled, .message = "Activity canceled"};
  failure.details = std::move(details);
  failure.identity = notes_of(state.progress).cancel_identity;  // The requester's, not the worker's.
  return close(state, Phase::kCanceled, failure_outcome(std::move(failure), RetryState::kUnspecified), now);
}

}  // namespace steps

StatusOr<Applied> transition(ActivityState& state, const Completed& event, Time now) {
  return transition(state, Completed(event), now);
}

StatusOr<Applied> transition(ActivityState& state, Completed&& event, Time now) {
  ActivityProgress& progress = state.progress;
  // Nobody's token is late here, so the caller may hear what is the matter.
  if (!event.attempt && is_closed(progress.phase)) return steps::refused_in("invalid transition from", progress.phase);
  const bool held = steps::speaks_of_held_attempt(state, event.attempt);
  const bool from_outside = !event.attempt && (progress.phase == Phase::kScheduled || progress.phase == Phase::kPaused);
  if (!held && !from_outside) return steps::refused_as_late(state);
  if (!held) progress.started_time = steps::next_started_time(progress, now);
  progress.last_attempt_complete_time = now;
  if (planted(internal::Bug::kCompletionIsCanceled) && progress.cancel_requested)
    return steps::close_canceled(state, {}, now);
  return steps::close(state, Phase::kCompleted, Outcome{.result = std::move(event.result)}, now);
}

StatusOr<Applied> transition(ActivityState& state, const CanceledByWorker& event, Time now) {
  if (!steps::speaks_of_held_attempt(state, event.attempt)) return steps::refused_as_late(state);
  if (state.progress.phase != Phase::kCancelRequested) {
    return internal::invalid_argument(
        "unable to mark activity as canceled without activity being request canceled first");
  }
  return steps::close_canceled(state, event.details, now);
}

StatusOr<Applied> transition(ActivityState& state, const Oversized& event, Time now) {
  // A non-retryable failure like any other: a pending reset still goes on, a cancel request is still the reason.
  Failed failed{.attempt = event.attempt};
  failed.facts = {.kind = FailureFacts::Kind::kServer, .non_retryable = true};
  failed.failure = {.kind = StoredFailure::Kind::kServer, .message = event.message, .non_retryable = true};
  auto applied = transition(state, std::move(failed), now);
  if (applied) applied->cancel_requested = true;  // Tells a worker whose heartbeat this was to stop.
  return applied;
}

StatusOr<Applied> transition(ActivityState& state, const CancelRequested& event, Time now) {
  ActivityProgress& progress = state.progress;
  // A repeated request is no error, even after close.
  if (is_repetition(state, OperatorRequest::kCancel, event.request_id)) return Applied{};
  if (is_closed(progress.phase)) return steps::refused_in("activity is in terminal state", progress.phase);
  if (progress.cancel_requested) {
    return internal::failed_precondition("cancellation already requested with request ID " +
                                         steps::notes_of(progress).cancel_request_id);
  }
  progress.cancel_requested = true;
  steps::note(progress, [&event](OperatorNotes& notes) {
    notes.cancel_request_id = event.request_id;
    notes.cancel_identity = event.identity;
    notes.cancel_reason = event.reason;
    notes.cancel_details = event.reason_payloads;
  });
  if (!in_progress(progress.phase)) return steps::close_canceled(state, event.reason_payloads, now);
  progress.phase = Phase::kCancelRequested;
  progress.pending_reset = {};  // A cancel wins over a reset.
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

StatusOr<Applied> transition(ActivityState& state, const Terminated& event, Time now) {
  ActivityProgress& progress = state.progress;
  if (is_repetition(state, OperatorRequest::kTerminate, event.request_id)) return Applied{};
  if (progress.phase == Phase::kTerminated) {
    return internal::failed_precondition("already terminated with request ID " +
                                         steps::notes_of(progress).terminate_request_id);
  }
  if (is_closed(progress.phase)) return steps::refused_in("invalid transition from", progress.phase);
  steps::note(progress, [&event](OperatorNotes& notes) { notes.terminate_request_id = event.request_id; });
  StoredFailure failure{.kind = StoredFailure::Kind::kTerminated, .message = event.reason};
  failure.identity = event.identity;
  return steps::close(state, Phase::kTerminated, steps::failure_outcome(std::move(failure), RetryState::kUnspecified),
                      now);
}

}  // namespace longbeat::server
