#include "simulation/life.h"

#include <algorithm>

namespace longbeat::simulation {

using server::Phase;

namespace {

/// The attempt has failed or timed out: what follows?
Life attempt_over(Life life, bool retryable, Phase closes_as, const std::string& outcome, const std::string& no_time,
                  WallTime now) {
  life.ended = now;
  if (life.phase == Phase::kResetRequested)
    return started_over(std::move(life), life.lands_paused, Nanoseconds(0), now);
  const auto& policy = life.options.retry;
  const bool used_up = policy.maximum_attempts > 0 && life.attempt >= policy.maximum_attempts;
  if (life.phase == Phase::kCancelRequested || !retryable || used_up) {
    return closed(std::move(life), closes_as, outcome, now);
  }
  const auto interval = interval_after(policy, life.attempt);
  const auto limit = life.options.timeouts.schedule_to_close;
  if (limit > Nanoseconds(0) && now + interval >= life.first_due() + limit) {
    return closed(std::move(life), closes_as, no_time, now);
  }
  life.phase = life.phase == Phase::kPauseRequested ? Phase::kPaused : Phase::kScheduled;
  ++life.attempt;
  life.due = now + interval;
  life.backoff = interval;
  life.jitter = Nanoseconds(0);
  life.token.clear();
  return life;
}

bool speaks_of(const Life& life, const std::string& token, const std::optional<server::ById>& by_id) {
  return life.held() && (by_id || token == life.token);
}

template <class OneRequest>
Lives accepted_one(const Life&, const OneRequest&, WallTime) {
  return {};
}

Lives accepted_one(const Life& life, const server::HeartbeatRequest& request, WallTime now) {
  if (!speaks_of(life, request.token, request.by_id)) return {};
  Life next = life;
  next.details = request.details;
  next.beat = now;
  return {next};
}

Lives accepted_one(const Life& life, const server::CompletedRequest& request, WallTime now) {
  const bool waits = life.phase == Phase::kScheduled || life.phase == Phase::kPaused;
  if (!speaks_of(life, request.token, request.by_id) && !(request.by_id && waits)) return {};
  return {closed(life, Phase::kCompleted, "result: " + request.result, now)};
}

Lives accepted_one(const Life& life, const server::FailedRequest& request, WallTime now) {
  if (!speaks_of(life, request.token, request.by_id)) return {};
  Life next = life;
  if (request.has_last_heartbeat_details) next.details = request.last_heartbeat_details;
  const std::string outcome = "failure: " + request.failure;
  return {attempt_over(std::move(next), !request.non_retryable, Phase::kFailed, outcome, outcome, now)};
}

Lives accepted_one(const Life& life, const server::CanceledRequest& request, WallTime now) {
  if (!speaks_of(life, request.token, request.by_id) || life.phase != Phase::kCancelRequested) return {};
  return {closed(life, Phase::kCanceled, "Activity canceled", now)};
}

Lives accepted_one(const Life& life, const server::CancelRequest& request, WallTime now) {
  if (life.canceled_by == request.request_id) return {life};
  if (life.is_closed() || !life.canceled_by.empty()) return {};
  Life next = life;
  next.canceled_by = request.request_id;
  next.lands_paused = next.restores = next.clears = false;
  if (!life.held()) return {closed(next, Phase::kCanceled, "Activity canceled", now)};
  next.phase = Phase::kCancelRequested;
  return {next};
}

Lives accepted_one(const Life& life, const server::TerminateRequest& request, WallTime now) {
  if (life.terminated_by == request.request_id) return {life};
  if (life.is_closed()) return {};
  Life next = closed(life, Phase::kTerminated, request.reason, now);
  next.terminated_by = request.request_id;
  return {next};
}

Lives accepted_one(const Life& life, const server::DeleteRequest&, WallTime now) {
  Life next = life.is_closed() ? life : closed(life, Phase::kTerminated, "Delete activity execution", now);
  next.gone = true;
  return {next};
}

Lives accepted_one(const Life& life, const server::PauseRequest& request, WallTime now) {
  return operated(life, request, now);
}
Lives accepted_one(const Life& life, const server::UnpauseRequest& request, WallTime now) {
  return operated(life, request, now);
}
Lives accepted_one(const Life& life, const server::ResetRequest& request, WallTime now) {
  return operated(life, request, now);
}
Lives accepted_one(const Life& life, const server::UpdateOptionsRequest& request, WallTime now) {
  return operated(life, request, now);
}

struct Deadline {
  WallTime at{};
  server::TimeoutType type{};
};

/// Every deadline that runs now.
std::vector<Deadline> deadlines_of(const Life& life) {
  using server::TimeoutType;
  std::vector<Deadline> all;
  if (life.is_closed() || life.gone) return all;
  const auto& limits = life.options.timeouts;
  const Nanoseconds none(0);
  if (limits.schedule_to_close > none) {
    all.push_back({life.first_due() + limits.schedule_to_close, TimeoutType::kScheduleToClose});
  }
  if (limits.schedule_to_start > none && life.phase == Phase::kScheduled) {
    all.push_back({life.due + limits.schedule_to_start, TimeoutType::kScheduleToStart});
  }
  if (limits.start_to_close > none && life.held()) {
    all.push_back({life.began + limits.start_to_close, TimeoutType::kStartToClose});
  }
  if (limits.heartbeat > none && life.held()) {
    all.push_back({life.beat + limits.heartbeat, TimeoutType::kHeartbeat});
  }
  return all;
}

}  // namespace

std::string text_of(const server::Outcome& outcome) {
  if (!outcome.has_failure) return "result: " + outcome.result;
  if (outcome.failure.kind == server::StoredFailure::Kind::kOpaque) return "failure: " + outcome.failure.opaque;
  return outcome.failure.message;
}

Nanoseconds duration_of(const std::optional<server::RawDuration>& raw) {
  return raw ? std::chrono::seconds(raw->seconds) + Nanoseconds(raw->nanos) : Nanoseconds(0);
}

server::RetryPolicy policy_of(const std::optional<server::StartRequest::Retry>& asked) {
  server::RetryPolicy policy;
  if (asked && duration_of(asked->initial_interval) > Nanoseconds(0)) {
    policy.initial_interval = duration_of(asked->initial_interval);
  }
  policy.maximum_interval = policy.initial_interval * 100;
  if (!asked) return policy;
  if (duration_of(asked->maximum_interval) > Nanoseconds(0)) {
    policy.maximum_interval = duration_of(asked->maximum_interval);
  }
  if (asked->backoff_coefficient > 0) policy.backoff_coefficient = asked->backoff_coefficient;
  policy.maximum_attempts = asked->maximum_attempts;
  policy.non_retryable_error_types = asked->non_retryable_error_types;
  return policy;
}

void fit_together(server::Timeouts& timeouts) {
  const auto within = [](Nanoseconds value, Nanoseconds limit) {
    return value > Nanoseconds(0) ? std::min(value, limit) : limit;
  };
  if (timeouts.schedule_to_close > Nanoseconds(0)) {
    timeouts.schedule_to_start = within(timeouts.schedule_to_start, timeouts.schedule_to_close);
    timeouts.start_to_close = within(timeouts.start_to_close, timeouts.schedule_to_close);
  }
  timeouts.heartbeat = std::min(timeouts.heartbeat, timeouts.start_to_close);
}

Nanoseconds interval_after(const server::RetryPolicy& policy, std::int32_t attempt) {
  double interval = static_cast<double>(policy.initial_interval.count());
  const double most = static_cast<double>(policy.maximum_interval.count());
  for (std::int32_t i = 1; i < attempt && interval < most; ++i) interval *= policy.backoff_coefficient;
  return interval < most ? Nanoseconds(static_cast<std::int64_t>(interval)) : policy.maximum_interval;
}

Life begun(const server::StartRequest& request, WallTime now) {
  Life life;
  life.scheduled = now;
  life.options.task_queue = request.task_queue;
  life.options.timeouts = {duration_of(request.schedule_to_close), duration_of(request.schedule_to_start),
                           duration_of(request.start_to_close), duration_of(request.heartbeat)};
  fit_together(life.options.timeouts);
  life.options.retry = policy_of(request.retry);
  if (request.priority) {
    life.options.priority = {true, request.priority->key, request.priority->fairness_key,
                             request.priority->fairness_weight};
  }
  life.options.start_delay = duration_of(request.start_delay);
  life.original = life.options;
  life.started_by = {request.request_id};
  life.links = request.links.size();
  life.due = life.first_due();
  return life;
}

Life closed(Life life, Phase phase, std::string outcome, WallTime now) {
  life.phase = phase;
  life.outcome = std::move(outcome);
  life.closed = std::max(now, life.scheduled + Nanoseconds(1));
  life.token.clear();
  life.lands_paused = life.restores = life.clears = false;
  return life;
}

Lives handed_out(const Life& life, const server::PollTaskReply& task, WallTime now) {
  if (life.gone || life.phase != Phase::kScheduled || now < life.due) return {};
  if (task.attempt != life.attempt || task.heartbeat_details != life.details) return {};
  if (task.input->options != life.options) return {};
  Life next = life;
  next.phase = Phase::kStarted;
  next.token = task.token;
  next.begin(now);
  if (task.started_time != next.stored_start) return {};
  next.ever_began = true;
  next.backoff = next.jitter = Nanoseconds(0);
  return {next};
}

Life undone(const Life& life, WallTime now) {
  Life next = life;
  next.token.clear();
  switch (life.phase) {
    case Phase::kCancelRequested:
      return closed(next, Phase::kCanceled, "Activity canceled", now);
    case Phase::kPauseRequested:
      next.phase = Phase::kPaused;
      return next;
    case Phase::kResetRequested:
      return started_over(next, life.lands_paused, Nanoseconds(0), now);
    default:
      next.phase = Phase::kScheduled;
      return next;
  }
}

Lives accepted(const Life& life, const server::Request& request, WallTime now) {
  if (life.gone) return {};
  return std::visit([&](const auto& one) { return accepted_one(life, one, now); }, request);
}

Lives timed_out(const Life& life, WallTime now) {
  using server::TimeoutType;
  Lives next;
  for (const Deadline& deadline : deadlines_of(life)) {
    if (now < deadline.at) continue;
    const std::string outcome = "activity " + std::string(server::to_string(deadline.type)) + " timeout";
    if (deadline.type == TimeoutType::kScheduleToClose || deadline.type == TimeoutType::kScheduleToStart) {
      next.push_back(closed(life, Phase::kTimedOut, outcome, now));
    } else {
      next.push_back(attempt_over(
          life, true, Phase::kTimedOut, outcome,
          "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying", now));
    }
  }
  return next;
}

WallTime quiet_until(const Life& life) {
  WallTime until = WallTime::max();
  for (const Deadline& deadline : deadlines_of(life)) until = std::min(until, deadline.at);
  return until;
}

std::optional<Nanoseconds> overdue(const Life& life, WallTime now) {
  std::optional<Nanoseconds> most;
  for (const Deadline& deadline : deadlines_of(life)) {
    // Until its jitter is drawn nobody knows from when schedule-to-start counts.
    const auto late = now - deadline.at - life.jitter;
    if (late >= Nanoseconds(0) && (!most || late > *most)) most = late;
  }
  return most;
}

}  // namespace longbeat::simulation
