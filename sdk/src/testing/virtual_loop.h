#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/awake_threads.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/timer_heap.h"

namespace longbeat::internal {

/// Time that only a VirtualLoop moves. Outlives it wherever attempts do.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(WallTime start) : start_wall_(start) {}
  TimePoint now() const override { return TimePoint(std::chrono::nanoseconds(now_.load())); }
  WallTime wall_now() const override { return start_wall_ + (now() - start()); }
  /// Not zero: what subtracts from it must not meet the past's end.
  static TimePoint start() { return TimePoint(std::chrono::hours(1)); }
  /// Far enough from what fits into a TimePoint that nobody who adds to it meets that end.
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24) * 365 * 100;
  /// It goes no further: what is later never comes.
  static TimePoint end() { return start() + kLongest; }
  std::chrono::nanoseconds passed() const { return now() - start(); }

 private:
  friend class VirtualLoop;
  const WallTime start_wall_;
  std::atomic<std::int64_t> now_{start().time_since_epoch().count()};
};

/// A Loop with a thread of its own on virtual time: what is posted runs at once, and time moves only while somebody
/// waits in pass(), from timer to timer, never past the end of another thread's wait. Before each step the threads that
/// have come back from theirs get their real time, or as much of it as they need to wait again.
class VirtualLoop final : public Loop {
 public:
  /// `thread_time`: real time for a thread that has come out of a wait.
  explicit VirtualLoop(std::shared_ptr<VirtualClock> clock,
                       std::chrono::nanoseconds thread_time = std::chrono::nanoseconds::zero());
  ~VirtualLoop() override { stop(); }
  VirtualLoop(const VirtualLoop&) = delete;
  VirtualLoop& operator=(const VirtualLoop&) = delete;

  TimePoint now() const override { return clock_->now(); }
  WallTime wall_now() const override { return clock_->wall_now(); }
  TimePoint last_idle() const override { return clock_->now(); }
  bool post(std::function<void()> work) override;
  TimerId schedule(TimePoint at, std::function<void()> work) override;
  void cancel(TimerId timer) override;
  bool on_this_thread() const override { return std::this_thread::get_id() == thread_id_; }

  // --- Any other thread ---
  /// Lets time pass until it is `until` or until `over()`, which is asked whenever everything has come to rest. May
  /// return earlier where nothing is going to happen by itself: no timer is armed and `until` is after the clock's end.
  void pass(TimePoint until, const std::function<bool()>& over);
  /// Moves time by one step towards `until`, when everything is at rest. `waited`: since the last step, in real time.
  void pass_a_step(TimePoint until, std::chrono::nanoseconds waited);
  /// The calling thread is at work, or waits for others that are: time steps no further before its thread time is over,
  /// or it is back in one of these two.
  void works_here();
  /// Nothing that threads still do is waited for.
  void forget_threads();
  /// Returns when nothing is left to do at this time, here and in the jobs announced. Jobs that take more than a
  /// second of real time are not waited for: code of the user's may block.
  void settle();

  /// A job on another thread that time waits for: announced, then run there.
  void begin_job();
  void run_job(std::function<void()> job);
  /// `tell` is called on the loop's thread once, when nobody has asked anything of it for so long, in real time, nor
  /// waited for it. Null takes that back.
  void on_silence(std::chrono::milliseconds real_time, std::function<void()> tell);
  /// `tell` is called once, on a thread that waits, when somebody has waited for so long, in real time, and nothing was
  /// there that could have ended it; or for ten days of virtual time after `planned_until` and whatever other wait had
  /// an end, though timers go on. Null takes that back.
  void on_endless_wait(std::chrono::nanoseconds real_time, TimePoint planned_until, std::function<void()> tell);

  /// Ends pass() for everybody and joins the thread.
  void stop();

 private:
  void serve();
  void end_job();
  bool has_work() const;
  void settle(std::unique_lock<std::mutex>& lock);
  bool step(std::unique_lock<std::mutex>& lock, TimePoint until);
  void wake();
  std::optional<std::chrono::nanoseconds> awake_for() const;
  void rest(std::unique_lock<std::mutex>& lock);
  void idled(std::unique_lock<std::mutex>& lock, std::chrono::nanoseconds real_time);
  std::multiset<TimePoint>::iterator begin_wait(TimePoint until);
  void tell_endless(std::unique_lock<std::mutex>& lock);

  const std::shared_ptr<VirtualClock> clock_;
  const std::chrono::nanoseconds thread_time_;
  std::mutex mutex_;
  std::condition_variable work_came_, changed_;
  std::deque<std::function<void()>> posted_;
  TimerHeap<TimePoint, std::function<void()>> timers_;
  std::multiset<TimePoint> waits_;  ///< ends of the waits in pass()
  AwakeThreads awake_;
  std::size_t jobs_ = 0, jobs_ended_ = 0;
  std::size_t blocked_at_ = SIZE_MAX;  ///< jobs that had ended when one was given up
  bool busy_ = true;                   ///< the thread runs something, or begins
  bool stopping_ = false;
  std::uint64_t rounds_ = 0;                    ///< of the thread
  std::chrono::nanoseconds idle_{0};            ///< spent in waits while nothing was due, in real time
  std::chrono::nanoseconds idle_max_{0};        ///< then it is told
  TimePoint planned_until_ = TimePoint::max();  ///< also by waits that have an end
  std::function<void()> on_endless_{};
  bool waited_ = false;  ///< somebody has since silence was last looked for
  std::chrono::milliseconds silence_{0};
  std::function<void()> tell_silence_{};
  std::thread thread_;
  std::thread::id thread_id_{};  ///< also when it has been joined
};

}  // namespace longbeat::internal
