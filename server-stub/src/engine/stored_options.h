#pragma once
#include <utility>

#include "machine/activity_state.h"
#include "request/validate.h"

namespace longbeat::server {

// An activity's options as the machine keeps them, and as requests are checked and merged.

inline NormalOptions normal_options(const ActivityOptions& from) {
  NormalOptions to;
  to.task_queue = from.task_queue;
  to.timeouts = {from.timeouts.schedule_to_close, from.timeouts.schedule_to_start, from.timeouts.start_to_close,
                 from.timeouts.heartbeat};
  to.retry = {from.retry.initial_interval, from.retry.backoff_coefficient, from.retry.maximum_interval,
              from.retry.maximum_attempts, from.retry.non_retryable_error_types};
  if (from.priority.present) {
    to.priority = WirePriority{from.priority.key, from.priority.fairness_key.str(), from.priority.fairness_weight};
  }
  to.start_delay = from.start_delay;
  return to;
}

inline ActivityOptions stored_options(NormalOptions from) {
  ActivityOptions to;
  to.task_queue = std::move(from.task_queue);
  to.timeouts = {from.timeouts.schedule_to_close, from.timeouts.schedule_to_start, from.timeouts.start_to_close,
                 from.timeouts.heartbeat};
  to.retry = {from.retry.initial_interval, from.retry.backoff_coefficient, from.retry.maximum_interval,
              from.retry.maximum_attempts, std::move(from.retry.non_retryable_error_types)};
  if (from.priority) {
    to.priority = {true, from.priority->key, std::move(from.priority->fairness_key), from.priority->fairness_weight};
  }
  to.start_delay = from.start_delay;
  return to;
}

}  // namespace longbeat::server
