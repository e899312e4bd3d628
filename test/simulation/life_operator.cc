// What operators may do to a life: pause, unpause, reset, new options.
#include <algorithm>

#include "simulation/life.h"

namespace longbeat::simulation {

using server::Phase;

namespace {

/// Nobody could have had it yet, so its start delay may still change.
bool may_still_be_delayed(const Life& life, WallTime now) {
  if (life.ever_began) return false;
  if (life.phase == Phase::kScheduled) return now < life.first_due();
  return life.phase == Phase::kPaused && life.paused_before_due;
}

server::ActivityOptions original_of(const Life& life, WallTime now) {
  auto options = life.original;
  if (!may_still_be_delayed(life, now)) options.start_delay = life.options.start_delay;
  return options;
}

/// What the request changes, path by path.
server::ActivityOptions changed(const Life& life, const server::UpdateOptionsRequest& request) {
  auto options = life.options;
  const auto& from = *request.options;
  for (const std::string& path : *request.update_mask) {
    if (path == "task_queue.name") options.task_queue = *from.task_queue;
    if (path == "schedule_to_close_timeout") options.timeouts.schedule_to_close = duration_of(from.schedule_to_close);
    if (path == "schedule_to_start_timeout") options.timeouts.schedule_to_start = duration_of(from.schedule_to_start);
    if (path == "start_to_close_timeout") options.timeouts.start_to_close = duration_of(from.start_to_close);
    if (path == "heartbeat_timeout") options.timeouts.heartbeat = duration_of(from.heartbeat);
    if (path == "start_delay") options.start_delay = duration_of(from.start_delay);
    if (path == "retry_policy") options.retry = policy_of(from.retry);
    if (path == "retry_policy.maximum_attempts") options.retry.maximum_attempts = from.retry->maximum_attempts;
    if (path == "priority") {
      options.priority = {};
      if (from.priority) {
        options.priority = {true, from.priority->key, from.priority->fairness_key, from.priority->fairness_weight};
      }
    }
  }
  fit_together(options.timeouts);
  return options;
}

bool names(const server::UpdateOptionsRequest& request, const std::string& start) {
  return !request.restore_original &&
         std::ranges::any_of(*request.update_mask, [&](const std::string& path) { return path.starts_with(start); });
}

}  // namespace

Life started_over(Life life, bool paused, Nanoseconds jitter, WallTime now) {
  if (life.restores) life.options = original_of(life, now);
  if (life.clears) life.details.clear();
  life.phase = paused ? Phase::kPaused : Phase::kScheduled;
  life.attempt = 1;
  life.due = std::max(now, life.first_due());
  life.jitter = std::max(now + jitter, life.due) - life.due;
  life.backoff = Nanoseconds(0);
  life.lands_paused = life.restores = life.clears = false;
  life.token.clear();
  return life;
}

Lives operated(const Life& life, const server::PauseRequest& request, WallTime now) {
  if (life.paused_by == request.request_id) return {life};
  if (life.phase != Phase::kScheduled && life.phase != Phase::kStarted) return {};
  Life next = life;
  next.paused_by = request.request_id;
  next.paused_before_due = may_still_be_delayed(life, now);
  next.phase = life.held() ? Phase::kPauseRequested : Phase::kPaused;
  return {next};
}

Lives operated(const Life& life, const server::UnpauseRequest& request, WallTime now) {
  if (life.unpaused_by == request.request_id) return {life};
  if (life.phase != Phase::kPaused && life.phase != Phase::kPauseRequested) return {};
  Life next = life;
  next.unpaused_by = request.request_id;
  if (life.held()) {
    next.phase = Phase::kStarted;
    return {next};
  }
  next.phase = Phase::kScheduled;
  WallTime waits_until = life.first_due();
  if (life.backoff > Nanoseconds(0)) waits_until = std::max(waits_until, life.ended + life.backoff);
  next.due = std::max(now, waits_until);
  next.jitter = std::max(now + duration_of(request.jitter), waits_until) - next.due;
  next.jitter = std::max(next.jitter, Nanoseconds(0));
  if (waits_until <= now) next.backoff = Nanoseconds(0);
  return {next};
}

Lives operated(const Life& life, const server::ResetRequest& request, WallTime now) {
  if (life.reset_by == request.request_id) return {life};
  if (life.is_closed() || life.phase == Phase::kCancelRequested || life.phase == Phase::kResetRequested) return {};
  Life next = life;
  next.reset_by = request.request_id;
  const bool paused = life.phase == Phase::kPaused || life.phase == Phase::kPauseRequested;
  next.lands_paused = request.keep_paused && paused;
  next.restores = request.restore_original_options;
  next.clears = request.reset_heartbeat;
  if (!life.held()) return {started_over(next, next.lands_paused, duration_of(request.jitter), now)};
  next.phase = Phase::kResetRequested;
  return {next};
}

Lives operated(const Life& life, const server::UpdateOptionsRequest& request, WallTime now) {
  if (life.updated_by == request.request_id) return {life};
  const bool may = life.phase == Phase::kScheduled || life.phase == Phase::kStarted || life.phase == Phase::kPaused ||
                   life.phase == Phase::kPauseRequested;
  if (!may) return {};
  if (names(request, "start_delay") && !may_still_be_delayed(life, now)) return {};
  Life next = life;
  next.updated_by = request.request_id;
  next.options = request.restore_original ? original_of(life, now) : changed(life, request);
  if (next.options.start_delay != life.options.start_delay) {
    next.due = std::max(now, next.first_due());
    next.jitter = Nanoseconds(0);
  }
  const bool other_policy = names(request, "retry_policy") || next.options.retry != life.options.retry;
  if (!other_policy || life.backoff == Nanoseconds(0) || life.held()) return {next};
  Life recomputed = next;
  recomputed.backoff = interval_after(next.options.retry, life.attempt - 1);
  recomputed.due = std::max(now, life.ended + recomputed.backoff);
  recomputed.jitter = Nanoseconds(0);
  if (life.phase == Phase::kPaused || life.due > now) return {recomputed};
  // Due already, unless the jitter of an unpause has made it wait.
  if (life.jitter == Nanoseconds(0)) return {next};
  return {next, recomputed};
}

}  // namespace longbeat::simulation
