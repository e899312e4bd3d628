#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "longbeat/export.h"

namespace longbeat::internal {
class Attempt;
}

LONGBEAT_BEGIN

class ActivityContext;

/// When heartbeats that nobody calls for may leave: only as long as the work goes on.
struct AutoHeartbeatOptions {
  /// Progress must show within this time, or the beats stop and the attempt is asked to stop (cause: stalled).
  /// Required: at least 10 ms, at most 240 hours.
  std::chrono::nanoseconds stall_timeout{};
  /// A counter of the program's own that moves when the work does, in any direction. It must outlive the AutoHeartbeat.
  /// Null: only ActivityContext::advance(), heartbeat() and Checkpoint::save() count as progress.
  const std::atomic<std::uint64_t>* progress = nullptr;
};

/// Heartbeats for code that blocks or has no place to call heartbeat(): while it lives, the newest known details are
/// sent again at the throttle's pace, as long as progress shows. Once progress has not shown for stall_timeout, beats
/// stop and the attempt is asked to stop; it fails retryably with type "ActivityStalled", which names the time and the
/// counter, also when the function never returns: then the worker reports it before the lease ends. Made and destroyed
/// on any thread; does nothing once the attempt has ended.
class LONGBEAT_EXPORT AutoHeartbeat {
 public:
  /// Throws std::invalid_argument on a bad option. One at a time for each attempt: the newest replaces the others.
  AutoHeartbeat(ActivityContext& context, AutoHeartbeatOptions options);
  ~AutoHeartbeat();
  AutoHeartbeat(const AutoHeartbeat&) = delete;
  AutoHeartbeat& operator=(const AutoHeartbeat&) = delete;

 private:
  std::shared_ptr<internal::Attempt> attempt_;
  std::uint64_t number_ = 0;
};

LONGBEAT_END
