#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/loop.h"
#include "base/random.h"
#include "core/attempt.h"
#include "core/courier.h"
#include "core/executor.h"
#include "core/heartbeat_throttle.h"
#include "core/lease.h"
#include "core/report_policy.h"
#include "core/service_stub.h"
#include "core/stall.h"
#include "core/stuck_watch.h"
#include "core/wire_format.h"
#include "longbeat/worker.h"

namespace longbeat::internal {

/// What all attempts of one worker share. Lives as long as the worker's machine.
struct AttemptHost {
  Loop& loop;
  ServiceStub& stub;
  Courier& courier;
  Random random;
  std::string namespace_name{};
  std::string identity{};
  bool failure_takes_details = false;
  std::size_t payload_bytes_max = 0;  ///< of one report or heartbeat
  WireFormat format{};                ///< user code: only for the courier
  std::shared_ptr<Guarded<WorkerStats>> stats{};
  std::shared_ptr<AttemptCounters> counters = std::make_shared<AttemptCounters>();  ///< of attempts, also late ones
  /// The function has returned and the report is settled: the slot is free.
  std::function<void(std::uint64_t key)> settled{};

  template <class Fn>
  void count(Fn&& fn) {
    stats->with([&](WorkerStats& current) { fn(current); });
  }
};

/// One attempt on the loop: its heartbeats, lease, stop flags and report. All functions run on the loop; nothing blocks
/// and no user code runs here. Lives from the poll's answer until the slot is free.
class AttemptDriver : public std::enable_shared_from_this<AttemptDriver> {
 public:
  AttemptDriver(AttemptHost& host, std::shared_ptr<Attempt> attempt, const Lease& lease, TimePoint report_until);

  void start(Executor& executor);
  /// Tells the running function that the worker begins to stop; it may go on until request_shutdown().
  void notify_shutdown();
  /// Asks the running function to stop because the worker does.
  void request_shutdown();
  /// Asks it for another reason, which did not come with an answer of the server's.
  void request_stop(StopCause cause, bool lost);
  /// Reports WorkerShutdown now, whatever the function still does. The worker ends at `until`: no report waits for
  /// details longer than that allows. May come again with an earlier `until`.
  void force_shutdown(TimePoint until);
  /// Nobody listens any more: the context goes dead, nothing further is sent.
  void abandon();

  bool returned() const { return returned_; }
  /// The function is not begun yet: codecs are still busy with what it gets.
  bool is_decoding() const { return decoding_; }
  bool report_settled() const { return report_settled_; }
  bool report_is_encoded() const { return !encoding_outcome_; }
  /// Why the report was given up; "" when it was not.
  const std::string& given_up() const { return given_up_; }
  std::string name() const { return attempt_->name(); }
  /// ", on thread 4711 (lb-activity), begun 70 s ago, ...": what is known of a function that has not returned.
  std::string whereabouts() const;
  /// Bytes of the result, failure or details to report; 0 before there are any.
  std::size_t report_bytes() const;

 private:
  struct Details {
    std::shared_ptr<const Payloads> payloads{};
    std::uint64_t sequence = 0;
  };

  // Heartbeats (attempt_driver.cc)
  void poked();
  void take_save(UrgentSave save);
  void refuse_save(const UrgentSave& save, const Error& why);
  void submit(Executor& executor);
  void plan_own_beat();
  void arm_own_beat(Nanoseconds pause);
  void send_own_beat();
  void step();
  bool fetch_details(TimePoint now);
  bool heard_since_beat();
  void start_encoding(std::unique_ptr<DetailsValue> value);
  void arm_encode_timer(Nanoseconds patience);
  void end_encode_timer();
  Nanoseconds report_patience() const;
  void encoded(std::uint64_t sequence, Result<Payloads> details);
  void refuse_details(const std::string& why);
  void use_details(Payloads details, std::uint64_t sequence);
  std::string too_large(const char* what_has, std::size_t bytes) const;
  void send_beat(TimePoint now);
  void beat_answered(TimePoint sent_at, const Details& sent, const StatusOr<HeartbeatFlags>& answer);
  void apply(const HeartbeatFlags& flags);
  void wake_at(TimePoint at);

  // Lease and stop
  void arm_lease();
  void announce_stop();
  void tell_listeners();
  void settle_saves(std::uint64_t up_to, const Result<>& answer);
  void tell_saves_lost();
  void refuse_saves(const char* why);

  // Heartbeats that nobody calls for (attempt_stall.cc)
  void watch_progress();
  void stall(const AutoBeat& beat);
  void report_stall();
  void withdraw_beats();

  // Functions and codecs that do not end (attempt_stuck.cc)
  void watch_function();
  void tell_stuck();
  void tell_stuck_codecs();
  void watch_decoding();
  TimerId watch_details();

  // Attempts that somebody else ends (attempt_handover.cc)
  void connect_handover();
  void tell_handover();
  void leave_early(bool flush);
  bool save_for_other(Payloads details, std::weak_ptr<const void> caller, Done<HeartbeatFlags> done);
  bool is_lost_by_other() const;
  bool is_for_other() const;
  void end_handover();
  void leave_to_other();

