#include "rpc/decode_parts.h"

#include <algorithm>

#include "rpc/decode.h"

namespace longbeat::server {

StartRequest::Retry decode_retry(const temporal::api::common::v1::RetryPolicy& from) {
  StartRequest::Retry to;
  if (from.has_initial_interval()) to.initial_interval = raw(from.initial_interval());
  if (from.has_maximum_interval()) to.maximum_interval = raw(from.maximum_interval());
  to.backoff_coefficient = from.backoff_coefficient();
  to.maximum_attempts = from.maximum_attempts();
  to.non_retryable_error_types.assign(from.non_retryable_error_types().begin(), from.non_retryable_error_types().end());
  return to;
}

WirePriority decode_priority(const temporal::api::common::v1::Priority& from) {
  return {from.priority_key(), from.fairness_key(), from.fairness_weight()};
}

Time decode_time(const google::protobuf::Timestamp& from) {
  constexpr std::int64_t kSecondsMax = 9'223'372'035;  // One nanosecond count more would not fit into 64 bits.
  const auto seconds = std::clamp(from.seconds(), -kSecondsMax, kSecondsMax);
  const auto nanos = std::clamp(from.nanos(), 0, 999'999'999);
  return Time(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

WorkerBeat decode_beat(const temporal::api::worker::v1::WorkerHeartbeat& from) {
  WorkerBeat to;
  to.instance_key = from.worker_instance_key();
  to.identity = from.worker_identity();
  to.host_name = from.host_info().host_name();
  to.process_id = from.host_info().process_id();
  to.grouping_key = from.host_info().worker_grouping_key();
  to.task_queue = from.task_queue();
  to.deployment_name = from.deployment_version().deployment_name();
  to.build_id = from.deployment_version().build_id();
  to.sdk_name = from.sdk_name();
  to.sdk_version = from.sdk_version();
  to.status = from.status();
  if (from.has_start_time()) to.start_time = decode_time(from.start_time());
  if (from.has_heartbeat_time()) to.heartbeat_time = decode_time(from.heartbeat_time());
  to.message = to_bytes(from);
  return to;
}

}  // namespace longbeat::server
