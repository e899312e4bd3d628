#include "base/planted.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace {

/// When the current attempt is due by its backoff and the start delay alone: a wall-clock target, so any number of
/// pauses leaves it where it is.
Time due_time(const ActivityState& state) {
  const ActivityProgress& progress = state.progress;
  Time due = state.first_dispatch_time();
  if (progress.current_retry_interval.count() > 0) {
    due = std::max(due, later(progress.last_attempt_complete_time, progress.current_retry_interval));
  }
  return due;
}

/// Attempt 1 in `phase`, due `delay` from now but not before the start delay is over. Returns the changed parts.
std::uint8_t start_over(ActivityState& state, Phase phase, const PendingReset& how, Duration delay, Time now) {
  std::uint8_t changed = kProgress;
  if (how.restores_options) changed |= steps::set_options(state, steps::original_options(state, now));
  if ((how.clears_details || planted(internal::Bug::kResetClearsDetails)) && !state.heartbeat_details.empty()) {
    state.heartbeat_details.clear();
    changed |= kDetails;
  }
  ActivityProgress& progress = state.progress;
  progress.phase = phase;
  progress.attempt = 1;
  progress.dispatch_time = std::max(later(now, delay), state.first_dispatch_time());
  progress.current_retry_interval = Duration(0);
  progress.interval_from_worker = false;
  progress.pending_reset = {};
  if (!planted(internal::Bug::kResetKeepsToken)) ++progress.stamp;
  ++progress.transition_count;
  return changed;
}

}  // namespace

namespace steps {

bool awaits_first_dispatch(const ActivityState& state, Time now) {
  const ActivityProgress& progress = state.progress;
  if (progress.started_time != Time{}) return false;
  if (progress.phase == Phase::kScheduled) return now < state.first_dispatch_time();
  return progress.phase == Phase::kPaused && notes_of(progress).paused_before_first_dispatch;
}

std::uint8_t land_reset(ActivityState& state, Time now) {
  const PendingReset pending = state.progress.pending_reset;
  const bool paused = pending.lands_paused && !planted(internal::Bug::kResetForgetsPause);
  return start_over(state, paused ? Phase::kPaused : Phase::kScheduled, pending, Duration(0), now);
}

}  // namespace steps

StatusOr<Applied> transition(ActivityState& state, const PauseRequested& event, Time now) {
  if (is_repetition(state, OperatorRequest::kPause, event.request_id)) return Applied{};
  ActivityProgress& progress = state.progress;
  const bool scheduled = progress.phase == Phase::kScheduled;
  if (!scheduled && progress.phase != Phase::kStarted) {
    return steps::refused_in("activity is in non-pausable state", progress.phase);
  }
  const bool before_first_dispatch = steps::awaits_first_dispatch(state, now);
  steps::note(progress, [&](OperatorNotes& notes) {
    notes.pause_request_id = event.request_id;
    notes.pause_identity = event.identity;
    notes.pause_reason = event.reason;
    notes.paused_before_first_dispatch = before_first_dispatch;
  });
  progress.phase = scheduled ? Phase::kPaused : Phase::kPauseRequested;
  if (scheduled) ++progress.stamp;  // Withdraws the task. A held attempt keeps running: the pause is advice.
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

StatusOr<Applied> transition(ActivityState& state, const UnpauseRequested& event, Time now) {
  if (is_repetition(state, OperatorRequest::kUnpause, event.request_id)) return Applied{};
  ActivityProgress& progress = state.progress;
  if (is_closed(progress.phase)) return steps::refused_in("activity is in terminal state", progress.phase);
  const bool paused = progress.phase == Phase::kPaused;
  if (!paused && progress.phase != Phase::kPauseRequested) {
    return steps::refused_in("activity is in non-unpausable state", progress.phase);
  }
  steps::note(progress, [&event](OperatorNotes& notes) { notes.unpause_request_id = event.request_id; });
  if (paused) {
    const Time due = due_time(state);
    progress.phase = Phase::kScheduled;
    // Schedule-to-start counts from here, not from a time that passed while it was paused.
    progress.dispatch_time =
        std::max(later(now, event.delay), planted(internal::Bug::kUnpauseForgetsBackoff) ? now : due);
    if (due <= now) {
      progress.current_retry_interval = Duration(0);  // Its wait is over.
      progress.interval_from_worker = false;
    }
    ++progress.stamp;
  } else {
    progress.phase = Phase::kStarted;
  }
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

StatusOr<Applied> transition(ActivityState& state, const ResetRequested& event, Time now) {
  if (is_repetition(state, OperatorRequest::kReset, event.request_id)) return Applied{};
  ActivityProgress& progress = state.progress;
  const Phase phase = progress.phase;
  if (is_closed(phase)) return internal::failed_precondition("activity execution is not running");
  if (phase == Phase::kCancelRequested) {
    return internal::failed_precondition("cannot reset an activity with a pending cancellation");
  }
  if (phase == Phase::kResetRequested) {
    return internal::failed_precondition("cannot reset an activity with a pending reset");
  }
  steps::note(progress, [&event](OperatorNotes& notes) { notes.reset_request_id = event.request_id; });
  const bool stays_paused = event.keep_paused && (phase == Phase::kPaused || phase == Phase::kPauseRequested);
  const PendingReset how{.lands_paused = stays_paused,
                         .restores_options = event.restore_original_options,
                         .clears_details = event.reset_heartbeat};
  if (!in_progress(phase)) {
    return Applied{.changed =
                       start_over(state, stays_paused ? Phase::kPaused : Phase::kScheduled, how, event.delay, now)};
  }
  // The running attempt keeps its token and may still complete the activity.
  progress.phase = Phase::kResetRequested;
  progress.pending_reset = how;
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

}  // namespace longbeat::server
