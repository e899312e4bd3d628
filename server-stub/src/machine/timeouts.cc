#include "base/planted.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace {

using steps::RetryDecision;

StoredFailure timeout_failure(TimeoutType type, std::string message) {
  return {.kind = StoredFailure::Kind::kTimeout, .message = std::move(message), .timeout = type};
}

StoredFailure plain_timeout(TimeoutType type) {
  return timeout_failure(type, "activity " + std::string(to_string(type)) + " timeout");
}

/// A timeout that closes the activity also tells how far it had come and what went wrong before.
StoredFailure closing(StoredFailure failure, const ActivityState& state) {
  failure.details = state.heartbeat_details;
  if (state.last_failure) failure.cause.push_back(*state.last_failure);
  return failure;
}

/// Schedule-to-close and schedule-to-start are never retried; last_failure stays that of the latest attempt.
Applied time_out(ActivityState& state, TimeoutType type, Time now) {
  const auto why =
      state.progress.phase == Phase::kCancelRequested ? RetryState::kCancelRequested : RetryState::kTimeout;
  return steps::close(state, Phase::kTimedOut, steps::failure_outcome(closing(plain_timeout(type), state), why), now);
}

/// Start-to-close or heartbeat: the attempt has failed, the activity perhaps not.
Applied time_out_attempt(ActivityState& state, TimeoutType type, Time now) {
  state.progress.last_attempt_complete_time = now;
  const RetryDecision decision =
      steps::decide_retry(state, {.kind = FailureFacts::Kind::kTimeout, .timeout = type}, now);
  if (decision.retry) {
    state.last_failure = plain_timeout(type);
    const std::uint8_t changed = steps::schedule_next_attempt(state, decision, now);
    return Applied{.changed = static_cast<std::uint8_t>(changed | kLastFailure)};
  }
  StoredFailure outcome;
  if (decision.why_not == RetryState::kTimeout) {
    outcome = closing(timeout_failure(TimeoutType::kScheduleToClose,
                                      "Not enough time to schedule next retry before activity ScheduleToClose timeout, "
                                      "giving up retrying"),
                      state);
    state.last_failure = plain_timeout(type);
  } else {
    outcome = closing(plain_timeout(type), state);
    state.last_failure = outcome;
  }
  Applied applied =
      steps::close(state, Phase::kTimedOut, steps::failure_outcome(std::move(outcome), decision.why_not), now);
  applied.changed |= kLastFailure;
  return applied;
}

}  // namespace

namespace steps {

std::optional<Time> schedule_to_close_deadline(const ActivityState& state, const DeadlinePassed& grace) {
  const Duration timeout = state.input->options.timeouts.schedule_to_close;
  if (timeout.count() <= 0) return std::nullopt;
  if (planted(internal::Bug::kNoTimerWhilePaused) && state.progress.phase == Phase::kPaused) return std::nullopt;
  const Time deadline = later(state.first_dispatch_time(), timeout);
  return in_progress(state.progress.phase) ? later(deadline, grace.attempt_grace) : deadline;
}

std::optional<Time> schedule_to_start_deadline(const ActivityState& state) {
  const Duration timeout = state.input->options.timeouts.schedule_to_start;
  const bool waits = state.progress.phase == Phase::kScheduled ||
                     (planted(internal::Bug::kTimerWhilePaused) && state.progress.phase == Phase::kPaused);
  if (timeout.count() <= 0 || !waits) return std::nullopt;
  return later(state.progress.dispatch_time, timeout);
}

std::optional<AttemptDeadline> attempt_deadline(const ActivityState& state, const DeadlinePassed& grace) {
  const ActivityProgress& progress = state.progress;
  if (!in_progress(progress.phase)) return std::nullopt;
  const Timeouts& timeouts = state.input->options.timeouts;
  std::optional<AttemptDeadline> earliest;
  if (timeouts.start_to_close.count() > 0) {
    const Time at =
        later(later(progress.started_time - grace.started_ahead, timeouts.start_to_close), grace.attempt_grace);
    earliest = AttemptDeadline{at, TimeoutType::kStartToClose};
  }
  if (timeouts.heartbeat.count() > 0) {
    const Time beat = planted(internal::Bug::kBeatMovesNoDeadline) ? Time{} : progress.last_heartbeat_time;
    const Time silent_since = std::max(beat, progress.started_time);
    // A grace of less than nothing: the clock was set back since.
    const Time at = later(silent_since + grace.beat_grace, timeouts.heartbeat);
    if (!earliest || at < earliest->at) earliest = AttemptDeadline{at, TimeoutType::kHeartbeat};
  }
  return earliest;
}

}  // namespace steps

StatusOr<Applied> transition(ActivityState& state, const DeadlinePassed& event, Time now) {
  if (is_closed(state.progress.phase)) return Applied{};
  const auto passed = [now](Time deadline) { return now >= deadline; };
  const auto close = steps::schedule_to_close_deadline(state, event);
  const auto start = steps::schedule_to_start_deadline(state);
  // Whoever gives only schedule-to-close has both at one time: then it is the start that did not come.
  if (start && passed(*start) && (!close || *start <= *close))
    return time_out(state, TimeoutType::kScheduleToStart, now);
  // Of an attempt's, schedule-to-close wins: nothing could follow the others.
  if (close && passed(*close)) return time_out(state, TimeoutType::kScheduleToClose, now);
  if (const auto deadline = steps::attempt_deadline(state, event); deadline && passed(deadline->at)) {
    return time_out_attempt(state, deadline->type, now);
  }
  return Applied{};
}

}  // namespace longbeat::server
