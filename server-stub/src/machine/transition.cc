#include "machine/transition.h"

#include "base/planted.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace steps {

bool speaks_of_held_attempt(const ActivityState& state, const std::optional<AttemptRef>& attempt) {
  const ActivityProgress& progress = state.progress;
  if (!in_progress(progress.phase)) return false;
  // The stamp matters because a reset puts the attempt's number back to 1.
  return !attempt || (attempt->attempt == progress.attempt && attempt->stamp == progress.started_stamp) ||
         planted(internal::Bug::kAttemptNotCompared);
}

Status refused_as_late(const ActivityState& state) {
  return not_found_activity(state.input->activity_id);
}

std::uint8_t beat(ActivityProgress& progress, std::string& stored_details, std::string&& details, Time now) {
  progress.last_heartbeat_time = std::max(progress.last_heartbeat_time, now);
  ++progress.heartbeat_count;
  if (details == stored_details) return kBeatOnly;
  stored_details = std::move(details);
  return kDetails | kBeatOnly;
}

}  // namespace steps

Status not_found_activity(std::string_view activity_id) {
  return internal::not_found(std::string("activity not found for ID: ").append(activity_id));
}

StatusOr<Applied> transition(ActivityState& state, const Event& event, Time now) {
  return std::visit([&](const auto& one) { return transition(state, one, now); }, event);
}

StatusOr<Applied> transition(ActivityState& state, const PickedUp& event, Time now) {
  ActivityProgress& progress = state.progress;
  if (progress.phase != Phase::kScheduled) return steps::refused_as_late(state);
  if (now < progress.dispatch_time) return internal::failed_precondition("activity is not due yet");
  progress.phase = Phase::kStarted;
  progress.started_stamp = progress.stamp;
  progress.started_time = planted(internal::Bug::kFenceFollowsClock) ? now : steps::next_started_time(progress, now);
  progress.worker_identity = event.worker_identity;
  progress.sdk_name = event.sdk_name;
  progress.sdk_version = event.sdk_version;
  progress.current_retry_interval = Duration(0);  // Its wait is over.
  progress.interval_from_worker = false;
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

StatusOr<Applied> transition(ActivityState& state, const HandOutUndone& event, Time now) {
  if (!steps::speaks_of_held_attempt(state, event.attempt)) return steps::refused_as_late(state);
  ActivityProgress& progress = state.progress;
  switch (progress.phase) {
    case Phase::kCancelRequested:
      // No worker has it, and a cancel of what no worker holds takes effect at once.
      return steps::close_canceled(state, steps::notes_of(progress).cancel_details, now);
    case Phase::kPauseRequested:
      progress.phase = Phase::kPaused;
      break;
    case Phase::kResetRequested:
      return Applied{.changed = steps::land_reset(state, now)};
    default:
      progress.phase = Phase::kScheduled;
      break;
  }
  // dispatch_time stays: it is past, so the attempt is due at once and keeps its place in the queue.
  if (!planted(internal::Bug::kUndoneKeepsToken)) ++progress.stamp;
  if (planted(internal::Bug::kUndoneCounts)) ++progress.attempt;
  ++progress.transition_count;
  return Applied{.changed = kProgress};
}

StatusOr<Applied> transition(ActivityState& state, const Heartbeat& event, Time now) {
  return transition(state, Heartbeat(event), now);
}

StatusOr<Applied> transition(ActivityState& state, Heartbeat&& event, Time now) {
  if (!steps::speaks_of_held_attempt(state, event.attempt)) return steps::refused_as_late(state);
  ActivityProgress& progress = state.progress;
  Applied applied;
  applied.changed = steps::beat(progress, state.heartbeat_details, std::move(event.details), now);
  ++progress.transition_count;
  applied.cancel_requested = progress.phase == Phase::kCancelRequested && !planted(internal::Bug::kCancelNotTold);
  applied.activity_paused = progress.phase == Phase::kPauseRequested ||
                            (planted(internal::Bug::kFlagsTogether) && progress.phase == Phase::kResetRequested);
  applied.activity_reset = progress.phase == Phase::kResetRequested;
  return applied;
}

}  // namespace longbeat::server
