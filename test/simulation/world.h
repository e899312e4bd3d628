#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "base/timer_heap.h"

namespace longbeat::simulation {

using internal::Random;
using internal::TimePoint;
using internal::WallTime;
using Nanoseconds = std::chrono::nanoseconds;

/// Virtual time and everything that will happen in it. One thread; a seed replays a run exactly.
class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed), random_(seed) {}

  TimePoint now() const { return now_; }
  /// Time of day: a fixed day plus virtual time. Clocks that are wrong are so against this one.
  WallTime day_time() const { return WallTime(kEpoch + now_.time_since_epoch()); }
  /// What the clock of the server's machine shows.
  WallTime machine_time() const { return day_time() + machine_ahead_; }
  /// It is set, forth or back. A server that runs must not notice.
  void set_machine_clock(Nanoseconds by) { machine_ahead_ += by; }
  /// The server's process reads that clock, this once.
  void server_starts() { server_ahead_ = machine_ahead_; }
  /// The server's time: that of its machine when it started, and what has passed since.
  WallTime wall_now() const { return day_time() + server_ahead_; }
  Random& random() { return random_; }
  /// Dice for one part of the world: what it throws does not depend on how often others throw, so a run that is tried
  /// without one thing stays much the same in the others.
  Random new_dice() { return dice(++dice_given_); }
  /// Runs `what` with dice that this number stands for.
  void with_dice(std::uint64_t number, const std::function<void()>& what) {
    Random others = std::exchange(random_, dice(kNumbered + number));
    what();
    random_ = others;
  }

  /// Runs `what` after `delay` of virtual time.
  void after(Nanoseconds delay, std::function<void()> what) { events_.schedule(now_ + delay, std::move(what)); }

  /// Runs the next event; false when nothing is left or the next one lies after `until`.
  bool step(TimePoint until) {
    const auto next = events_.next_deadline();
    if (!next || *next > until) return false;
    if (*next > now_) now_ = *next;
    auto what = events_.pop_due(now_);
    (*what)();
    ++events_run_;
    return true;
  }

  /// A uniform pause in [low, high).
  Nanoseconds between(Nanoseconds low, Nanoseconds high) { return between(random_, low, high); }
  static Nanoseconds between(Random& dice, Nanoseconds low, Nanoseconds high) {
    return low + Nanoseconds(dice.below(static_cast<std::uint64_t>((high - low).count())));
  }

  /// Writes one line of the run's trace: kept short, hashed whole. The hash of a seed is the same with every compiler.
  void trace(const std::string& line);
  std::uint64_t trace_hash() const { return trace_hash_; }
  const std::deque<std::string>& recent_trace() const { return trace_; }
  /// How many of its last lines are kept.
  void keep_trace(std::size_t lines) { trace_lines_max_ = lines; }
  std::uint64_t events_run() const { return events_run_; }

 private:
  static constexpr Nanoseconds kEpoch = std::chrono::hours(24 * 365 * 50);

  static constexpr std::uint64_t kNumbered = std::uint64_t{1} << 32;
  Random dice(std::uint64_t number) const { return Random(Random(seed_).next() + number * 0xd1342543de82ef95ULL); }

  std::uint64_t seed_, dice_given_ = 0;
  Random random_;
  TimePoint now_{std::chrono::hours(1)};
  internal::TimerHeap<TimePoint, std::function<void()>> events_;
  Nanoseconds machine_ahead_{0}, server_ahead_{0};
  std::deque<std::string> trace_;
  std::size_t trace_lines_max_ = 400;
  std::uint64_t trace_hash_ = 0xcbf29ce484222325ULL;
  std::uint64_t events_run_ = 0;
};

/// The loop of one simulated process. After kill() nothing of it runs any more.
class SimLoop final : public internal::Loop {
 public:
  explicit SimLoop(World& world) : world_(world), alive_(std::make_shared<bool>(true)) {}
  ~SimLoop() override { kill(); }

  TimePoint now() const override { return world_.now(); }
  WallTime wall_now() const override { return world_.day_time() + wall_ahead_; }
  /// The simulated loop handles every event at its time, so its queue was empty just before; unless it was frozen.
  TimePoint last_idle() const override { return world_.now() == frozen_until_ ? frozen_at_ : world_.now(); }
  bool post(std::function<void()> work) override;
  internal::TimerId schedule(TimePoint at, std::function<void()> work) override;
  void cancel(internal::TimerId timer) override { timers_.cancel(timer); }

  /// SIGSTOP: nothing of this process runs for `duration`; then everything that was due does, in its order.
  void freeze(Nanoseconds duration);
  TimePoint frozen_until() const { return frozen_until_; }
  /// The machine's clock is set.
  void set_clock(Nanoseconds ahead) { wall_ahead_ = ahead; }

  /// Runs `work` in this process after `delay`, unless the process has died by then.
  void after(Nanoseconds delay, std::function<void()> work);
  void kill();
  /// True while the process lives; for events of others that may find it dead.
  std::shared_ptr<const bool> token() const { return alive_; }
  bool alive() const { return *alive_; }

 private:
  void run_due();

  World& world_;
  std::shared_ptr<bool> alive_;
  internal::TimerHeap<TimePoint, std::function<void()>> timers_;
  TimePoint frozen_at_{}, frozen_until_{};
  Nanoseconds wall_ahead_{0};
};

}  // namespace longbeat::simulation
