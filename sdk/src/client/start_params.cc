#include "client/start_params.h"

namespace longbeat::internal {
namespace {

RetryPolicyFields fields_of(const RetryPolicy& policy) {
  RetryPolicyFields fields;
  fields.initial_interval = policy.initial_interval.value_or(Nanoseconds(0));
  fields.backoff_coefficient = policy.backoff_coefficient.value_or(0);
  fields.maximum_interval = policy.maximum_interval.value_or(Nanoseconds(0));
  fields.maximum_attempts = policy.maximum_attempts.value_or(0);
  fields.non_retryable_error_types = policy.non_retryable_error_types;
  return fields;
}

PriorityFields fields_of(const Priority& priority) {
  return {priority.priority_key.value_or(0), priority.fairness_key, priority.fairness_weight.value_or(0)};
}

}  // namespace

StartActivityParams start_params(const StartOptions& options) {
  const auto unset = Nanoseconds(0);
  StartActivityParams params;
  params.activity_id = options.id;
  params.task_queue = options.task_queue;
  params.schedule_to_close = options.schedule_to_close_timeout.value_or(unset);
  params.schedule_to_start = options.schedule_to_start_timeout.value_or(unset);
  params.start_to_close = options.start_to_close_timeout.value_or(unset);
  params.heartbeat = options.heartbeat_timeout.value_or(unset);
  params.start_delay = options.start_delay.value_or(unset);
  if (options.retry_policy) params.retry = fields_of(*options.retry_policy);
  if (options.priority) params.priority = fields_of(*options.priority);
  if (options.id_reuse_policy) params.id_reuse_policy = static_cast<std::int32_t>(*options.id_reuse_policy);
  if (options.id_conflict_policy) params.id_conflict_policy = static_cast<std::int32_t>(*options.id_conflict_policy);
  if (!options.summary.empty()) params.summary = text_payload(options.summary);
  return params;
}

Payload text_payload(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 0xf];
    } else {
      json += c;
    }
  }
  json += '"';
  return {{{"encoding", "json/plain"}}, std::move(json)};
}

}  // namespace longbeat::internal
