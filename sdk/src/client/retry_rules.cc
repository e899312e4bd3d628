#include "client/retry_rules.h"

namespace longbeat::internal {

bool repeated_by_the_stub(Rpc rpc) {
  switch (rpc) {
    // Reads.
    case Rpc::kGetSystemInfo:
    case Rpc::kDescribeNamespace:
    case Rpc::kDescribeActivity:
      return true;
    // Mutations that carry a request ID: the server recognises the repetition.
    case Rpc::kStartActivity:
    case Rpc::kRequestCancel:
      return true;
    // Long polls: their callers loop anyway and have their own idea of when to give up.
    case Rpc::kPollOutcome:
    case Rpc::kPollTasks:
      return false;
    // The worker repeats them within lease and attempt, with newer details where there are some.
    case Rpc::kRecordHeartbeat:
    case Rpc::kRespondCompleted:
    case Rpc::kRespondFailed:
    case Rpc::kRespondCanceled:
    case Rpc::kRecordWorkerHeartbeat:
    case Rpc::kShutdownWorker:
      return false;
  }
  return false;
}

bool worth_repeating(const Status& status) {
  switch (status.code) {
    case StatusCode::kResourceExhausted:
      return status.message.find("message larger than max") == std::string::npos &&
             status.message.find("decompression larger than max") == std::string::npos;
    case StatusCode::kUnavailable:
    case StatusCode::kAborted:
    case StatusCode::kInternal:
    case StatusCode::kUnknown:
    case StatusCode::kDataLoss:
    case StatusCode::kOutOfRange:
      return true;
    case StatusCode::kOk:
    case StatusCode::kCancelled:
    case StatusCode::kInvalidArgument:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kPermissionDenied:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnimplemented:
    case StatusCode::kUnauthenticated:
      return false;
  }
  return false;
}

bool passes_with_time(const Status& status) {
  return status.code == StatusCode::kUnavailable || status.code == StatusCode::kResourceExhausted ||
         status.code == StatusCode::kAborted;
}

std::chrono::nanoseconds RetryPauses::next(const Status& status, Random& random) {
  return status.code == StatusCode::kResourceExhausted ? exhausted_.next(random) : usual_.next(random);
}

void RetryPauses::reset() {
  usual_.reset();
  exhausted_.reset();
}

}  // namespace longbeat::internal
