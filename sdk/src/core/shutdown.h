#pragma once
#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace longbeat::internal {

/// Where a worker is on its way out. kDraining: no new polls, attempts go on, also those that open polls still bring.
/// kStopping: stop was requested on them. kForced: WorkerShutdown was reported for what still runs. kEnded: nothing is
/// left, or the deadline has passed.
enum class ShutdownPhase { kRunning, kDraining, kStopping, kForced, kEnded };

/// When which phase begins. Pure.
struct ShutdownPlan {
  /// Longer times count as this: the sum of the longest timeouts of a worker.
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(480);

  /// When open polls are canceled; when stop is requested; when WorkerShutdown is reported; when all is over.
  TimePoint polls_until{}, stop_at{}, force_at{}, end_at{};

  /// All within `within`: the server has a fifth of the time to answer the open polls, the grace is cut so that a
  /// fifth is left for stopping, and a tenth for the last reports.
  static ShutdownPlan make(TimePoint now, std::chrono::nanoseconds grace, std::chrono::nanoseconds within) {
    within = std::clamp(within, std::chrono::nanoseconds::zero(), kLongest);
    grace = std::clamp(grace, std::chrono::nanoseconds::zero(), kLongest);
    const auto reports = std::min<std::chrono::nanoseconds>(within / 10, std::chrono::seconds(1));
    const auto stopping = std::min<std::chrono::nanoseconds>(within / 5, std::chrono::seconds(2));
    ShutdownPlan plan;
    plan.polls_until = now + stopping;
    plan.end_at = now + within;
    plan.force_at = plan.end_at - reports;
    plan.stop_at = std::min(now + grace, plan.force_at - stopping);
    return plan;
  }

  /// Who is in a greater hurry decides.
  ShutdownPlan sooner(const ShutdownPlan& other) const {
    return {std::min(polls_until, other.polls_until), std::min(stop_at, other.stop_at),
            std::min(force_at, other.force_at), std::min(end_at, other.end_at)};
  }
};

}  // namespace longbeat::internal
