#pragma once
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace longbeat::internal {

/// When to tell that a function which was asked to return has not: after kPatience, then each time that has doubled.
/// Pure.
class StuckWatch {
 public:
  static constexpr std::chrono::nanoseconds kPatience = std::chrono::seconds(10);

  /// It should return from now on. True the first time, which counts.
  bool begin(TimePoint now) {
    if (since_) return false;
    since_ = now;
    return true;
  }
  std::optional<TimePoint> since() const { return since_; }
  /// When to tell next; only after begin().
  TimePoint next() const { return *since_ + patience_; }
  /// It was told. True the first time.
  bool told() {
    const bool first = patience_ == kPatience;
    patience_ *= 2;
    return first;
  }

 private:
  std::optional<TimePoint> since_{};
  std::chrono::nanoseconds patience_ = kPatience;
};

}  // namespace longbeat::internal
