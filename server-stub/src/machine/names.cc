#include <ostream>

#include "machine/activity_state.h"

namespace longbeat::server {

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::kScheduled:
      return "Scheduled";
    case Phase::kStarted:
      return "Started";
    case Phase::kCancelRequested:
      return "CancelRequested";
    case Phase::kPauseRequested:
      return "PauseRequested";
    case Phase::kResetRequested:
      return "ResetRequested";
    case Phase::kPaused:
      return "Paused";
    case Phase::kCompleted:
      return "Completed";
    case Phase::kFailed:
      return "Failed";
    case Phase::kCanceled:
      return "Canceled";
    case Phase::kTerminated:
      return "Terminated";
    case Phase::kTimedOut:
      return "TimedOut";
  }
  return "Unspecified";
}

std::string_view to_string(RetryState state) noexcept {
  switch (state) {
    case RetryState::kUnspecified:
      return "Unspecified";
    case RetryState::kInProgress:
      return "InProgress";
    case RetryState::kNonRetryableFailure:
      return "NonRetryableFailure";
    case RetryState::kTimeout:
      return "Timeout";
    case RetryState::kMaximumAttemptsReached:
      return "MaximumAttemptsReached";
    case RetryState::kRetryPolicyNotSet:
      return "RetryPolicyNotSet";
    case RetryState::kInternalServerError:
      return "InternalServerError";
    case RetryState::kCancelRequested:
      return "CancelRequested";
  }
  return "Unspecified";
}

std::string_view to_string(TimeoutType type) noexcept {
  switch (type) {
    case TimeoutType::kUnspecified:
      return "Unspecified";
    case TimeoutType::kStartToClose:
      return "StartToClose";
    case TimeoutType::kScheduleToStart:
      return "ScheduleToStart";
    case TimeoutType::kScheduleToClose:
      return "ScheduleToClose";
    case TimeoutType::kHeartbeat:
      return "Heartbeat";
  }
  return "Unspecified";
}

std::ostream& operator<<(std::ostream& out, Phase phase) {
  return out << to_string(phase);
}
std::ostream& operator<<(std::ostream& out, RetryState state) {
  return out << to_string(state);
}
std::ostream& operator<<(std::ostream& out, TimeoutType type) {
  return out << to_string(type);
}

std::ostream& operator<<(std::ostream& out, const StoredFailure& failure) {
  out << "failure{kind " << static_cast<int>(failure.kind) << ", \"" << failure.message << "\", " << failure.timeout
      << ", opaque \"" << failure.opaque << "\", details \"" << failure.details << "\", identity \"" << failure.identity
      << '"' << (failure.non_retryable ? ", non-retryable" : "");
  for (const StoredFailure& cause : failure.cause) out << ", cause " << cause;
  return out << '}';
}

}  // namespace longbeat::server
