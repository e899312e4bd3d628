#include "longbeat/result.h"

#include "base/one_line.h"

LONGBEAT_BEGIN

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyStarted:
      return "AlreadyStarted";
    case ErrorCode::kFailedPrecondition:
      return "FailedPrecondition";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kPermissionDenied:
      return "PermissionDenied";
    case ErrorCode::kUnimplemented:
      return "Unimplemented";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case ErrorCode::kCanceled:
      return "Canceled";
    case ErrorCode::kInternal:
      return "Internal";
    case ErrorCode::kUndecodable:
      return "Undecodable";
    case ErrorCode::kLeaseLost:
      return "LeaseLost";
    case ErrorCode::kActivityFailed:
      return "ActivityFailed";
    case ErrorCode::kActivityCanceled:
      return "ActivityCanceled";
    case ErrorCode::kActivityTerminated:
      return "ActivityTerminated";
    case ErrorCode::kActivityTimedOut:
      return "ActivityTimedOut";
  }
  return "Unknown";
}

std::string to_string(const Error& error) {
  const std::string code(to_string(error.code));
  return error.message.empty() ? code : code + ": " + internal::one_line(error.message);
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << to_string(error);
}

std::ostream& operator<<(std::ostream& out, ErrorCode code) {
  return out << to_string(code);
}

LONGBEAT_END
