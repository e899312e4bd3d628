#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace longbeat::server {

/// So many a second, evenly spaced, after a small burst. Plain arithmetic on times that it is told.
class RateLimit {
 public:
  using Time = internal::WallTime;
  using Nanos = std::chrono::nanoseconds;

  /// No value: no limit. Zero: nothing at all. Takes effect at once: what the old rate made wait waits no longer than
  /// the new one asks for.
  void set(std::optional<double> per_second) {
    per_second_ = per_second;
    if (per_second_ && *per_second_ > 0) next_ = std::min(next_, last_ + interval());
  }
  std::optional<double> per_second() const { return per_second_; }

  /// From when on the next one may go: the beginning of time without a limit, its end when nothing may.
  Time ready_at() const {
    if (!per_second_) return Time::min();
    return *per_second_ > 0 ? next_ : Time::max();
  }
  /// Is there anything to remember of those that went?
  bool spent(Time now) const { return per_second_ && next_ > now; }

  /// One goes now.
  void take(Time now) {
    last_ = now;
    if (!per_second_ || !(*per_second_ > 0)) return;
    const Nanos credit = std::max(Nanos(0), kBurst - interval());
    next_ = std::max(next_, now - credit) + interval();
  }

 private:
  static constexpr double kNanosPerSecond = 1e9;
  static constexpr Nanos kBurst = std::chrono::milliseconds(100);  // What may go at once after a silence.
  static constexpr double kLongest = 3600e9;                       // Keeps odd rates inside the range of times.

  Nanos interval() const {
    return Nanos(static_cast<std::int64_t>(std::min(kNanosPerSecond / *per_second_, kLongest)));
  }

  std::optional<double> per_second_{};
  Time last_{};  ///< When one went last.
  Time next_{};
};

}  // namespace longbeat::server
