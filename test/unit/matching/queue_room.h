#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "matching/task_queues.h"
#include "support/catch.h"

/// Task queues on virtual time, and the shorthands that their tests share.
namespace longbeat::server::test {

using namespace std::chrono_literals;

inline constexpr TaskQueues::Time kStart{std::chrono::hours(24 * 365 * 50)};

struct QueueRoom {
  TaskQueues queues;
  TaskQueues::Time now = kStart;

  TaskQueues::Place add(std::uint64_t row, std::int32_t priority = 0, std::string_view key = {}, float weight = 0) {
    return queues.add_task(1, "q", {row, priority, key, weight, now}, now);
  }
  TaskQueues::Place add_due(std::uint64_t row, TaskQueues::Time due, std::int32_t priority = 0) {
    return queues.add_task(1, "q", {row, priority, {}, 0, due}, now);
  }
  TaskQueues::Place park(std::uint64_t call, std::optional<double> rate = std::nullopt, std::string_view identity = "w",
                         std::string_view worker_key = {}) {
    return queues.park(1, "q", {call, identity, worker_key, rate}, now);
  }
  void park_many(std::uint64_t count) {
    for (std::uint64_t call = 1; call <= count; ++call) (void)park(call);
  }
  std::optional<TaskQueues::Match> match() { return queues.next_match(now); }
  /// Rows in the order in which they are handed out now.
  std::vector<std::uint64_t> rows() {
    std::vector<std::uint64_t> rows;
    while (const auto one = match()) rows.push_back(one->row);
    return rows;
  }
  /// How many go in this time, waking only when the queues ask for it.
  std::size_t pass(std::chrono::nanoseconds duration) {
    const auto end = now + duration;
    std::size_t count = rows().size();
    while (const auto ready = queues.next_ready()) {
      if (*ready > end) break;
      REQUIRE(*ready > now);
      now = *ready;
      count += rows().size();
    }
    now = end;
    return count;
  }
  void limit(std::optional<float> queue_rate, std::optional<float> key_rate = std::nullopt,
             std::map<std::string, float> weights = {}) {
    QueueConfig config;
    if (queue_rate) config.queue_rate = RateSetting{queue_rate, "why", "me", now};
    if (key_rate) config.fairness_keys_rate_default = RateSetting{key_rate, "why", "me", now};
    config.weight_overrides = std::move(weights);
    queues.configure(1, "q", std::move(config), now);
  }
  QueueReport report() const { return queues.report(1, "q", now); }
};

}  // namespace longbeat::server::test
