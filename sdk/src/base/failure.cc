#include "longbeat/failure.h"

#include "base/one_line.h"

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
      return failure.type.empty() || failure.type == "ApplicationError" ? "ApplicationError"
                                                                        : "ApplicationError(" + failure.type + ")";
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

std::string labelled_message(const Failure& failure) {
  return failure.message.empty() ? label(failure) : label(failure) + ": " + failure.message;
}

}  // namespace

const Failure* Failure::find(FailureKind wanted) const noexcept {
  const Failure* at = this;
  while (at != nullptr && at->kind != wanted) at = at->cause.get();
  return at;
}

const Failure* Failure::find(std::string_view application_type) const noexcept {
  const Failure* at = find(FailureKind::kApplication);
  while (at != nullptr && at->type != application_type)
    at = at->cause ? at->cause->find(FailureKind::kApplication) : nullptr;
  return at;
}

const Failure& Failure::root_cause() const noexcept {
  const Failure* at = this;
  while (at->cause) at = at->cause.get();
  return *at;
}

std::string to_string(const Failure& failure) {
  std::string text = labelled_message(failure);
  for (const Failure* cause = failure.cause.get(); cause != nullptr; cause = cause->cause.get()) {
    text += ": caused by: " + labelled_message(*cause);
  }
  return internal::one_line(text);
}

LONGBEAT_END
