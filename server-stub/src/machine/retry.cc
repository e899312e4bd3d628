#include "base/planted.h"
#include "machine/steps.h"

namespace longbeat::server {
namespace {

bool listed(const RetryPolicy& policy, std::string_view type) {
  const auto& types = policy.non_retryable_error_types;
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// base^exponent by squaring: multiplications only, so the same bits on every machine, which std::pow does not promise.
double power(double base, std::uint32_t exponent) {
  double result = 1.0;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1U) result *= base;
    base *= base;
  }
  return result;
}

}  // namespace

Duration retry_interval(const RetryPolicy& policy, std::int32_t attempt) {
  const Duration maximum = policy.maximum_interval.count() > 0 ? policy.maximum_interval : Duration::max();
  if (attempt <= 1 || planted(internal::Bug::kBackoffTooShort)) return std::min(policy.initial_interval, maximum);
  const double interval = static_cast<double>(policy.initial_interval.count()) *
                          power(policy.backoff_coefficient, static_cast<std::uint32_t>(attempt - 1));
  // Negated, so that infinity times zero (not a number) is capped too.
  if (!(interval < static_cast<double>(maximum.count()))) return maximum;
  return Duration(static_cast<std::int64_t>(interval));
}

bool retryable(const FailureFacts& facts, const RetryPolicy& policy) {
  switch (facts.kind) {
    case FailureFacts::Kind::kNone:
    case FailureFacts::Kind::kOther:
      return true;
    case FailureFacts::Kind::kCanceled:
    case FailureFacts::Kind::kTerminated:
      return false;
    case FailureFacts::Kind::kServer:
      return !facts.non_retryable;
    case FailureFacts::Kind::kApplication:
      return !facts.non_retryable && !listed(policy, facts.type);
    case FailureFacts::Kind::kTimeout:
      return (facts.timeout == TimeoutType::kStartToClose || facts.timeout == TimeoutType::kHeartbeat) &&
             !listed(policy, "TemporalTimeout:" + std::string(to_string(facts.timeout)));
  }
  return false;
}

namespace steps {

RetryDecision decide_retry(const ActivityState& state, const FailureFacts& facts, Time now) {
  const ActivityProgress& progress = state.progress;
  const RetryPolicy& policy = state.input->options.retry;
  if (progress.phase == Phase::kResetRequested) return {.retry = true, .reset = true};
  if (progress.phase == Phase::kCancelRequested) return {.why_not = RetryState::kCancelRequested};
  if (!retryable(facts, policy)) return {.why_not = RetryState::kNonRetryableFailure};
  const std::int32_t attempts = progress.attempt - (planted(internal::Bug::kOneAttemptMore) ? 1 : 0);
  if (policy.maximum_attempts > 0 && attempts >= policy.maximum_attempts) {
    return {.why_not = RetryState::kMaximumAttemptsReached};
  }
  const bool from_worker = facts.next_retry_delay.count() > 0;
  const Duration interval = from_worker ? facts.next_retry_delay : retry_interval(policy, progress.attempt);
  if (const auto deadline = schedule_to_close_deadline(state); deadline && later(now, interval) >= *deadline) {
    return {.why_not = RetryState::kTimeout};
  }
  return {.retry = true, .interval = interval, .interval_from_worker = from_worker};
}

std::uint8_t schedule_next_attempt(ActivityState& state, const RetryDecision& decision, Time now) {
  if (decision.reset) return land_reset(state, now);
  ActivityProgress& progress = state.progress;
  progress.phase = progress.phase == Phase::kPauseRequested ? Phase::kPaused : Phase::kScheduled;
  ++progress.attempt;
  progress.dispatch_time = later(now, decision.interval);
  progress.current_retry_interval = decision.interval;
  progress.interval_from_worker = decision.interval_from_worker;
  ++progress.stamp;
  ++progress.transition_count;
  return kProgress;
}

}  // namespace steps

StatusOr<Applied> transition(ActivityState& state, const Failed& event, Time now) {
  return transition(state, Failed(event), now);
}

StatusOr<Applied> transition(ActivityState& state, Failed&& event, Time now) {
  if (!steps::speaks_of_held_attempt(state, event.attempt)) return steps::refused_as_late(state);
  const bool given = event.facts.kind != FailureFacts::Kind::kNone;
  std::uint8_t changed = kProgress | kLastFailure;
  if (event.last_heartbeat_details && !planted(internal::Bug::kFailureDetailsIgnored)) {
    changed |= steps::beat(state.progress, state.heartbeat_details, std::move(*event.last_heartbeat_details), now);
    changed &= static_cast<std::uint8_t>(~kBeatOnly);  // The whole progress is written anyway.
  }
  state.progress.last_attempt_complete_time = now;
  const steps::RetryDecision decision = steps::decide_retry(state, event.facts, now);
  if (decision.retry) {
    if (given) {
      const bool fits = event.retained == StoredFailure{};  // Nothing shorter was made of it.
      state.last_failure = std::move(fits ? event.failure : event.retained);
    } else {
      state.last_failure.reset();
    }
    changed |= steps::schedule_next_attempt(state, decision, now);
    return Applied{.changed = changed};
  }
  // Nobody may find a closed activity without an outcome.
  StoredFailure failure =
      given ? std::move(event.failure) : StoredFailure{.message = "activity task failed without failure details"};
  state.last_failure = failure;
  Applied applied =
      steps::close(state, Phase::kFailed, steps::failure_outcome(std::move(failure), decision.why_not), now);
  applied.changed |= changed;
  return applied;
}

}  // namespace longbeat::server
