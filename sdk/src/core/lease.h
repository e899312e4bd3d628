#pragma once
#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace longbeat::internal {

/// How long this worker may assume that it holds an attempt. Bounds running code, never a finished report. Pure.
class Lease {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `start`: the last moment at which the loop knew that the task was not there yet. `heartbeat_timeout` zero: none.
  /// `attempt_limit`: start_to_close or what is left of schedule_to_close, whichever is shorter; zero: none.
  Lease(TimePoint start, Duration heartbeat_timeout, Duration attempt_limit)
      : heartbeat_timeout_(heartbeat_timeout),
        limit_(attempt_limit > Duration::zero() ? later(start, attempt_limit) : TimePoint::max()),
        limit_stop_(attempt_limit > Duration::zero() ? limit_ - limit_margin(attempt_limit) : TimePoint::max()),
        beat_(heartbeat_timeout > Duration::zero() ? later(start, heartbeat_timeout) : TimePoint::max()) {}

  /// The server has acknowledged a heartbeat that left at `sent`. Never moves back.
  void acknowledged(TimePoint sent) {
    if (heartbeat_timeout_ > Duration::zero()) beat_ = std::max(beat_, later(sent, heartbeat_timeout_));
  }

  TimePoint expiry() const { return std::min(beat_, limit_); }
  /// When the attempt's own time is over; TimePoint::max() for none.
  TimePoint limit() const { return limit_; }
  /// Stop is requested here, a margin before the end, because noticing takes a moment.
  TimePoint stop_at() const { return std::min(beat_stop_at(), limit_stop_); }
  /// True when it is the attempt's time that ends first, not the silence.
  bool ends_by_limit() const { return limit_stop_ <= beat_stop_at(); }

 private:
  static TimePoint later(TimePoint from, Duration by) {
    return by >= TimePoint::max() - from ? TimePoint::max() : from + by;
  }
  static Duration margin(Duration timeout) { return std::max<Duration>(timeout / 20, std::chrono::milliseconds(20)); }
  /// Five percent of a day would be an hour of work lost; a second is enough to notice.
  static Duration limit_margin(Duration limit) { return std::min<Duration>(margin(limit), std::chrono::seconds(1)); }
  TimePoint beat_stop_at() const { return beat_ == TimePoint::max() ? beat_ : beat_ - margin(heartbeat_timeout_); }

  Duration heartbeat_timeout_;
  TimePoint limit_, limit_stop_, beat_;
};

}  // namespace longbeat::internal
