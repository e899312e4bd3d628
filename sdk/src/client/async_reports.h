#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/random.h"
#include "client/call.h"
#include "client/client_core.h"
#include "core/attempt.h"
#include "core/details_cell.h"
#include "core/handover.h"
#include "core/heartbeat_throttle.h"
#include "core/stop_state.h"
#include "longbeat/async_activity.h"

namespace longbeat::internal {

/// Whose reports they are.
struct AsyncTarget {
  std::string token{};  ///< empty: by ID
  ActivityById id{};    ///< with a token only for messages and interceptors
  bool by_token = true;
};

enum class OutcomeKind : std::int8_t { kCompleted, kFailed, kCanceled };

/// Everything about the reports of one AsyncActivity or LateCompletion but the calls themselves (async_calls.cc): one
/// outcome at a time and only one that counts, the throttled heartbeats, the reasons to stop, and for a LateCompletion
/// the worker that still runs the function. Held by the reporter and its calls; what waits on the loop holds it weakly.
/// Refers to the core, but is used on loop and courier only, which do not outlive that, and by those who hold it.
class AsyncReports : public std::enable_shared_from_this<AsyncReports> {
 public:
  AsyncReports(ClientCore& core, AsyncTarget target, const AsyncActivityOptions& options);

  const AsyncTarget& target() const { return target_; }
  const CallOptions& call_options() const { return call_; }
  /// What is wrong with the token or the ID.
  Result<> check() const;

  // --- A LateCompletion's; before anything else, any thread ---
  void hand_over(const std::shared_ptr<Attempt>& attempt);

  // --- Any thread ---
  /// True while heartbeats go through the worker.
  bool goes_with_worker() const noexcept;
  void put_with_worker(std::unique_ptr<DetailsValue> value) const;
  void put(std::unique_ptr<DetailsValue> value);
  void repeat();
  /// A heartbeat that cannot be sent, and never can.
  void refuse_details(const std::string& why) noexcept;
  StopState& stop_state() { return *stop_; }
  const StopState& stop_state() const { return *stop_; }
  /// The right to report the outcome; given back by release_claim() or end_claim().
  Result<> claim();
  void release_claim();
  /// The duty has gone elsewhere: no outcome from here any more.
  void disarm() { disarmed_.store(true); }
  bool disarmed() const { return disarmed_.load(); }
  /// The newest value that is not on its way yet, as the throttle holds it back or the courier encodes it; may be null.
  /// Kept until it is, so that none is lost with a failure that does not get through.
  std::shared_ptr<const DetailsValue> unsent();
  /// Values up to this one are on their way, or never will be.
  void forget_unsent(std::uint64_t sequence);
  std::uint64_t next_sequence() { return cell_.next_sequence(); }
  /// False once nothing is left that could be lost.
  bool owes_an_outcome() const;
  /// lose() on the loop, soon.
  void lose_soon(std::function<void(bool report)> decided);
  /// Nobody reports any more.
  void close();

  // --- Loop ---
  bool with_worker() const { return handover_ && handover_->stage() == Handover::Stage::kWithWorker; }
  /// Runs `then` once an outcome may be sent: with a refusal when the worker has ended the attempt itself.
  void when_left(bool flush, std::function<void(StatusOr<>)> then);
  Handover& handover() { return *handover_; }
  /// How the outcome's call has ended. NOT_FOUND becomes a success when an earlier call may have got through with the
  /// same. `sent`: it got as far as the server, or may have.
  void end_claim(OutcomeKind kind, StatusOr<>& answer, bool sent);
  /// Details that go past the throttle: older ones are not sent after them.
  void note_saved(const Payloads& details, std::uint64_t sequence);
  /// And those have arrived.
  void saved(std::uint64_t sequence);
  void apply(const StatusOr<HeartbeatFlags>& answer);
  /// Details that no answer has acknowledged, as they are sent.
  std::optional<Payloads> unacknowledged() const;
  /// The duty's holder is gone. `decided(true)`: nobody has reported and nobody will, the loss is to be reported.
  /// `decided` keeps this object, and is dropped afterwards.
  void lose(std::function<void(bool report)> decided);

