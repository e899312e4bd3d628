#include "machine/steps.h"

namespace longbeat::server {

Plan plan(const ActivityState& state, const DeadlinePassed& grace) {
  Plan plan;
  const Phase phase = state.progress.phase;
  if (is_closed(phase)) return plan;
  if (phase == Phase::kScheduled) plan.dispatch_at = state.progress.dispatch_time;
  const auto consider = [&plan](std::optional<Time> at) {
    if (at && (!plan.deadline || *at < *plan.deadline)) plan.deadline = at;
  };
  consider(steps::schedule_to_close_deadline(state, grace));
  consider(steps::schedule_to_start_deadline(state));
  if (const auto attempt = steps::attempt_deadline(state, grace)) consider(attempt->at);
  plan.deadline_of_attempt = plan.deadline.has_value() && in_progress(phase);
  return plan;
}

}  // namespace longbeat::server
