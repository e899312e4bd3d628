#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/loop.h"
#include "base/random.h"
#include "client/retry_rules.h"
#include "core/service_stub.h"

namespace longbeat::internal {

/// Waits for the outcome of one run: asks by long poll, again when an answer is empty, and again when the server was
/// away. Each poll has its own deadline; the caller's bounds the whole. A machine on the loop, which outlives it.
class OutcomeWait : public std::enable_shared_from_this<OutcomeWait> {
 public:
  /// `deadline` unset: no bound. Without a run ID the first answer's run is followed from then on.
  OutcomeWait(Loop& loop, ServiceStub& stub, RunParams run, std::optional<TimePoint> deadline, std::uint64_t seed)
      : loop_(loop), stub_(stub), run_(std::move(run)), deadline_(deadline), random_(seed) {}

  /// `done` runs once, on the loop: with an outcome, with what rules one out, or after the deadline or cancel(). Loop
  /// thread.
  void start(Done<PolledOutcome> done);
  /// Gives the wait up with CANCELLED; nothing when it has ended; one that has not started ends at its start.
  /// Loop thread.
  void cancel();

 private:
  void poll();
  void polled(StatusOr<PolledOutcome> answer);
  void poll_after_a_pause(const Status& why);
  /// Will asking again help?
  bool goes_on(const Status& status);
  void finish(StatusOr<PolledOutcome> result);

  Loop& loop_;
  ServiceStub& stub_;
  RunParams run_;
  std::optional<TimePoint> deadline_;
  Random random_;
  Done<PolledOutcome> done_{};
  RetryPauses pauses_{};
  bool canceled_ = false;
  int odd_errors_ = 0;  ///< in a row, of the kind that need not pass
  TimePoint poll_began_{};
  CallId call_ = 0;
  TimerId pause_ = 0;
  TimerId deadline_timer_ = 0;
};

}  // namespace longbeat::internal
