#pragma once
#include <chrono>
#include <optional>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"

namespace longbeat::internal {

/// Pauses after failed polls, and when to give up: a server that refuses this worker may be in the middle of a change,
/// so only refusals without a break for a minute end it. Pure; shared by all polls of a worker.
class PollPolicy {
 public:
  static constexpr std::chrono::nanoseconds kFatalAfter = std::chrono::seconds(60);

  void succeeded() {
    backoff_.reset();
    refused_since_.reset();
  }
  /// The pause before the next try.
  std::chrono::nanoseconds failed(const Status& status, TimePoint now, Random& random) {
    if (is_refusal(status.code)) {
      if (!refused_since_) refused_since_ = now;
    } else {
      refused_since_.reset();
    }
    return backoff_.next(random);
  }
  bool hopeless(TimePoint now) const { return refused_since_ && now - *refused_since_ >= kFatalAfter; }

  static bool is_refusal(StatusCode code) {
    return code == StatusCode::kInvalidArgument || code == StatusCode::kNotFound ||
           code == StatusCode::kUnimplemented || code == StatusCode::kPermissionDenied ||
           code == StatusCode::kUnauthenticated || code == StatusCode::kFailedPrecondition;
  }

 private:
  Backoff backoff_{{std::chrono::milliseconds(200), 200, std::chrono::seconds(10), 20}};
  std::optional<TimePoint> refused_since_{};
};

}  // namespace longbeat::internal
