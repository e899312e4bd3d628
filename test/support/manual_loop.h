#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "base/loop.h"
#include "base/timer_heap.h"

namespace longbeat::test {

/// A Loop without a thread on virtual time: nothing runs until the test says so, and time passes only in run_until and
/// run_for. Posts run before timers, in order. Belongs to the test's thread, but for the time, which any may read.
class ManualLoop : public internal::Loop {
 public:
  internal::TimePoint now() const override { return now_.load(); }
  internal::WallTime wall_now() const override {
    return internal::WallTime(std::chrono::hours(1000)) + now().time_since_epoch();
  }
  internal::TimePoint last_idle() const override { return now(); }
  bool post(std::function<void()> work) override {
    if (stopped_) return false;
    posted_.push_back(std::move(work));
    return true;
  }
  internal::TimerId schedule(internal::TimePoint at, std::function<void()> work) override {
    return timers_.schedule(at, std::move(work));
  }
  void cancel(internal::TimerId timer) override { timers_.cancel(timer); }

  /// Runs what is posted or due now, also what that posts.
  void run_ready() {
    for (;;) {
      if (!posted_.empty()) {
        const auto work = std::move(posted_.front());
        posted_.pop_front();
        work();
      } else if (const auto work = timers_.pop_due(now())) {
        (*work)();
      } else {
        return;
      }
    }
  }
  /// Lets time pass to `end`, stopping at each timer on the way.
  void run_until(internal::TimePoint end) {
    for (run_ready(); timers_.next_deadline().value_or(end + std::chrono::nanoseconds(1)) <= end; run_ready()) {
      now_ = std::max(now(), *timers_.next_deadline());
    }
    now_ = std::max(now(), end);
  }
  void run_for(std::chrono::nanoseconds span) { run_until(now() + span); }
  /// Lets time pass until nothing is posted or armed any more.
  void run_to_the_end() {
    for (run_ready(); !timers_.empty(); run_ready()) now_ = std::max(now(), *timers_.next_deadline());
  }
  std::size_t armed_timers() const { return timers_.size(); }
  void stop() { stopped_ = true; }

 private:
  std::atomic<internal::TimePoint> now_ = internal::TimePoint(std::chrono::seconds(1000));
  std::deque<std::function<void()>> posted_;
  internal::TimerHeap<internal::TimePoint, std::function<void()>> timers_;
  bool stopped_ = false;
};

}  // namespace longbeat::test
