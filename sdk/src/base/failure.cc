#include "longbeat/failure.h"

LONGBEAT_BEGIN

std::string_view to_string(TimeoutType type) noexcept {
  switch (type) {
    case TimeoutType::kStartToClose:
      return "StartToClose";
    case TimeoutType::kScheduleToStart:
      return "ScheduleToStart";
    case TimeoutType::kScheduleToClose:
      return "ScheduleToClose";
    case TimeoutType::kHeartbeat:
      return "Heartbeat";
    case TimeoutType::kUnspecified:
      break;
  }
  return "Unspecified";
}

namespace {

std::string label(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::kApplication:
      return failure.type.empty() ? "ApplicationError" : "ApplicationError(" + failure.type + ")";
    case FailureKind::kTimeout:
      return "TimeoutError(" + std::string(to_string(failure.timeout_type)) + ")";
    case FailureKind::kCanceled:
      return "CanceledError";
    case FailureKind::kTerminated:
      return "TerminatedError";
    case FailureKind::kServer:
      return "ServerError";
    case FailureKind::kActivity:
      return "ActivityError";
    case FailureKind::kGeneric:
    case FailureKind::kOther:
      break;
  }
  return "Error";
}

}  // namespace

std::string to_string(const Failure& failure) {
  std::string text = label(failure) + ": " + failure.message;
  for (const Failure* cause = failure.cause.get(); cause != nullptr; cause = cause->cause.get()) {
    text += ": caused by: " + label(*cause) + ": " + cause->message;
  }
  return text;
}

LONGBEAT_END
