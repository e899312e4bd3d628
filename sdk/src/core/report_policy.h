#pragma once
#include <optional>
#include <string>
#include <variant>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"

namespace longbeat::internal {

/// What the answer to a report means.
enum class ReportAnswer {
  kAccepted,
  kStale,     ///< NOT_FOUND, and no earlier try can have been applied: the attempt did not count any more
  kUnknown,   ///< NOT_FOUND after a try whose answer was lost: it may have been applied, or the attempt was over
  kTooLarge,  ///< can never pass as it is
  kRefused,   ///< the server objects to the content; the same again is refused again
  kRepeat,    ///< later it may pass
  kGivenUp,   ///< it can no longer count
};

/// Repeats one result or failure until the server has it or it cannot count. Pure.
class ReportPolicy {
 public:
  /// `give_up_at`: end of the attempt's time plus a minute; the server decides until then whether it still counts.
  explicit ReportPolicy(TimePoint give_up_at)
      : give_up_at_(give_up_at), backoff_({std::chrono::milliseconds(100), 170, std::chrono::seconds(2), 20}) {}

  ReportAnswer judge(const StatusOr<>& answer, TimePoint now) {
    if (answer.ok()) return ReportAnswer::kAccepted;
    switch (answer.error().code) {
      case StatusCode::kNotFound:
        // A server that starts, or has just moved, may not know the namespace yet; that says nothing of the attempt.
        if (std::holds_alternative<NamespaceNotFoundDetail>(answer.error().detail)) break;
        return ambiguous_ ? ReportAnswer::kUnknown : ReportAnswer::kStale;
      case StatusCode::kInvalidArgument:
      case StatusCode::kFailedPrecondition:
      case StatusCode::kAlreadyExists:
      case StatusCode::kUnimplemented:
        return ReportAnswer::kRefused;
      case StatusCode::kResourceExhausted:
        if (too_large(answer.error())) return ReportAnswer::kTooLarge;
        break;
      case StatusCode::kPermissionDenied:
      case StatusCode::kUnauthenticated:
        break;  // Nothing was applied; credentials may be renewed in time.
      default:
        ambiguous_ = true;
    }
    return now >= give_up_at_ ? ReportAnswer::kGivenUp : ReportAnswer::kRepeat;
  }
  /// The message as a whole is more than the other side takes: the same again never passes.
  static bool too_large(const Status& status) {
    return status.code == StatusCode::kResourceExhausted && status.message.find("larger than max") != std::string::npos;
  }
  std::chrono::nanoseconds next_pause(Random& random) { return backoff_.next(random); }
  TimePoint give_up_at() const { return give_up_at_; }

 private:
  TimePoint give_up_at_;
  Backoff backoff_;
  bool ambiguous_ = false;
};

}  // namespace longbeat::internal
