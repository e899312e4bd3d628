#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace longbeat::server {

/// The time of a Stage: the machine's, or one that only the stage moves. Outlives it wherever attempts do.
class StageClock final : public internal::Clock {
 public:
  explicit StageClock(bool manual) : manual_(manual), start_wall_(internal::system_clock().wall_now()) {}

  internal::TimePoint now() const override {
    return manual_ ? internal::TimePoint(std::chrono::nanoseconds(now_.load())) : internal::system_clock().now();
  }
  internal::WallTime wall_now() const override {
    return manual_ ? start_wall_ + passed() : internal::system_clock().wall_now();
  }
  bool manual() const { return manual_; }
  std::chrono::nanoseconds passed() const { return now() - start_; }

 private:
  friend class Stage;
  const bool manual_;
  const internal::WallTime start_wall_;
  /// Manual time is not zero at first: what subtracts from it must not meet the past's end.
  const internal::TimePoint start_ =
      manual_ ? internal::TimePoint(std::chrono::hours(1)) : internal::system_clock().now();
  std::atomic<std::int64_t> now_{start_.time_since_epoch().count()};
};

}  // namespace longbeat::server