  // Codecs (attempt_codec.cc)
  struct OpenedTask {
    Payloads input{}, heartbeat_details{};
  };
  void decode_task(Executor& executor);
  static Result<OpenedTask> opened(const WireFormat& format, Payloads input, Payloads heartbeat_details);
  void task_opened(Executor& executor, Result<OpenedTask> opened);
  void encode_save(UrgentSave save);
  void encode_next_save();
  void save_encoded(Result<Payloads> details);
  void save_takes_long();
  bool heard_late_save() const;
  bool outcome_needs_encoding() const;
  void encode_outcome();
  void outcome_encoded(AttemptOutcome outcome);
  void watch_codecs();
  void hurry_codecs();
  void codecs_take_long();

  // Report (attempt_report.cc)
  void function_returned(AttemptOutcome outcome);
  AttemptOutcome forced_outcome() const;
  void begin_report(AttemptOutcome outcome);
  void begin_sending();
  void cancel_timers();
  void continue_flush();
  bool unsaved_details() const { return newest_.sequence > acknowledged_.sequence; }
  /// The function has ended, and what it saved last may still go out before its report or inside it.
  bool awaits_details() const { return flushing_ || encoding_outcome_; }
  void send_report();
  void watch_report();
  void report_answered(const StatusOr<>& answer);
  void report_less(const std::string& why);
  void report_instead(Failure failure);
  void give_up(const std::string& why);
  std::string report_text() const;
  void report_done();
  void finish_if_free();
  void drop_leftovers();
  void drop_value(std::unique_ptr<DetailsValue> value);

  template <class... Args>
  std::function<void(Args...)> weakly(void (AttemptDriver::*method)(Args...)) {
    return [weak = weak_from_this(), method](Args... args) {
      if (const auto self = weak.lock()) ((*self).*method)(std::forward<Args>(args)...);
    };
  }

  AttemptHost& host_;
  const std::shared_ptr<Attempt> attempt_;
  Lease lease_;
  HeartbeatThrottle throttle_;
  const bool has_heartbeat_timeout_;

  Details newest_{}, acknowledged_{};
  std::uint64_t beaten_sequence_ = 0;  ///< the cell's last number when a beat left last
  std::vector<UrgentSave> saves_{};
  bool own_beat_ = false;       ///< the next send is the worker's own first one
  bool encoding_ = false;       ///< a value is with the courier
  bool encoding_late_ = false;  ///< and takes too long to wait for
  bool server_refused_details_ = false;
  /// A value has just been encoded and leaves before the next is fetched: values that come faster than the courier
  /// encodes would keep each other from leaving.
  bool encoded_first_ = false;
  bool beats_over_ = false;  ///< the server does not know the attempt any more
  bool announced_stop_ = false, announced_lost_ = false;
  /// On the courier: a callback that blocks holds up only its own token or listener.
  static constexpr std::uint16_t kLostTurn = 1, kShutdownTurn = 2, kFirstListenerTurn = 3;
  /// Among the conversions: neither waits for heartbeat details that take long.
  static constexpr std::uint16_t kReportTurn = 1, kSaveTurn = 2;
  std::uint16_t next_turn_ = kFirstListenerTurn;
  std::uint64_t auto_beat_ = 0;  ///< the AutoHeartbeat that is watched
  std::optional<StallWatch> stall_watch_{};
  bool stalled_ = false;
  TimerId wake_timer_ = 0, own_beat_timer_ = 0, encode_timer_ = 0, lease_timer_ = 0, stall_timer_ = 0,
          report_timer_ = 0, codec_timer_ = 0, save_timer_ = 0;
  CallId beat_call_ = 0;
  TimePoint begun_{};
  std::optional<TimePoint> last_beat_{};  ///< when the last acknowledged one had left
  StuckWatch stuck_watch_{};
  TimerId stuck_timer_ = 0;  ///< outlives the report: until the function returns
  TimerId decode_timer_ = 0;
  bool details_told_ = false;  ///< that codecs do not give its heartbeat details back

  // Codecs
  bool decoding_ = false;                      ///< the function is not begun yet: what it gets is with the courier
  std::vector<UrgentSave> unencoded_saves_{};  ///< the first one is with the courier while encoding_save_
  bool encoding_save_ = false;
  bool save_late_ = false;                     ///< and takes too long to wait for
  bool save_heard_ = false;                    ///< a save_now() came that no beat has left since
  bool encoding_outcome_ = false;              ///< it is with the courier; outcome_ is what stands in for it
  TimePoint encode_until_ = TimePoint::max();  ///< then the stand-in goes out
  StuckWatch codec_watch_{};                   ///< of the outcome's codecs

  bool running_ = true;         ///< the function runs and its outcome counts
  bool returned_ = false;       ///< the function has returned
  bool flushing_ = false;       ///< the newest details go out before the report
  bool flush_at_once_ = false;  ///< and do not wait for the interval
  bool report_settled_ = false;
  bool left_early_ = false;       ///< somebody else's outcome came before the function had returned
  bool flush_on_leave_ = true;    ///< and the newest details matter to it
  bool report_troubled_ = false;  ///< it failed or takes long: heartbeats go on for it
  bool replaced_ = false;         ///< the report stands for one that the server refused
  AttemptOutcome outcome_{};
  std::string given_up_{};
  HeartbeatFlags flags_{};  ///< of the newest acknowledgement
  TimePoint flush_until_{};
  TimePoint report_by_ = TimePoint::max();  ///< the worker ends then
  ReportPolicy report_policy_;
};

}  // namespace longbeat::internal
