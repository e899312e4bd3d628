#pragma once
#include <algorithm>
#include <chrono>

#include "core/lease.h"
#include "core/worker_params.h"

namespace longbeat::internal {

/// The time one attempt has, from its hand-out; zero: no limit.
inline Nanoseconds attempt_limit(const ActivityTask& task) {
  Nanoseconds limit = task.start_to_close;
  if (task.schedule_to_close > Nanoseconds::zero()) {
    const Nanoseconds rest = std::max<Nanoseconds>(task.schedule_to_close - (task.started_time - task.scheduled_time),
                                                   std::chrono::milliseconds(1));
    limit = limit > Nanoseconds::zero() ? std::min(limit, rest) : rest;
  }
  return limit;
}

/// Until when the outcome of an attempt is reported that began at `start`: the server decides whether it counts.
inline TimePoint report_limit(TimePoint start, const Lease& lease) {
  constexpr Nanoseconds kGrace = std::chrono::seconds(60);
  if (lease.limit() == TimePoint::max()) return start + std::chrono::hours(24);
  return lease.limit() > TimePoint::max() - kGrace ? TimePoint::max() : lease.limit() + kGrace;
}

}  // namespace longbeat::internal
