// How a worker ends: the server is told, what was fetched is finished, then stop, then WorkerShutdown.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/planted.h"
#include "worker/worker_machine.h"

namespace longbeat::internal {
namespace {

constexpr Nanoseconds kShortestTelling = std::chrono::milliseconds(100);

}  // namespace

void WorkerMachine::stop(Nanoseconds grace, Nanoseconds within, Stopped stopped, std::uint64_t caller) {
  if (phase_ == ShutdownPhase::kEnded) return stopped(left_);
  const bool inside = attempts_.contains(caller);
  if (inside) callers_.insert(caller);
  stop_waiters_.push_back({std::move(stopped), inside});
  const auto plan = ShutdownPlan::make(ports_.loop.now(), grace, within);
  shutdown_plan_ = shutdown_plan_ ? plan.sooner(*shutdown_plan_) : plan;
  if (!inside) outside_plan_ = outside_plan_ ? plan.sooner(*outside_plan_) : plan;
  arm_shutdown();
  if (phase_ == ShutdownPhase::kRunning) {
    phase_ = ShutdownPhase::kDraining;
    ports_.loop.cancel(retry_timer_);
    ports_.loop.cancel(std::exchange(polls_stay_timer_, 0));
    for (const auto& [key, driver] : attempts_) driver->notify_shutdown();
    tell_server();
  }
  end_if_idle();
}

/// First of all, so that the server hands out nothing more to polls that are about to go. One try: a server that cannot
/// hear it notices by itself that nobody polls.
void WorkerMachine::tell_server() {
  if (!ready_) return;  // It has never heard of us.
  if (planted(Bug::kServerNotTold)) return;
  ShutdownWorkerParams params{settings_.namespace_name, settings_.identity,  settings_.task_queue,
                              settings_.instance_key,   "graceful shutdown", std::nullopt};
  if (heartbeats_) params.heartbeat = heartbeat(WorkerStatus::kShuttingDown);
  telling_server_ = true;
  const Nanoseconds timeout = std::max(shutdown_plan_->polls_until - ports_.loop.now(), kShortestTelling);
  shutdown_call_ =
      ports_.stub.shutdown_worker(std::move(params), timeout, [weak = weak_from_this()](const StatusOr<>& answer) {
        if (const auto self = weak.lock()) self->server_told(answer);
      });
}

/// A server that answers the open polls itself loses no task on the way; with any other they are given up.
void WorkerMachine::server_told(const StatusOr<>& answer) {
  telling_server_ = false;
  if (phase_ == ShutdownPhase::kEnded) return;
  if (!answer && answer.error().code != StatusCode::kUnimplemented) {
    log(LogLevel::kDebug,
        "worker on task queue '" + settings_.task_queue + "': ShutdownWorker: " + to_string(answer.error()));
  }
  if (!answer || !polls_completed_by_server_) cancel_polls();
  end_if_idle();
}

void WorkerMachine::end_polls() {
  if (telling_server_) ports_.stub.cancel(shutdown_call_);
  cancel_polls();
}

void WorkerMachine::cancel_polls() {
  for (const auto& [poll, call] : polls_) ports_.stub.cancel(call);
}

/// Phases that have begun already see to it themselves that they do not begin again.
void WorkerMachine::arm_shutdown() {
  for (const TimerId timer : shutdown_timers_) ports_.loop.cancel(timer);
  shutdown_timers_ = {at(shutdown_plan_->polls_until, &WorkerMachine::end_polls),
                      at(shutdown_plan_->stop_at, &WorkerMachine::request_stops),
                      at(shutdown_plan_->force_at, &WorkerMachine::force_reports),
                      at(shutdown_plan_->end_at, &WorkerMachine::end_in_time)};
  if (!outside_plan_ || callers_.empty()) return;
  shutdown_timers_.push_back(at(outside_plan_->force_at, &WorkerMachine::force_reports));
  shutdown_timers_.push_back(at(outside_plan_->end_at, &WorkerMachine::end_in_time));
}

/// Whoever asked for the stop from inside is bound only by the stops of others.
bool WorkerMachine::goes_on(std::uint64_t key, TimePoint ShutdownPlan::* until) const {
  return callers_.contains(key) && (!outside_plan_ || ports_.loop.now() < (*outside_plan_).*until);
}

void WorkerMachine::request_stops() {
  if (phase_ != ShutdownPhase::kDraining) return;
  phase_ = ShutdownPhase::kStopping;
  for (const auto& [key, driver] : attempts_) driver->request_shutdown();
}

void WorkerMachine::force_reports() {
  if (phase_ == ShutdownPhase::kEnded) return;
  phase_ = ShutdownPhase::kForced;
  const auto drivers = attempts_;  // Settling removes them while we look.
  for (const auto& [key, driver] : drivers) {
    if (goes_on(key, &ShutdownPlan::force_at)) continue;
    driver->force_shutdown(callers_.contains(key) ? outside_plan_->end_at : shutdown_plan_->end_at);
  }
  end_if_idle();
}

/// Everything has returned and is reported, or everything that has not is reported as WorkerShutdown.
void WorkerMachine::end_if_idle() {
  if (phase_ == ShutdownPhase::kRunning || phase_ == ShutdownPhase::kEnded) return;
  if (!polls_.empty() || telling_server_) return;
  bool callers_busy = false;
  for (const auto& [key, driver] : attempts_) {
    const bool forced = phase_ == ShutdownPhase::kForced && !goes_on(key, &ShutdownPlan::force_at);
    if (driver->report_settled() && (forced || driver->returned())) continue;
    if (!callers_.contains(key)) return;
    callers_busy = true;
  }
  if (callers_busy) return answer(true);
  end();
}

/// The time is over, for all, or for all but those who asked for it from inside.
void WorkerMachine::end_in_time() {
  if (phase_ == ShutdownPhase::kEnded) return;
  if (std::none_of(attempts_.begin(), attempts_.end(),
                   [&](const auto& entry) { return goes_on(entry.first, &ShutdownPlan::end_at); })) {
    return end();
  }
  cancel_polls();
  const auto drivers = attempts_;
  for (const auto& [key, driver] : drivers) {
    if (callers_.contains(key)) continue;
    leave(key, *driver);
    attempts_.erase(key);
    slots_.attempt_settled();
  }
  host_.count([&](auto& stats) { stats.attempts_running = stats.slots_used = slots_.used(); });
  answer(true);
}

/// Gives one attempt up, whatever it still does.
void WorkerMachine::leave(std::uint64_t key, AttemptDriver& driver) {
  if (!driver.report_settled()) {
    host_.count([](auto& stats) { ++stats.reports_given_up; });
    const char* const state = driver.returned() ? " has ended" : driver.is_decoding() ? " is not begun" : " still runs";
    log(LogLevel::kError, driver.name() + state + " and is not reported (" + std::to_string(driver.report_bytes()) +
                              " bytes): the worker ends first");
  }
  if (!driver.returned()) {
    left_.push_back(driver.name() + driver.whereabouts());
  } else if (!driver.report_settled()) {
    left_.push_back(driver.name() + ", ended but not reported");
  }
  driver.abandon();
  callers_.erase(key);
}

void WorkerMachine::end() {
  if (phase_ == ShutdownPhase::kEnded) return;
  phase_ = ShutdownPhase::kEnded;
  for (const TimerId timer : shutdown_timers_) ports_.loop.cancel(timer);
  ports_.loop.cancel(heartbeat_timer_);
  cancel_polls();
  for (const auto& [key, driver] : attempts_) leave(key, *driver);
  attempts_.clear();
  host_.count([](auto& stats) { stats.attempts_running = stats.slots_used = stats.polls_open = 0; });
  answer(false);
}

void WorkerMachine::answer(bool inside_only) {
  const auto others = std::stable_partition(stop_waiters_.begin(), stop_waiters_.end(),
                                            [&](const StopWaiter& waiter) { return inside_only && !waiter.inside; });
  const std::vector<StopWaiter> answered(std::make_move_iterator(others), std::make_move_iterator(stop_waiters_.end()));
  stop_waiters_.erase(others, stop_waiters_.end());
  for (const auto& waiter : answered) waiter.stopped(left_);
}

}  // namespace longbeat::internal
