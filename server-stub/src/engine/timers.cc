#include <algorithm>

#include "base/planted.h"
#include "engine/engine_impl.h"

namespace longbeat::server {
namespace {

using std::chrono::milliseconds;

// Of a flood, as after a long outage, a step takes so many: a call that comes meanwhile waits for some 10 ms of it, and
// shares its own step with few.
constexpr std::size_t kTimersPerStep = 500;
constexpr std::size_t kTimersBesideCalls = 100;
constexpr Duration kEvidencePause = milliseconds(5);  // Until the queue may have been seen empty after a deadline.
/// A server that is never idle never sees its queue empty, and a dead worker must still be found. This is safe: the
/// time in which the loop stood still is in lost_time_ and so already in the deadline, and a loop that ran all this
/// time has taken up what lay in its queue before.
constexpr Duration kEvidenceMax = std::chrono::seconds(2);

}  // namespace

DeadlinePassed EngineImpl::grace(const OpenActivity& activity) const {
  return {lost_time_ - activity.attempt_base, lost_time_ - activity.beat_base, activity.started_ahead};
}

void EngineImpl::restart_silence(OpenActivity& activity) const {
  const ActivityProgress& progress = activity.state.progress;
  // Less than nothing, where the clock was set back while the server was down.
  Duration silence = now_ - std::max(progress.last_heartbeat_time, progress.started_time);
  if (planted(internal::Bug::kClockBackIgnored)) silence = std::max(silence, Duration(0));
  activity.beat_base = lost_time_ - silence;
}

Time EngineImpl::held_back(const OpenActivity& activity, Time deadline) const {
  // Nothing was lost yet when recovery set the hold, so all that was lost since belongs to it.
  return std::max(deadline, later(activity.hold_until, lost_time_));
}

void EngineImpl::schedule(OpenActivity& activity, Time not_before) {
  const Plan plan = server::plan(activity.state, grace(activity));
  const ActivityProgress& progress = activity.state.progress;

  const bool due = plan.dispatch_at && *plan.dispatch_at <= now_;
  if (activity.place && (!due || activity.queued_stamp != progress.stamp)) queues_.remove_task(activity.place);
  if (due && !activity.place) {
    const ActivityInput& input = *activity.state.input;
    const Priority& priority = input.options.priority;
    activity.place = queues_.add_task(
        input.namespace_id, input.options.task_queue,
        {activity.row, priority.key, priority.fairness_key, priority.fairness_weight, *plan.dispatch_at}, now_);
    activity.queued_stamp = progress.stamp;
  }

  const bool running = in_progress(progress.phase);
  if (running != activity.running) {
    activity.running = running;
    running ? ++running_attempts_ : --running_attempts_;
  }

  std::optional<Time> wake = plan.deadline;
  if (wake && plan.deadline_of_attempt) {
    wake = held_back(activity, *wake);
    if (*wake <= now_) wake = now_ + kEvidencePause;
  }
  if (plan.dispatch_at && !due) wake = wake ? std::min(*wake, *plan.dispatch_at) : *plan.dispatch_at;
  if (wake) wake = std::max(*wake, not_before);
  arm(activity, wake);
}

void EngineImpl::arm(OpenActivity& activity, std::optional<Time> at) {
  if (!at) {
    timers_.cancel(activity.timer);
    activity.timer = 0;
  } else if (activity.timer == 0) {
    activity.timer = timers_.schedule(*at, &activity);
    activity.armed_at = *at;
  } else if (*at < activity.armed_at) {
    timers_.reschedule(activity.timer, *at);
    activity.armed_at = *at;
  }
  // A later deadline, as after each heartbeat, waits until the entry pops: beats cost no timers.
}

void EngineImpl::fire_timers() {
  const std::size_t most = step_items_ == 0 ? kTimersPerStep : kTimersBesideCalls;
  for (std::size_t fired = 0; fired < most; ++fired) {
    const auto due = timers_.pop_due(now_);
    if (!due) return;
    (*due)->timer = 0;
    on_timer(**due);
  }
}

void EngineImpl::on_timer(OpenActivity& activity) {
  const DeadlinePassed passed = grace(activity);
  const Plan plan = server::plan(activity.state, passed);
  if (plan.deadline && *plan.deadline <= now_) {
    // While a worker holds the attempt, a report that was sent in time may still lie in the queue: only an empty queue,
    // seen later, proves that there is none.
    const Time at = plan.deadline_of_attempt ? held_back(activity, *plan.deadline) : *plan.deadline;
    if (!plan.deadline_of_attempt || queue_empty_at_ > at || now_ > later(at, kEvidenceMax)) {
      const auto applied = change(activity, passed);
      if (applied && applied->changed != kNothing) {
        ++stats_.timeouts;
        return;
      }
    }
  }
  if (planted(internal::Bug::kTimerNotArmedAgain) && plan.deadline_of_attempt) return;
  schedule(activity, now_ + milliseconds(1));
}

}  // namespace longbeat::server
