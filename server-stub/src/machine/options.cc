#include "base/planted.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace {

/// The wait for the next attempt under the policy as it now is; only a wait that is still going on, or one that a pause
/// has stopped.
void recompute_backoff(ActivityState& state, Time now) {
  ActivityProgress& progress = state.progress;
  const bool paused = progress.phase == Phase::kPaused;
  const bool waiting = progress.phase == Phase::kScheduled && progress.dispatch_time > now;
  if ((!paused && !waiting) || progress.current_retry_interval.count() <= 0) return;
  progress.current_retry_interval = retry_interval(state.input->options.retry, progress.attempt - 1);
  progress.dispatch_time = std::max(now, later(progress.last_attempt_complete_time, progress.current_retry_interval));
}

}  // namespace

namespace steps {

ActivityOptions original_options(const ActivityState& state, Time now) {
  const ActivityInput& input = *state.input;
  if (!input.original_options) return input.options;
  ActivityOptions options = *input.original_options;
  if (!awaits_first_dispatch(state, now)) options.start_delay = input.options.start_delay;
  return options;
}

std::uint8_t set_options(ActivityState& state, ActivityOptions options) {
  if (options == state.input->options) return kNothing;
  auto input = std::make_shared<ActivityInput>(*state.input);
  if (!input->original_options) {
    input->original_options = std::make_shared<const ActivityOptions>(std::move(input->options));
  }
  input->options = std::move(options);
  state.input = std::move(input);
  return planted(internal::Bug::kOptionsNotStored) ? kNothing : kInput;
}

}  // namespace steps

StatusOr<Applied> transition(ActivityState& state, const OptionsUpdated& event, Time now) {
  if (is_repetition(state, OperatorRequest::kUpdate, event.request_id)) return Applied{};
  ActivityProgress& progress = state.progress;
  switch (progress.phase) {
    case Phase::kScheduled:
    case Phase::kStarted:
    case Phase::kPaused:
    case Phase::kPauseRequested:
      break;
    default:
      return steps::refused_in("Cannot update options for activity in state", progress.phase);
  }
  const ActivityOptions before = state.input->options;
  ActivityOptions options = event.restore_original ? steps::original_options(state, now) : event.options;
  if (!event.restore_original) {
    if (!event.start_delay_named) {
      options.start_delay = before.start_delay;
    } else if (!steps::awaits_first_dispatch(state, now)) {
      return internal::failed_precondition("start_delay cannot be changed once the activity has become due");
    }
  }
  steps::note(progress, [&event](OperatorNotes& notes) { notes.update_request_id = event.request_id; });
  const std::uint8_t changed = kProgress | steps::set_options(state, std::move(options));
  const ActivityOptions& after = state.input->options;
  if (after.start_delay != before.start_delay) progress.dispatch_time = std::max(now, state.first_dispatch_time());
  // A delay that the worker asked for is no matter of the policy.
  const bool of_policy = !progress.interval_from_worker;
  if (of_policy && (event.retry_policy_named || after.retry != before.retry)) recompute_backoff(state, now);
  // Requeues a task under its new queue and priority. The token of a held attempt has the stamp it was picked up with.
  ++progress.stamp;
  ++progress.transition_count;
  return Applied{.changed = changed};
}

StatusOr<Applied> transition(ActivityState& state, const StartAttached& event, Time now) {
  if (is_start_repetition(*state.input, event.request.request_id)) return Applied{};
  if (is_closed(state.progress.phase)) {
    return steps::refused_in("activity is in terminal state", state.progress.phase);
  }
  auto input = std::make_shared<ActivityInput>(*state.input);
  const auto same_request = [&event](const AttachedRequest& one) { return one.request_id == event.request.request_id; };
  // Only requests that are attached without their ID can meet here.
  const auto group = std::find_if(input->attached.begin(), input->attached.end(), same_request);
  if (group == input->attached.end()) {
    input->attached.push_back(event.request);
  } else {
    group->links.insert(group->links.end(), event.request.links.begin(), event.request.links.end());
  }
  state.input = std::move(input);
  std::uint8_t changed = kProgress | kInput;
  for (CallbackState callback : event.callbacks) {
    callback.request_id = event.request.request_id;
    callback.registration_time = now;
    callback.phase = CallbackPhase::kStandby;
    state.callbacks.push_back(std::move(callback));
    changed |= kCallbacks;
  }
  ++state.progress.transition_count;
  return Applied{.changed = changed};
}

}  // namespace longbeat::server
