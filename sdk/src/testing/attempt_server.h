#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/guarded.h"
#include "core/executor.h"
#include "longbeat/errors.h"
#include "testing/attempt_deadlines.h"
#include "testing/refusing_stub.h"
#include "testing/virtual_loop.h"

namespace longbeat::internal {

/// One heartbeat as it arrived, or would have.
struct BeatSeen {
  std::chrono::nanoseconds at{};
  Payloads details{};
  bool acknowledged = false;
};

/// What the server knows of one attempt at its end.
struct AttemptSeen {
  std::vector<BeatSeen> beats{};
  Payloads details{};  ///< what the next attempt would be handed
  AttemptDeadlines deadlines{};
  std::optional<AttemptOutcome> outcome{};
};

/// Stands for the server of one attempt: takes its heartbeats and its report until one of its timeouts has passed, and
/// refuses all other calls. Loop only, where it does not say otherwise.
class AttemptServer final : public RefusingStub {
 public:
  AttemptServer(VirtualLoop& loop, std::shared_ptr<const VirtualClock> clock);

  // --- The plan, in time since the attempt's start ---
  /// Asked for from then on; told with the next heartbeat's answer.
  void ask_at(std::chrono::nanoseconds at, StopCause cause) { asked_.push_back({at, cause}); }
  void disconnect(std::chrono::nanoseconds from, std::chrono::nanoseconds until) { outages_.push_back({from, until}); }
  /// What the attempt was handed, now.
  void begin_with(const ActivityTask& task);

  void forget_attempt() { forgotten_.store(true); }
  // --- Any thread ---
  AttemptSeen seen() const;
  Payloads details() const;
  /// Nothing will reach it any more, by the plan.
  bool cut_off_for_good() const;
  /// The attempt is over by one of its timeouts: nothing of it is taken any more.
  bool timed_out() const;
  /// The timeout that has ended the attempt, or will as long as nothing more comes from it. Nothing without limits, and
  /// for an attempt that the server has been made to forget.
  std::optional<TimeoutType> timeout() const;

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override;
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override;
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override;

 private:
  struct Asked {
    std::chrono::nanoseconds at;
    StopCause cause;
  };
  struct Outage {
    std::chrono::nanoseconds from, until;
  };

  bool asked(StopCause cause) const;
  bool forgotten() const { return forgotten_.load() || asked(StopCause::kNotFound); }
  /// Why nothing is taken now, if so.
  std::optional<Status> trouble() const;
  CallId take(AttemptOutcome outcome, Done<void> done);

  VirtualLoop& loop_;
  const std::shared_ptr<const VirtualClock> clock_;
  std::vector<Asked> asked_{};
  std::vector<Outage> outages_{};
  std::atomic<bool> forgotten_{false};
  Guarded<AttemptSeen> seen_{};
};

}  // namespace longbeat::internal
