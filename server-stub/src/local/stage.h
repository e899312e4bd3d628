#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/awake_threads.h"
#include "base/transport.h"
#include "local/stage_clock.h"

namespace longbeat::server {

using internal::TimePoint;

class StageLoop;

/// How long things may take in real time.
struct StagePatience {
  /// Whoever is at work for longer than this does not hold up advance().
  std::chrono::milliseconds advance{1'000};
  /// When waits are told who is busy, or that nothing is going to happen.
  std::chrono::milliseconds idle{5'000};
  /// When the log tells that a call still waits, or an advance() is under way, though time moves.
  std::chrono::milliseconds moving{30'000};
  /// What a thread of an attempt gets once it has come out of a wait, before its attempt is idle while others wait.
  std::chrono::milliseconds thread{20};
};

/// One thread on which a server, and the clients and workers of its process, live together, and their time. A manual
/// clock moves from timer to timer, by advance(), or towards the next timer that is a target while somebody waits and
/// nobody is at work. Any thread, unless said otherwise.
class Stage final : public internal::Watch, public std::enable_shared_from_this<Stage> {
 public:
  explicit Stage(bool manual, StagePatience patience = {})
      : clock_(std::make_shared<StageClock>(manual)), patience_(patience) {}

  const std::shared_ptr<StageClock>& clock() const { return clock_; }

  enum class Ended : std::int8_t {
    kMet,
    kLate,         ///< it is `until`
    kRealLate,     ///< it is `real_until`
    kBusy,         ///< somebody was at work all the time: `why` says who
    kNothingLeft,  ///< nobody is at work, and no timer is a target
    kStopped,
    kRefused,  ///< asked for inside the condition of another wait here, which would wait for itself
  };
  struct WaitEnd {
    Ended how = Ended::kMet;
    std::string why{};
  };
  /// Moves time by so much; returns when all that this causes has happened, except what code of the program's does
  /// that is at work for longer than a second. Manual clocks only.
  WaitEnd advance(std::chrono::nanoseconds by);
  /// Waits for `met`, which is asked on the calling thread whenever everything has come to rest, and whose exceptions
  /// pass through. Manual time jumps meanwhile. `real_until` is on the machine's clock.
  WaitEnd wait_until(const std::function<bool()>& met, TimePoint until, TimePoint real_until = TimePoint::max());

  // Watch
  std::shared_ptr<internal::Busy> busy(std::string who) override;
  std::shared_ptr<internal::TimeWait> wait() override;
  std::shared_ptr<internal::Runner> runner(std::string who) override;

 private:
  friend class StageLoop;
  friend class StageThread;
  class BusyMark;
  class WaitMark;
  class StageRunner;
  class Looking;

  struct Posted {
    StageLoop* loop;
    std::function<void()> work;
    bool only_looks = false;  ///< changes nothing that waiters would have to look at again
  };
  /// Somebody who is at work while `waits` is zero, or a thread of it is awake.
  struct Worker {
    std::string who;
    bool passed_over = false;  ///< was at work for so long that advance() does not wait for it
    bool active = true;
    int waits = 0;
    internal::AwakeThreads awake{};

    bool at_work(TimePoint real) const { return active && (waits == 0 || awake.until(real)); }
  };
  /// A thread that waits in here, and looks for itself whether that is over.
  struct Waiter {
    TimePoint until;
    bool jumps = false;  ///< a wait of the kit: time may jump
    TimePoint real_until = TimePoint::max();
    std::uint64_t seen = 0;
  };
  /// A thread that waits for the stage while time moves, without a look at it.
  struct Call {
    TimePoint since;       ///< real time
    bool told = false;     ///< in the log, that it takes long
    TimePoint goal{};      ///< of advance()
    bool reached = false;  ///< the goal
  };
  using Workers = std::list<Worker>;

  void run();
  void stop();
  bool on_this_thread() const { return std::this_thread::get_id() == thread_id_.load(); }
  bool post(StageLoop& loop, std::function<void()> work, bool only_looks);

  // Under the lock.
  bool run_one(std::unique_lock<std::mutex>& lock);
  void rest(std::unique_lock<std::mutex>& lock);
  void rest_manual(std::unique_lock<std::mutex>& lock);
  bool move(TimePoint now);
  bool goals_reached();
  /// Open goals first, the next one at the front.
  void sort_goals();
  void tell_who_waits_long(std::unique_lock<std::mutex>& lock, TimePoint real);
  void complain(std::unique_lock<std::mutex>& lock, const std::string& why, bool busy);
  /// True when there was anybody to pass over who had not been.
  bool pass_over_workers(TimePoint real);
  /// The machine's, whatever the clock here is.
  static TimePoint real_now();
  std::string who_is_busy(bool for_advance, TimePoint real) const;
  std::chrono::nanoseconds longest_rest(TimePoint real) const;
  bool anybody_waits() const;
  std::optional<TimePoint> next_timer(bool targets_only) const;
  void happened();
  WaitEnd wait_here(std::unique_lock<std::mutex>& lock, Waiter& waiter, const std::function<bool()>& over,
                    bool hears_complaints);

  const std::shared_ptr<StageClock> clock_;
  const StagePatience patience_;
  mutable std::mutex mutex_;
  std::condition_variable work_came_;  ///< the stage's thread waits for it
  std::condition_variable changed_;    ///< waiters do
  std::deque<Posted> posted_;
  std::vector<StageLoop*> loops_;  ///< their timers belong to the stage's thread
  Workers workers_;
  std::list<Waiter> waiters_;
  std::list<Call> goals_;                                             ///< of advance()
  std::list<Call> calls_waiting_;                                     ///< blocking calls of the program
  bool something_happened_ = false;                                   ///< since the last epoch
  std::uint64_t epoch_ = 0;                                           ///< counts what waiters have to look at
  std::optional<TimePoint> not_idle_since_{}, nothing_left_since_{};  ///< real time
  std::uint64_t complaints_ = 0;
  WaitEnd complaint_{};
  TimePoint last_idle_{};
  bool stopping_ = false;
  std::atomic<std::thread::id> thread_id_{};
};

/// The stage's thread. Whoever needs the stage to go on holds it; the last one ends it, and is never on it.
class StageThread {
 public:
  explicit StageThread(bool manual, StagePatience patience = {});
  ~StageThread();
  StageThread(const StageThread&) = delete;
  StageThread& operator=(const StageThread&) = delete;

  Stage& stage() const { return *stage_; }
  const std::shared_ptr<Stage>& shared_stage() const { return stage_; }

 private:
  const std::shared_ptr<Stage> stage_;
  std::thread thread_;
};

}  // namespace longbeat::server
