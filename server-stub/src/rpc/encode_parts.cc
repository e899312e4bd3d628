#include "rpc/encode_parts.h"

#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace enums = temporal::api::enums::v1;

enums::ActivityExecutionStatus status_of(Phase phase) {
  return static_cast<enums::ActivityExecutionStatus>(public_status(phase));
}

enums::PendingActivityState run_state_of(Phase phase) {
  switch (phase) {
    case Phase::kScheduled:
      return enums::PENDING_ACTIVITY_STATE_SCHEDULED;
    case Phase::kStarted:
    case Phase::kResetRequested:
      return enums::PENDING_ACTIVITY_STATE_STARTED;
    case Phase::kCancelRequested:
      return enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
    case Phase::kPauseRequested:
      return enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED;
    case Phase::kPaused:
      return enums::PENDING_ACTIVITY_STATE_PAUSED;
    default:
      return enums::PENDING_ACTIVITY_STATE_UNSPECIFIED;
  }
}

void encode_retry(const RetryPolicy& from, temporal::api::common::v1::RetryPolicy& to) {
  assign(*to.mutable_initial_interval(), from.initial_interval);
  to.set_backoff_coefficient(from.backoff_coefficient);
  assign(*to.mutable_maximum_interval(), from.maximum_interval);
  to.set_maximum_attempts(from.maximum_attempts);
  for (const auto& type : from.non_retryable_error_types) to.add_non_retryable_error_types(type);
}

void encode_priority(const Priority& from, temporal::api::common::v1::Priority& to) {
  to.set_priority_key(from.key);
  assign(*to.mutable_fairness_key(), from.fairness_key);
  to.set_fairness_weight(from.fairness_weight);
}

void encode_outcome(const Outcome& from, temporal::api::activity::v1::ActivityExecutionOutcome& to) {
  to.set_retry_state(static_cast<temporal::api::enums::v1::RetryState>(from.retry_state));
  if (from.has_failure) {
    encode_failure(from.failure, *to.mutable_failure());
  } else {
    restore(from.result, *to.mutable_result());
  }
}

}  // namespace longbeat::server
