#pragma once
#include <chrono>

namespace longbeat::internal {

/// Time that never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME). Leases, throttles and retries count on
/// it. Only a tag: there is no now() here, because decisions get `now` as a parameter.
struct Monotonic {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};
using TimePoint = Monotonic::time_point;

/// Time of day: what is stored or sent.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Where the edges get the time from. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;
};

/// The machine's clocks.
const Clock& system_clock();

/// Wall time at construction plus monotonic time since: never goes back while the process lives.
class ServerClock {
 public:
  explicit ServerClock(const Clock& clock) : clock_(clock), wall_(clock.wall_now()), start_(clock.now()) {}
  WallTime now() const { return wall_ + (clock_.now() - start_); }

 private:
  const Clock& clock_;
  WallTime wall_;
  TimePoint start_;
};

}  // namespace longbeat::internal
