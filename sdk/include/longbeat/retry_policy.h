#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "longbeat/export.h"

LONGBEAT_BEGIN

/// When and how often a failed attempt is followed by another one. A field that is not set takes the server's default.
struct RetryPolicy {
  /// Pause before the second attempt. Default 1 s. More than zero when set.
  std::optional<std::chrono::nanoseconds> initial_interval{};
  /// Each pause is so many times the one before. Default 2. At least 1 when set.
  std::optional<double> backoff_coefficient{};
  /// No pause is longer. Default 100 times initial_interval. At least initial_interval when both are set.
  std::optional<std::chrono::nanoseconds> maximum_interval{};
  /// Most attempts, the first included; 1 means no retry. Default: no limit but schedule_to_close_timeout. At least 1
  /// when set.
  std::optional<std::int32_t> maximum_attempts{};
  /// Failures of these types (Failure::type) are not retried. No empty names.
  std::vector<std::string> non_retryable_error_types{};
};

/// Which of the waiting activities of a task queue goes first.
struct Priority {
  /// 1 to 5, 1 first. Default 3.
  std::optional<std::int32_t> priority_key{};
  /// Activities with different keys take turns, so that one tenant's backlog does not starve another. At most 64 bytes.
  std::string fairness_key{};
  /// Share of this key against the others. Default 1. From 0.001 to 1000 when set.
  std::optional<float> fairness_weight{};
};

LONGBEAT_END
