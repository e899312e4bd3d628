#pragma once
#include <algorithm>
#include <chrono>

#include "core/lease.h"
#include "core/worker_params.h"

namespace longbeat::internal {

/// What one attempt has of schedule_to_close, from its hand-out; zero: no limit.
inline Nanoseconds schedule_to_close_rest(const ActivityTask& task) {
  if (task.schedule_to_close <= Nanoseconds::zero()) return Nanoseconds::zero();
  return std::max<Nanoseconds>(task.schedule_to_close - (task.started_time - task.scheduled_time),
                               std::chrono::milliseconds(1));
}

/// The time one attempt has, from its hand-out; zero: no limit.
inline Nanoseconds attempt_limit(const ActivityTask& task) {
  const Nanoseconds rest = schedule_to_close_rest(task);
  if (rest == Nanoseconds::zero()) return task.start_to_close;
  return task.start_to_close > Nanoseconds::zero() ? std::min(task.start_to_close, rest) : rest;
}

/// Until when the outcome of an attempt is reported that began at `start`: the server decides whether it counts.
inline TimePoint report_limit(TimePoint start, const Lease& lease) {
  constexpr Nanoseconds kGrace = std::chrono::seconds(60);
  if (lease.limit() == TimePoint::max()) return start + std::chrono::hours(24);
  return lease.limit() > TimePoint::max() - kGrace ? TimePoint::max() : lease.limit() + kGrace;
}

}  // namespace longbeat::internal
