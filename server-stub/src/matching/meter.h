#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "base/clock.h"

namespace longbeat::server {

/// How many a second, over about the last half minute.
class Meter {
 public:
  void add(internal::WallTime now) {
    move_to(now);
    ++counts_[static_cast<std::size_t>(epoch_) % kBuckets];
  }

  float per_second(internal::WallTime now) const {
    const std::int64_t epoch = epoch_of(now);
    std::uint64_t sum = 0;
    for (std::int64_t one = std::max<std::int64_t>(0, epoch - kLast); one <= epoch; ++one) {
      if (one <= epoch_ && one > epoch_ - kBuckets) sum += counts_[static_cast<std::size_t>(one) % kBuckets];
    }
    return static_cast<float>(sum) / kSeconds;
  }

 private:
  static constexpr std::int64_t kBuckets = 6, kLast = kBuckets - 1;
  static constexpr std::chrono::seconds kBucket{5};
  static constexpr float kSeconds = 30;

  static std::int64_t epoch_of(internal::WallTime now) { return now.time_since_epoch() / kBucket; }
  void move_to(internal::WallTime now) {
    const std::int64_t epoch = epoch_of(now);
    if (epoch <= epoch_) return;
    for (std::int64_t one = std::max(epoch_ + 1, epoch - kLast); one <= epoch; ++one) {
      counts_[static_cast<std::size_t>(one) % kBuckets] = 0;
    }
    epoch_ = epoch;
  }

  std::array<std::uint32_t, kBuckets> counts_{};
  std::int64_t epoch_ = 0;
};

}  // namespace longbeat::server
