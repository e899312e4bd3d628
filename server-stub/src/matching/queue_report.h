#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

/// What can be told about a task queue, and what can be set for it. Plain data.
namespace longbeat::server {

struct PollerSeen {
  std::string identity{};
  internal::WallTime last_access_time{};
  double rate_per_second = 0;  ///< as the worker asked for; 0: none
};

struct QueueStats {
  std::int64_t backlog_count = 0;
  std::chrono::nanoseconds backlog_age{0};  ///< of the task that has been due longest
  float add_rate = 0, dispatch_rate = 0;    ///< tasks a second, over about the last half minute
  bool rate_limiting_active = false;
};

/// A rate that somebody set, and who.
struct RateSetting {
  std::optional<float> requests_per_second{};
  std::string reason{}, identity{};
  internal::WallTime update_time{};
  friend bool operator==(const RateSetting&, const RateSetting&) = default;
};

/// taskqueue.TaskQueueConfig: durable.
struct QueueConfig {
  std::optional<RateSetting> queue_rate{}, fairness_keys_rate_default{};
  std::map<std::string, float> weight_overrides{};
  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

/// enums.RateLimitSource, same numbers.
enum class RateSource : std::int8_t { kNone = 0, kApi = 1, kWorker = 2, kSystem = 3 };

struct QueueReport {
  std::vector<PollerSeen> pollers{};
  QueueStats stats{};
  std::map<std::int32_t, QueueStats> by_priority{};
  QueueConfig config{};
  float effective_rate = 0;  ///< tasks a second; meaningful when `source` is not kNone
  RateSource source = RateSource::kNone;
};

}  // namespace longbeat::server
