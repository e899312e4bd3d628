#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "core/attempt_probe.h"
#include "core/details_cell.h"
#include "core/lease.h"
#include "core/service_stub.h"
#include "core/stall.h"
#include "core/stop_state.h"
#include "longbeat/activity_context.h"
#include "longbeat/auto_heartbeat.h"

namespace longbeat::internal {

struct ClientCore;
class Handover;

/// What attempts count without the loop.
struct AttemptCounters {
  std::atomic<std::int64_t> heartbeats_ignored{0};
};

/// What an attempt has from its worker.
struct AttemptLinks {
  /// Weak, because neither loop nor courier may be its last owner.
  std::weak_ptr<ClientCore> client{};
  std::shared_ptr<AttemptCounters> counters{};
  std::shared_ptr<AttemptProbe> probe{};  ///< null: a real attempt
};

/// A look at the heartbeats that nobody calls for, and at what moves.
struct AutoBeat {
  std::uint64_t number = 0;  ///< of the AutoHeartbeat that lives; 0: none
  Nanoseconds stall_timeout{0};
  bool counter_given = false;
  Progress progress{};
};

/// One save_now(): encoded details on their way past the cell, and whoever waits for their acknowledgement.
struct UrgentSave {
  Payloads details{};
  std::uint64_t sequence = 0;
  std::function<void(Result<>)> settle{};  ///< any thread, once
  std::weak_ptr<const void> caller{};      ///< gone: nobody waits any more
};

/// What the activity's context, the courier and the loop share of one attempt. Flags and lease are atomics that any
/// thread reads without the loop, so a blocked loop never hides a lost lease. Outlives everything that uses it, the
/// loop included.
class Attempt {
 public:
  Attempt(ActivityTask task, std::string task_queue, DataConverter converter, const Clock& clock, const Lease& lease,
          std::uint64_t key, AttemptLinks links = {});

  const ActivityTask& task() const noexcept { return task_; }
  const ActivityInfo& info() const noexcept { return info_; }
  /// For messages: "ingest 'packages' (attempt 2)".
  std::string name() const;
  const DataConverter& converter() const noexcept { return converter_; }
  const Clock& clock() const noexcept { return clock_; }
  /// Unique among all attempts on one courier; its key there.
  std::uint64_t key() const noexcept { return key_; }

  // --- Any thread ---
  void put(std::unique_ptr<DetailsValue> value) noexcept;
  void repeat() noexcept;
  /// In place of put(): the value could not even be copied.
  void put_failed(const char* why) noexcept;
  /// The work goes on.
  void advance(std::uint64_t by) noexcept { advanced_.fetch_add(by, std::memory_order_relaxed); }
  /// The newest details are unusable: stops the attempt, which then fails with this.
  void fail_details(const std::string& why) noexcept;
  std::optional<Failure> details_failure() const;
  /// What the attempt fails with that stopped because it was stalled.
  std::optional<Failure> stall_failure() const;
  /// Blocks until acknowledged, lost or timed out.
  Result<> save_now(Payloads details, std::chrono::nanoseconds timeout);

  /// Looks at the lease itself, then tells whether there is a reason to stop.
  bool look() noexcept;
  /// Records a cause and sets the flags; tokens and listeners follow on the courier. True when there was something new.
  bool stop(StopCause cause, bool lost) noexcept { return stop_.stop(cause, lost); }
  StopState& stop_state() noexcept { return stop_; }
  const StopState& stop_state() const noexcept { return stop_; }
  bool stopped() const noexcept { return stop_.stopped(); }
  bool lost() const noexcept { return stop_.lost(); }
  bool ended() const noexcept { return stop_.ended(); }
  std::vector<StopCause> causes() const { return stop_.causes(); }
  std::shared_ptr<StopListener> listen(std::function<void(StopCause)> function);
  /// False when cut short by a reason to stop, or by the end.
  bool sleep_for(std::chrono::nanoseconds duration) noexcept;
  bool sleep_until(WallTime until) noexcept;
  /// When a wait that begins now ends.
  TimePoint begin_wait(std::chrono::nanoseconds duration) const noexcept;
  /// How long a wait that ends at `until` may go on before it must look again; zero: it is over, or there is a reason
  /// to stop.
  std::chrono::nanoseconds wait_slice(TimePoint until) noexcept;
  /// Which thread runs the function, for messages, told by an executor that has threads. `name` outlives everything.
  void runs_on(std::int64_t thread_number, const char* name) noexcept {
    thread_name_.store(name);
    thread_number_.store(thread_number);
  }
  /// 0: not told.
  std::int64_t thread_number() const noexcept { return thread_number_.load(); }
  const char* thread_name() const noexcept { return thread_name_.load(); }
  TimePoint lease_expiry() const noexcept { return TimePoint(std::chrono::nanoseconds(expiry_.load())); }
  TimePoint limit() const noexcept { return limit_; }

