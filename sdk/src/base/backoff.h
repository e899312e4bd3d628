#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/random.h"

namespace longbeat::internal {

/// Growing pauses between tries. Integer arithmetic only, so that a seed replays on every machine.
struct BackoffPolicy {
  std::chrono::nanoseconds initial = std::chrono::milliseconds(100);
  std::uint32_t growth_percent = 170;  ///< Each pause is this share of the one before.
  std::chrono::nanoseconds maximum = std::chrono::seconds(5);
  std::uint32_t jitter_percent = 20;  ///< Each pause varies by up to this share in both directions.
};

class Backoff {
 public:
  explicit Backoff(BackoffPolicy policy) : policy_(policy), pause_(policy.initial) {}

  /// The pause before the next try.
  std::chrono::nanoseconds next(Random& random) {
    const auto base = std::min(pause_, policy_.maximum);
    pause_ = std::min(base / 100 * policy_.growth_percent, policy_.maximum);
    const auto spread = base / 100 * policy_.jitter_percent;
    if (spread.count() <= 0) return base;
    return base - spread + std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(spread.count()) * 2));
  }
  void reset() { pause_ = policy_.initial; }

 private:
  BackoffPolicy policy_;
  std::chrono::nanoseconds pause_;
};

}  // namespace longbeat::internal
