#include "longbeat/failure.h"

#include "base/failure_text.h"
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

LONGBEAT_END

namespace longbeat::internal {

std::string_view kind_label(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::kApplication:
      return "ApplicationError";
    case FailureKind::kTimeout:
      return "TimeoutError";
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
  std::string text(kind_label(failure.kind));
  if (failure.kind == FailureKind::kTimeout) {
    text.append("(").append(to_string(failure.timeout_type)).append(")");
  } else if (failure.kind == FailureKind::kApplication && !failure.type.empty() && failure.type != text) {
    text.append("(").append(failure.type).append(")");
  }
  return failure.message.empty() ? text : text + ": " + failure.message;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

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
  std::string text = internal::labelled_message(failure);
  for (const Failure* cause = failure.cause.get(); cause != nullptr; cause = cause->cause.get()) {
    text += ": caused by: " + internal::labelled_message(*cause);
  }
  return internal::one_line(text);
}

LONGBEAT_END