  /// Somebody else ends this attempt. False when it has ended, or was given away before.
  bool give_away(const std::shared_ptr<Handover>& handover);
  bool given_away() const noexcept { return given_away_.load(); }
  /// Null when nobody else ends it. After end() nobody comes any more.
  std::shared_ptr<Handover> handover() const;
  AttemptProbe* probe() const noexcept { return links_.probe.get(); }
  std::shared_ptr<ClientCore> client() const { return links_.client.lock(); }

  /// The number of this AutoHeartbeat, which replaces any other; 0 when the attempt has ended.
  std::uint64_t begin_auto_beat(const AutoHeartbeatOptions& options);
  /// Returns when nobody reads its counter any more.
  void end_auto_beat(std::uint64_t number) noexcept;

  /// Values of the program's own, one of each type. Nothing is kept any more after let_go().
  void attach(std::type_index type, std::shared_ptr<const void> value);
  std::shared_ptr<const void> attached(std::type_index type) const;
  /// On the function's thread once it has returned, because the loop may be the last owner of this object.
  void let_go() noexcept;

  // --- Loop, before the function is begun ---
  /// What codecs will decode; open() brings it back. No copy.
  Payloads take_input() { return std::exchange(task_.input, {}); }
  void open(Payloads input, Payloads heartbeat_details);

  // --- Loop ---
  DetailsCell& cell() noexcept { return cell_; }
  void publish(const Lease& lease) noexcept;
  /// How to wake the loop from any thread, until end().
  void connect(std::function<void()> wake);
  /// The function has returned, or nobody listens to it any more: later calls of the context do nothing.
  void end() noexcept;
  std::vector<UrgentSave> take_urgent_saves();
  /// Without a lock as long as there was never an AutoHeartbeat.
  bool has_auto_beat() const noexcept { return last_auto_beat_.load() != 0; }
  AutoBeat look_at_progress() const;
  /// Stops the attempt, which then fails with this.
  void fail_stalled(Failure failure) noexcept;

 private:
  struct AutoHeart {
    std::uint64_t number = 0;
    AutoHeartbeatOptions options{};
  };
  struct Attached {
    std::map<std::type_index, std::shared_ptr<const void>> values{};
    bool over = false;
  };
  void wake() noexcept;
  void ignored() noexcept;
  TimePoint after(std::chrono::nanoseconds duration) const noexcept;
  std::chrono::nanoseconds next_look(TimePoint until) noexcept;
  void rest(TimePoint until, std::chrono::nanoseconds at_most) const noexcept;

  ActivityTask task_;  ///< without the heartbeat details, which are in info_; both change only in open()
  ActivityInfo info_;
  const DataConverter converter_;
  const Clock& clock_;
  const std::uint64_t key_;
  const TimePoint limit_;
  const AttemptLinks links_;

  DetailsCell cell_;
  std::atomic<std::uint64_t> advanced_{0}, last_auto_beat_{0};
  std::atomic<std::int64_t> stop_at_, expiry_;  ///< nanoseconds of TimePoint
  std::atomic<std::int64_t> thread_number_{0};
  std::atomic<const char*> thread_name_{""};
  std::atomic<bool> ends_by_limit_, given_away_{false};
  StopState stop_;

  Guarded<AutoHeart> auto_heart_;
  Guarded<Attached> attached_;
  Guarded<std::optional<Failure>> details_failure_, stall_failure_;
  Guarded<std::vector<UrgentSave>> urgent_;
  Guarded<std::shared_ptr<Handover>> handover_;
  Guarded<std::function<void()>> wake_;
};

}  // namespace longbeat::internal