 private:
  /// A heartbeat that is ready to leave.
  struct Beat {
    std::shared_ptr<const Payloads> details{};
    std::uint64_t sequence = 0;
    std::uint64_t value = 0;  ///< sequence of what it was made of; 0: a repetition
    bool sent = false;
    BegunCall begun{};
  };
  enum class Stage : std::int8_t { kOpen, kReporting, kReported, kOver };

  bool idle() const {
    const bool gone = target_.by_token && stop_->lost();  // An ID may name another attempt by now.
    return closed_ || busy_ || stage_.load() == Stage::kReported || gone ||
           (handover_ && handover_->stage() != Handover::Stage::kLeft);
  }
  void step();
  void prepare_beat();
  Beat prepared(const DetailsValue* value, std::shared_ptr<const Payloads> known, std::uint64_t sequence);
  void check_beat(Beat beat);
  void send_beat(Beat beat);
  void beat_answered(const Beat& beat, const StatusOr<HeartbeatFlags>& answer);
  void beat_ended(Beat beat, Result<> result);
  void stop(StopCause cause, bool lost);
  void settled();
  void added(std::shared_ptr<const Payloads> newest);
  void decide_loss();
  bool holds_unsent() const;
  void let_die(std::shared_ptr<const DetailsValue> value);
  void post(void (AsyncReports::*method)());

  ClientCore& core_;
  Loop& loop_;
  ServiceStub& stub_;
  Courier& courier_;
  const AsyncTarget target_;
  const CallOptions call_;
  const std::uint64_t key_;  ///< on the courier
  const std::shared_ptr<StopState> stop_ = std::make_shared<StopState>();
  std::atomic<Stage> stage_{Stage::kOpen};
  std::atomic<bool> disarmed_{false};
  DetailsCell cell_{};
  Guarded<std::shared_ptr<const DetailsValue>> unsent_{};  ///< out of the cell, and not in newest_ yet
  std::weak_ptr<Attempt> attempt_{};

  // Loop.
  HeartbeatThrottle throttle_;
  Random random_;
  std::shared_ptr<Handover> handover_{};
  std::shared_ptr<const Payloads> acknowledged_ = std::make_shared<const Payloads>(), newest_ = acknowledged_;
  std::uint64_t newest_sequence_ = 0, acknowledged_sequence_ = 0;
  bool busy_ = false;  ///< a beat is being prepared or under way
  bool announced_ = false;
  bool closed_ = false;
  TimerId timer_ = 0;
  std::vector<std::function<void(StatusOr<>)>> waiting_{};  ///< for the worker to leave
  std::function<void(bool)> loss_{};
  std::optional<OutcomeKind> perhaps_reported_{};
};

/// What the public objects hold. The last one may go on any thread but the loop's and the courier's.
struct AsyncOwner {
  AsyncOwner(std::shared_ptr<ClientCore> kept, AsyncTarget target, const AsyncActivityOptions& options)
      : core(std::move(kept)), reports(std::make_shared<AsyncReports>(*core, std::move(target), options)) {}
  AsyncOwner(std::shared_ptr<ClientCore> kept, std::shared_ptr<AsyncReports> of)
      : core(std::move(kept)), reports(std::move(of)) {}
  ~AsyncOwner() {
    if (core) reports->close();
  }
  AsyncOwner(const AsyncOwner&) = delete;
  AsyncOwner& operator=(const AsyncOwner&) = delete;

  std::shared_ptr<ClientCore> core;
  std::shared_ptr<AsyncReports> reports;
};

// async_calls.cc. As those of calls.h.
PreparedCall<HeartbeatReply> prepare_save(const AsyncOwner& owner, Result<Payloads> details);
PreparedCall<void> prepare_complete(const AsyncOwner& owner, Result<Payloads> result);
PreparedCall<void> prepare_fail(const AsyncOwner& owner, Failure failure, Result<std::optional<Payloads>> details,
                                const CallOptions& call);
PreparedCall<void> prepare_report_canceled(const AsyncOwner& owner, Result<Payloads> details);

/// The LateCompletion of an attempt whose function has just asked for it. `core` null: one that can report nothing.
LateCompletion give_away(std::shared_ptr<ClientCore> core, const std::shared_ptr<Attempt>& attempt,
                         const CallOptions& call);

}  // namespace longbeat::internal
