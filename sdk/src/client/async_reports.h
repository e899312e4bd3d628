#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

/// One save_now() on the loop.
struct DetailsToSave {
  Payloads details{};
  std::uint64_t sequence = 0;
  std::string activity_id{}, run_id{};  ///< by ID: as interceptors have left them
  TimePoint until{};
  std::weak_ptr<const void> caller{};  ///< gone: nobody waits any more
  Done<HeartbeatFlags> done{};
  int odd_errors = 0;  ///< of the kind that need not pass
};

enum class OutcomeKind : std::int8_t { kCompleted, kFailed, kCanceled };

/// Everything about the reports of one AsyncActivity or LateCompletion but the calls themselves (async_calls.cc): one
/// outcome at a time and only one that counts, the heartbeats (async_beats.cc), the reasons to stop, and for a
/// LateCompletion the worker that still runs the function. Held by the reporter, its calls and a heartbeat that is
/// being made or is under way; what else waits on the loop holds it weakly. Refers to the core, but is used on loop and
/// courier only, which do not outlive that, and by those who hold it.
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
  /// The right to report the outcome; given back by release_claim(), drop_claim() or end_claim().
  Result<> claim();
  void release_claim();
  /// The claim's call goes without having begun.
  void drop_claim();
  /// The duty has gone elsewhere: no outcome from here any more.
  void disarm() { disarmed_.store(true); }
  bool disarmed() const { return disarmed_.load(); }
  /// The newest value that the throttle holds back, if it has not begun its way.
  std::unique_ptr<DetailsValue> take_unsent() { return cell_.take(); }
  /// Undoes that, unless something newer has come.
  void put_back(std::unique_ptr<DetailsValue> value);
  /// A heartbeat that was encoded elsewhere is the newest from here on.
  void note_soon(Payloads details, std::uint64_t sequence);
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
  /// Sends details past the throttle, and again while the server cannot answer, the newest each time. Its `done` runs
  /// once, unless its caller goes first.
  void save(DetailsToSave save);
  void apply(const StatusOr<HeartbeatFlags>& answer);
  /// Details that no answer has acknowledged, as they are sent.
  std::optional<Payloads> unacknowledged() const;
  /// Runs `then` when a failure may be sent: with the details, `given` or unacknowledged, inside where the server takes
  /// them there; else they have gone ahead in `heartbeat`, for which half of the time until its end is waited at most.
  void go_ahead(const std::optional<Payloads>& given, DetailsToSave heartbeat, std::function<void(bool inside)> then);
  /// Runs `then` once no heartbeat is being encoded, or `patience` has passed.
  void when_encoded(Nanoseconds patience, std::function<void()> then);
  /// The duty's holder is gone. `decided(true)`: nobody has reported and nobody will, the loss is to be reported.
  /// `decided` keeps this object, and is dropped afterwards.
  void lose(std::function<void(bool report)> decided);

 private:
  /// A heartbeat that the courier has made. Without details it repeats the newest.
  struct Beat {
    std::shared_ptr<const Payloads> details{};
    std::uint64_t sequence = 0;
    BegunCall begun{};
  };
  /// What has left. Without a begun call it belongs to those who save, or the courier takes too long.
  struct SentBeat {
    std::shared_ptr<const Payloads> details{};
    std::uint64_t sequence = 0;
    std::optional<BegunCall> begun{};
  };
  enum class Stage : std::int8_t { kOpen, kReporting, kReported, kOver };

  // Heartbeats (async_beats.cc)
  bool no_more_beats() const {
    const bool gone = target_.by_token && stop_->lost();  // An ID may name another attempt by now.
    return closed_ || stage_.load() == Stage::kReported || gone ||
           (handover_ && handover_->stage() != Handover::Stage::kLeft);
  }
  void step();
  bool has_news();
  void wake_at(TimePoint at);
  TimePoint save_due() const;
  void end_urgency();
  void beat_now();
  void prepare_beat();
  Beat prepared(std::shared_ptr<DetailsValue> value);
  void check_beat(Beat beat);
  void beat_ready(Beat beat);
  void beat_refused(BegunCall begun, const Error& why);
  void value_settled();
  void note(Payloads details, std::uint64_t sequence, std::function<void()> then = {});
  void use(std::shared_ptr<const Payloads> details, std::uint64_t sequence);
  void send_beat(std::optional<BegunCall> begun);
  Nanoseconds beat_timeout(const std::optional<BegunCall>& begun) const;
  void beat_answered(SentBeat sent, const StatusOr<HeartbeatFlags>& answer);
  void beat_failed(const SentBeat& sent, const Status& status);
  bool saves(std::uint64_t sequence) const;
  void settle_saves(const std::function<bool(DetailsToSave&)>& over, const StatusOr<HeartbeatFlags>& answer);
  void end_beat(std::optional<BegunCall> begun, Result<> result);
  void drop_ready();
  void drop_value(std::unique_ptr<DetailsValue> value);
  bool leaves_unsent(bool value_waited) const;
  std::string beat_name() const;

  void stop(StopCause cause, bool lost);
  void settled(Handover::Leftovers& left);
  void worker_encoded(std::optional<Result<Payloads>> details);
  void decide_loss();
  void post(void (AsyncReports::*method)());

  /// Numbers of what a worker has left: older than all that is put here.
  static constexpr std::uint64_t kWorkersNewest = 1, kWorkersEncoding = 2, kWorkersWaiting = 3;

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
  std::weak_ptr<Attempt> attempt_{};

  // Loop.
  HeartbeatThrottle throttle_;
  Random random_;
  std::shared_ptr<Handover> handover_{};
  std::shared_ptr<const Payloads> acknowledged_ = std::make_shared<const Payloads>(), newest_ = acknowledged_;
  std::uint64_t newest_sequence_ = 0, acknowledged_sequence_ = 0;
  std::uint64_t beaten_sequence_ = 0;  ///< the cell's last number when a beat left last
  const Nanoseconds heartbeat_timeout_;
  std::vector<DetailsToSave> saves_{};
  Nanoseconds save_patience_;
  TimePoint failed_at_ = TimePoint::max();  ///< the last send; later is never due
  bool troubled_ = false;                   ///< and that has been told
  bool heartbeat_open_ = false;             ///< a throttled one has begun its way and no answer has ended that
  bool preparing_ = false;                  ///< a value is with the courier
  bool late_ = false;                       ///< and takes too long to wait for
  bool worker_encodes_ = false;             ///< the same with the worker, which has left
  std::optional<BegunCall> ready_{};        ///< the heartbeat that leaves next
  std::vector<std::function<void()>> waiting_for_value_{};
  bool announced_ = false;
  bool closed_ = false;
  TimerId timer_ = 0, encode_timer_ = 0;
  std::vector<std::function<void(StatusOr<>)>> waiting_{};  ///< for the worker to leave
  std::function<void(bool)> loss_{};
  std::optional<OutcomeKind> perhaps_reported_{};
};

/// What the public objects hold. The last one may go on any thread but the loop's.
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
