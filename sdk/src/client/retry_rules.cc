#include "client/retry_rules.h"

#include "base/server_gone.h"

namespace longbeat::internal {

Repetition repetition(Rpc rpc, bool names_run) {
  switch (rpc) {
    // Reads. A description by long poll is one too, but LongWait repeats it itself (`retried`).
    case Rpc::kGetSystemInfo:
    case Rpc::kDescribeNamespace:
    case Rpc::kDescribeTaskQueue:
    case Rpc::kListWorkers:
    case Rpc::kCountWorkers:
    case Rpc::kDescribeWorker:
    case Rpc::kDescribeActivity:
    case Rpc::kListActivities:
    case Rpc::kCountActivities:
      return Repetition::kAlways;
    // The server compares the request ID with those of the latest run, open or closed: same run, nothing new.
    case Rpc::kStartActivity:
      return Repetition::kAlways;
    // The run remembers its last request ID of each kind, checked before its state, so also once it has closed. A
    // server that does not yet know the request ID of unpause, reset and update refuses the second one, or does again
    // what leads to the same state. Without a run ID the repetition means the latest run, as the first one did.
    case Rpc::kRequestCancel:
    case Rpc::kTerminateActivity:
    case Rpc::kPauseActivity:
    case Rpc::kUnpauseActivity:
    case Rpc::kResetActivity:
    case Rpc::kUpdateActivityOptions:
      return Repetition::kAlways;
    // Has no request ID. A run is gone only once; "the latest" might be a run that has been started since.
    case Rpc::kDeleteActivity:
      return names_run ? Repetition::kGoneIsDone : Repetition::kOnlyRefused;
    // Long polls: their callers loop anyway and have their own idea of when to give up. A task poll must not be
    // repeated besides: the first answer may be on its way.
    case Rpc::kPollOutcome:
    case Rpc::kPollTasks:
      return Repetition::kNever;
    // A token holds one attempt: when the report got through, or the attempt is over anyway, the second is NOT_FOUND,
    // which SDKs take for done (protocol.md §2.6). For callers that ask for it (`retried`); a worker repeats its
    // reports within lease and attempt.
    case Rpc::kRespondCompleted:
    case Rpc::kRespondFailed:
    case Rpc::kRespondCanceled:
      return Repetition::kGoneIsDone;
    // Of the same attempt. AsyncReports repeats it, with newer details when there are any: older ones must not follow.
    case Rpc::kRecordHeartbeat:
      return Repetition::kAlways;
    // These close the run: the second time it is closed. "The latest" may be a new run by then.
    case Rpc::kRespondCompletedById:
    case Rpc::kRespondCanceledById:
      return names_run ? Repetition::kUnrecognized : Repetition::kOnlyRefused;
    // An ID holds the run, not the attempt: after a failure that got through, the second one would fail the next
    // attempt, and a late heartbeat would give it older details than its own.
    case Rpc::kRecordHeartbeatById:
    case Rpc::kRespondFailedById:
      return Repetition::kOnlyRefused;
    // The worker sends the next one anyway; at its end it does not wait.
    case Rpc::kRecordWorkerHeartbeat:
    case Rpc::kShutdownWorker:
      return Repetition::kNever;
  }
  return Repetition::kNever;
}

bool worth_repeating(const Status& status, Repetition repetition) {
  switch (repetition) {
    case Repetition::kNever:
      return false;
    case Repetition::kOnlyRefused:
      return status.code == StatusCode::kResourceExhausted && worth_repeating(status);
    case Repetition::kUnrecognized:
    case Repetition::kGoneIsDone:
    case Repetition::kAlways:
      return worth_repeating(status);
  }
  return false;
}

bool worth_repeating(const Status& status) {
  if (is_server_gone(status)) return false;
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
