#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/activity_context.h"
#include "longbeat/json.h"
#include "longbeat/testing/activity_environment.h"

namespace longbeat::test {

inline constexpr Activity<int(int number)> twice{"twice"};
inline constexpr Activity<int(int steps)> count{"count"};

/// Counts from the last checkpoint to `steps`, a second for each.
inline int count_slowly(ActivityContext& context, int steps) {
  auto done = context.checkpoint<int>();
  while (*done < steps) {
    context.sleep_for(std::chrono::seconds(1));
    context.throw_if_stopped();
    done.save(*done + 1);
  }
  return *done;
}

/// The values of heartbeats that carry one int each; -1 for what is none.
inline std::vector<int> numbers(const std::vector<testing::SeenHeartbeat>& heartbeats) {
  std::vector<int> values;
  for (const auto& heartbeat : heartbeats) values.push_back(heartbeat.value<int>().value_or(-1));
  return values;
}

/// When they came, in milliseconds.
inline std::vector<std::int64_t> times(const std::vector<testing::SeenHeartbeat>& heartbeats) {
  std::vector<std::int64_t> at;
  for (const auto& heartbeat : heartbeats) at.push_back(heartbeat.at / std::chrono::milliseconds(1));
  return at;
}

}  // namespace longbeat::test
