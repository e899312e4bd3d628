#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace longbeat::internal {

/// What is wrong with AutoHeartbeatOptions::stall_timeout, or "".
inline std::string stall_timeout_mistake(std::chrono::nanoseconds timeout) {
  if (timeout >= std::chrono::milliseconds(10) && timeout <= std::chrono::hours(240)) return {};
  return "stall_timeout is " + std::to_string(timeout.count()) + " ns, must be 10 ms to 240 hours";
}

/// What counts as progress of one attempt: any change of either number, in any direction.
struct Progress {
  std::uint64_t own = 0;    ///< calls of the context
  std::uint64_t given = 0;  ///< the program's counter
  friend bool operator==(const Progress&, const Progress&) = default;
};

/// Whether work still moves, from looks at its progress. Two looks within the timeout are enough. Time between two
/// looks counts at most half the timeout, because in a frozen process nothing could move. Pure.
class StallWatch {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `timeout`: more than zero.
  StallWatch(Duration timeout, TimePoint now, Progress progress)
      : timeout_(timeout), looked_at_(now), progress_(progress) {}

  /// True when nothing has moved for the timeout.
  bool stalled(Progress progress, TimePoint now) {
    const Duration since = std::clamp(now - looked_at_, Duration::zero(), step());
    looked_at_ = std::max(looked_at_, now);
    quiet_ = progress == progress_ ? quiet_ + since : Duration::zero();
    progress_ = progress;
    return quiet_ >= timeout_;
  }
  TimePoint next_look() const { return looked_at_ + std::min(step(), std::max(timeout_ - quiet_, Duration(1))); }
  Duration timeout() const { return timeout_; }

 private:
  Duration step() const { return std::max(timeout_ / 2, Duration(1)); }

  Duration timeout_;
  Duration quiet_{0};
  TimePoint looked_at_;
  Progress progress_;
};

}  // namespace longbeat::internal
