#include "client/errors.h"

#include <memory>
#include <variant>

#include "longbeat/activity_description.h"
#include "longbeat/failure.h"

namespace longbeat::internal {
namespace {

ErrorCode code_of(StatusCode code) {
  switch (code) {
    case StatusCode::kCancelled:
      return ErrorCode::kCanceled;
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
      return ErrorCode::kInvalidArgument;
    case StatusCode::kDeadlineExceeded:
      return ErrorCode::kDeadlineExceeded;
    case StatusCode::kNotFound:
      return ErrorCode::kNotFound;
    case StatusCode::kAlreadyExists:
      return ErrorCode::kAlreadyStarted;
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnauthenticated:
      return ErrorCode::kPermissionDenied;
    case StatusCode::kResourceExhausted:
      return ErrorCode::kResourceExhausted;
    case StatusCode::kFailedPrecondition:
      return ErrorCode::kFailedPrecondition;
    case StatusCode::kUnimplemented:
      return ErrorCode::kUnimplemented;
    case StatusCode::kUnavailable:
    case StatusCode::kAborted:
      return ErrorCode::kUnavailable;
    case StatusCode::kOk:
    case StatusCode::kUnknown:
    case StatusCode::kInternal:
    case StatusCode::kDataLoss:
      break;
  }
  return ErrorCode::kInternal;
}

ErrorCode code_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kCanceled:
      return ErrorCode::kActivityCanceled;
    case FailureKind::kTerminated:
      return ErrorCode::kActivityTerminated;
    case FailureKind::kTimeout:
      return ErrorCode::kActivityTimedOut;
    case FailureKind::kGeneric:
    case FailureKind::kApplication:
    case FailureKind::kServer:
    case FailureKind::kActivity:
    case FailureKind::kOther:
      break;
  }
  return ErrorCode::kActivityFailed;
}

/// gRPC's own words for what happened on this side say less than ours.
std::string reason(const Status& status) {
  if (status.code == StatusCode::kDeadlineExceeded && status.message == "Deadline Exceeded")
    return "there was no answer in time";
  if (status.code == StatusCode::kCancelled && status.message == "CANCELLED") return "it was given up";
  return status.message.empty() ? "no reason was given" : status.message;
}

}  // namespace

Error to_error(const Status& status, const std::string& what) {
  Error error{code_of(status.code), what + ": " + reason(status), {}, {}};
  if (const auto* started = std::get_if<AlreadyStartedDetail>(&status.detail)) {
    error.code = ErrorCode::kAlreadyStarted;
    error.run_id = started->run_id;
    error.message += " (run " + started->run_id + ")";
  }
  return error;
}

Error closed_with(const Failure& failure, const std::string& activity_id, const std::string& run_id) {
  const std::string message = "activity '" + activity_id + "' (run " + run_id + "): " + to_string(failure);
  return {code_of(failure.kind), message, std::make_shared<const Failure>(failure), {}};
}

Error not_included(const char* what, const std::string& activity_id) {
  return {ErrorCode::kNotFound,
          std::string("the description of activity '") + activity_id + "' was asked for without its " + what,
          {},
          {}};
}

}  // namespace longbeat::internal
