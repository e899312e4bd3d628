#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "core/details_cell.h"
#include "core/lease.h"
#include "core/service_stub.h"
#include "longbeat/activity_context.h"

namespace longbeat::internal {

/// One save_now(): encoded details on their way past the cell, and whoever waits for their acknowledgement.
struct UrgentSave {
  Payloads details{};
  std::uint64_t sequence = 0;
  std::function<void(Result<>)> settle{};  ///< any thread, once
};

/// True for causes after which nothing this attempt does can count.
bool means_lost(StopCause cause) noexcept;

/// What the activity's context, the courier and the loop share of one attempt. Flags and lease are atomics that any
/// thread reads without the loop, so a blocked loop never hides a lost lease. Outlives everything that uses it, the
/// loop included.
class Attempt {
 public:
  Attempt(ActivityTask task, std::string task_queue, DataConverter converter, const Clock& clock, const Lease& lease,
          std::uint64_t key);

  const ActivityTask& task() const noexcept { return task_; }
  const ActivityInfo& info() const noexcept { return info_; }
  const DataConverter& converter() const noexcept { return converter_; }
  const Clock& clock() const noexcept { return clock_; }
  /// Unique among all attempts on one courier; its key there.
  std::uint64_t key() const noexcept { return key_; }

  // --- Any thread ---
  void put(std::unique_ptr<DetailsValue> value) noexcept;
  void repeat() noexcept;
  /// The newest details are unusable: stops the attempt, which then fails with this.
  void fail_details(const std::string& why) noexcept;
  std::optional<Failure> details_failure() const;
  /// Blocks until acknowledged, lost or timed out.
  Result<> save_now(Payloads details, std::chrono::nanoseconds timeout);

  /// Looks at the lease itself, then tells whether there is a reason to stop.
  bool look() noexcept;
  /// Records a cause and sets the flags; the tokens follow on the courier. True when there was something new.
  bool stop(StopCause cause, bool lost) noexcept;
  bool stopped() const noexcept { return stopped_.load(); }
  bool lost() const noexcept { return lost_.load(); }
  bool ended() const noexcept { return ended_.load(); }
  std::vector<StopCause> causes() const;
  /// False when cut short by a reason to stop.
  bool sleep_for(std::chrono::nanoseconds duration) noexcept;
  TimePoint lease_expiry() const noexcept { return TimePoint(std::chrono::nanoseconds(expiry_.load())); }
  TimePoint limit() const noexcept { return limit_; }
  std::stop_token stop_token() const noexcept { return stop_source_.get_token(); }
  std::stop_token lost_token() const noexcept { return lost_source_.get_token(); }

  // --- Courier ---
  /// Runs the callbacks of the tokens whose flag is set.
  void request_tokens();

  // --- Loop ---
  DetailsCell& cell() noexcept { return cell_; }
  void publish(const Lease& lease) noexcept;
  /// How to wake the loop from any thread, until end().
  void connect(std::function<void()> wake);
  /// The function has returned, or nobody listens to it any more: later calls of the context do nothing.
  void end() noexcept;
  std::vector<UrgentSave> take_urgent_saves();

 private:
  void wake() noexcept;

  const ActivityTask task_;
  const ActivityInfo info_;
  const DataConverter converter_;
  const Clock& clock_;
  const std::uint64_t key_;
  const TimePoint limit_;

  DetailsCell cell_;
  std::atomic<std::int64_t> stop_at_, expiry_;  ///< nanoseconds of TimePoint
  std::atomic<bool> ends_by_limit_;
  std::atomic<bool> stopped_{false}, lost_{false}, ended_{false};

  mutable std::mutex causes_mutex_;
  std::condition_variable stop_came_;
  std::array<StopCause, 8> causes_{};  ///< each cause once
  std::size_t cause_count_ = 0;

  std::stop_source stop_source_, lost_source_;
  Guarded<std::optional<Failure>> details_failure_;
  Guarded<std::vector<UrgentSave>> urgent_;
  Guarded<std::function<void()>> wake_;
};

}  // namespace longbeat::internal
