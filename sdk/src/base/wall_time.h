#pragma once
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.h"

namespace longbeat::internal {

/// Seconds and nanoseconds since 1970. What the clock cannot say (before 1678, after 2261) becomes its first or last
/// moment.
constexpr WallTime saturated_wall_time(std::int64_t seconds, std::int64_t nanos = 0) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / kSecond;
  if (seconds >= kMax) return WallTime::max();
  if (seconds <= -kMax) return WallTime::min();
  return WallTime(std::chrono::nanoseconds(seconds * kSecond + nanos));
}

}  // namespace longbeat::internal
