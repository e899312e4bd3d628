#pragma once
#include <chrono>
#include <optional>

#include "longbeat/failure.h"
#include "worker/attempt_limit.h"

namespace longbeat::internal {

/// When a server ends an attempt by itself, in time since the attempt's start. Pure. The order is that of the server:
/// what is due first, and of what is due at the same time schedule-to-close, start-to-close, heartbeat.
class AttemptDeadlines {
 public:
  struct Deadline {
    Nanoseconds at{};
    TimeoutType type = TimeoutType::kUnspecified;
    bool operator==(const Deadline&) const = default;
  };

  /// No limits.
  AttemptDeadlines() = default;
  explicit AttemptDeadlines(const ActivityTask& task)
      : heartbeat_(task.heartbeat),
        schedule_to_close_(schedule_to_close_rest(task)),
        start_to_close_(task.start_to_close) {}

  /// A heartbeat was taken.
  void beaten(Nanoseconds at) { last_beat_ = at; }

  /// What ends the attempt unless it is heard of; nothing without limits.
  std::optional<Deadline> next() const {
    std::optional<Deadline> first;
    const auto consider = [&](Nanoseconds since, Nanoseconds timeout, TimeoutType type) {
      if (timeout <= Nanoseconds::zero()) return;
      const Nanoseconds at = timeout < Nanoseconds::max() - since ? since + timeout : Nanoseconds::max();
      if (!first || at < first->at) first = Deadline{at, type};
    };
    consider({}, schedule_to_close_, TimeoutType::kScheduleToClose);
    consider({}, start_to_close_, TimeoutType::kStartToClose);
    consider(last_beat_, heartbeat_, TimeoutType::kHeartbeat);
    return first;
  }
  bool passed(Nanoseconds now) const {
    const auto first = next();
    return first && now >= first->at;
  }

 private:
  Nanoseconds heartbeat_{}, schedule_to_close_{}, start_to_close_{};  ///< zero: none
  Nanoseconds last_beat_{};
};

}  // namespace longbeat::internal
