#pragma once
#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace longbeat::internal {

/// Names one armed timer of a Loop; 0 names none.
using TimerId = std::uint64_t;

/// One thread of events: timers, posted work and the replies of calls. All state of clients and workers belongs to the
/// loop they live on. rpc/ implements it on a gRPC completion queue, the simulation on virtual time in one thread.
class Loop {
 public:
  virtual ~Loop() = default;

  /// Time of the loop. Loop thread or any other.
  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;

  /// The latest time at which the loop found nothing waiting: an event handled now may have waited since then, not
  /// longer. Loop thread only. The lease of a fetched task starts here, so that a frozen worker does not overrate what
  /// it holds.
  virtual TimePoint last_idle() const = 0;

  /// Runs `work` on the loop, in the order of posting. Any thread. After the loop has stopped the work is dropped
  /// (destroyed on the calling thread) and false is returned.
  virtual bool post(std::function<void()> work) = 0;

  /// Runs `work` on the loop at or after `at`, once. Loop thread only.
  virtual TimerId schedule(TimePoint at, std::function<void()> work) = 0;
  /// The same for what only keeps something alive: where time jumps to the next timer, this one is no target.
  virtual TimerId schedule_keepalive(TimePoint at, std::function<void()> work) { return schedule(at, std::move(work)); }
  /// Makes sure that the timer does not run; unknown or spent IDs are ignored. Loop thread only.
  virtual void cancel(TimerId timer) = 0;

  /// True on the loop's own thread, where blocking calls are refused. A loop without a thread of its own says false.
  virtual bool on_this_thread() const { return false; }
};

}  // namespace longbeat::internal
