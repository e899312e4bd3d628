#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace longbeat::internal {

/// What one kind of a courier's jobs is like at a moment at which somebody has waited for long.
struct CourierLoad {
  std::size_t threads = 0;
  std::size_t held_up = 0;  ///< of those: by a job that has run for long
  std::size_t waiting = 0;  ///< keys whose next job nobody has begun
  bool waits_long = false;  ///< the first of them
};

/// How many threads more such a load needs. Threads that a long job holds up do not count: when all are, as many come
/// as there are, so a burst of slow jobs runs side by side after a few steps. A queue that free threads work off needs
/// them only as long as a processor has none.
inline std::size_t threads_to_add(const CourierLoad& load, std::size_t processors, std::size_t threads_max) {
  if (load.threads == 0) return std::min<std::size_t>(load.waiting, 1);
  const std::size_t room = std::min(load.waiting, threads_max - std::min(threads_max, load.threads));
  if (!load.waits_long) return 0;
  if (load.held_up == load.threads) return std::min(room, load.held_up);
  return load.threads - load.held_up < processors ? std::min<std::size_t>(room, 1) : 0;
}

/// When to tell that jobs of one kind wait for long and no thread more may come for them: at once, and once when it is
/// over; both at most every kRepeat. Pure.
class CourierJam {
 public:
  static constexpr std::chrono::seconds kRepeat{60};
  enum class News { kNone, kJam, kOver };

  News look(bool jammed, TimePoint now) {
    if (!jammed) return std::exchange(told_, false) ? News::kOver : News::kNone;
    if (told_at_ && now - *told_at_ < kRepeat) return News::kNone;
    told_ = true;
    told_at_ = now;
    return News::kJam;
  }
  /// It has been told and nobody knows yet that it is over.
  bool told() const { return told_; }

 private:
  bool told_ = false;
  std::optional<TimePoint> told_at_{};
};

}  // namespace longbeat::internal
