#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "machine/transition.h"

/// What the files of this room share; nobody else includes it.
namespace longbeat::server::steps {

/// The report speaks of the attempt that a worker holds now.
bool speaks_of_held_attempt(const ActivityState& state, const std::optional<AttemptRef>& attempt);
/// What a late or repeated report is told.
Status refused_as_late(const ActivityState& state);

/// Details, time and count of one heartbeat; returns the changed parts.
std::uint8_t beat(ActivityProgress& progress, std::string& stored_details, std::string&& details, Time now);

/// What was asked for so far; empty notes when nothing was.
const OperatorNotes& notes_of(const ActivityProgress& progress);
/// Lets `change(notes)` work on a copy, which replaces the notes that replies on their way may share.
template <class Change>
void note(ActivityProgress& progress, Change change) {
  auto notes = std::make_shared<OperatorNotes>(notes_of(progress));
  change(*notes);
  progress.notes = std::move(notes);
}
/// "<what> <State>", as several refusals are worded.
Status refused_in(const char* what, Phase phase);

/// Nobody could have picked it up yet, so its start delay may still change.
bool awaits_first_dispatch(const ActivityState& state, Time now);
/// What the start request said; without its start delay, once that is over.
ActivityOptions original_options(const ActivityState& state, Time now);
/// Gives it these options and remembers those of the start; returns the changed parts. Deadlines follow by themselves:
/// they are computed from anchors, which stay.
std::uint8_t set_options(ActivityState& state, ActivityOptions options);

/// Closes without a failure of its own: see the callers. The only way to close: callbacks become due here.
Applied close(ActivityState& state, Phase phase, Outcome outcome, Time now);
Outcome failure_outcome(StoredFailure failure, RetryState retry_state);
/// Closes as canceled with the worker's details, or with the reason when no worker is involved.
Applied close_canceled(ActivityState& state, std::string details, Time now);

/// What becomes of an attempt that failed or timed out.
struct RetryDecision {
  bool retry = false;
  bool reset = false;                 ///< back to attempt 1 at once
  Duration interval{0};               ///< if retry
  bool interval_from_worker = false;  ///< its next_retry_delay
  RetryState why_not = RetryState::kUnspecified;
};
RetryDecision decide_retry(const ActivityState& state, const FailureFacts& facts, Time now);
/// Makes the next attempt wait, or carries out a pending reset; the decision is to retry. Returns the changed parts.
std::uint8_t schedule_next_attempt(ActivityState& state, const RetryDecision& decision, Time now);

/// Back to attempt 1 at the end of the attempt during which the reset was asked for.
std::uint8_t land_reset(ActivityState& state, Time now);

/// Each with the grace that is its own, which counts only while a worker holds an attempt.
std::optional<Time> schedule_to_close_deadline(const ActivityState& state, const DeadlinePassed& grace = {});
std::optional<Time> schedule_to_start_deadline(const ActivityState& state);
/// The earlier of start-to-close and heartbeat, and which of them it is; unset unless a worker holds the attempt.
struct AttemptDeadline {
  Time at{};
  TimeoutType type = TimeoutType::kUnspecified;
};
std::optional<AttemptDeadline> attempt_deadline(const ActivityState& state, const DeadlinePassed& grace = {});

/// Strictly later than every earlier start of this run.
inline Time next_started_time(const ActivityProgress& progress, Time now) {
  return std::max(now, later(progress.started_time, Duration(1)));
}

}  // namespace longbeat::server::steps
