#include "rpc/convert_common.h"

#include <limits>
#include <utility>

namespace longbeat::internal {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

Nanoseconds saturated(std::int64_t seconds, std::int32_t nanos) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  if (seconds > kMost) return Nanoseconds::max();
  if (seconds < -kMost) return Nanoseconds::min();
  return Nanoseconds(seconds * kNanosPerSecond + nanos);
}

}  // namespace

google::protobuf::Duration to_proto(Nanoseconds duration) {
  google::protobuf::Duration message;
  message.set_seconds(duration.count() / kNanosPerSecond);
  message.set_nanos(static_cast<std::int32_t>(duration.count() % kNanosPerSecond));
  return message;
}

Nanoseconds from_proto(const google::protobuf::Duration& duration) {
  return saturated(duration.seconds(), duration.nanos());
}

WallTime from_proto(const google::protobuf::Timestamp& time) {
  return WallTime(saturated(time.seconds(), time.nanos()));
}

google::protobuf::Timestamp to_proto(WallTime time) {
  google::protobuf::Timestamp message;
  const Nanoseconds since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);  // Nanoseconds are never negative here.
  message.set_seconds(seconds.count());
  message.set_nanos(static_cast<std::int32_t>((since_epoch - seconds).count()));
  return message;
}

void to_proto(Payload from, common_pb::Payload& to) {
  for (auto& [key, value] : from.metadata) (*to.mutable_metadata())[key] = std::move(value);
  to.set_data(std::move(from.data));
}

Payload from_proto(common_pb::Payload&& from) {
  Payload payload;
  for (auto& [key, value] : *from.mutable_metadata()) payload.metadata.emplace(key, std::move(value));
  payload.data = std::move(*from.mutable_data());
  return payload;
}

void to_proto(Payloads from, common_pb::Payloads& to) {
  to.mutable_payloads()->Reserve(static_cast<int>(from.size()));
  for (auto& payload : from) to_proto(std::move(payload), *to.add_payloads());
}

Payloads from_proto(common_pb::Payloads&& from) {
  Payloads payloads;
  payloads.reserve(static_cast<std::size_t>(from.payloads_size()));
  for (auto& payload : *from.mutable_payloads()) payloads.push_back(from_proto(std::move(payload)));
  return payloads;
}

void to_proto(HeaderFields from, common_pb::Header& to) {
  for (auto& [key, payload] : from) to_proto(std::move(payload), (*to.mutable_fields())[key]);
}

HeaderFields from_proto(common_pb::Header&& from) {
  HeaderFields fields;
  for (auto& [key, payload] : *from.mutable_fields()) fields.emplace(key, from_proto(std::move(payload)));
  return fields;
}

void to_proto(SearchAttributeFields from, common_pb::SearchAttributes& to) {
  for (auto& [name, payload] : from) to_proto(std::move(payload), (*to.mutable_indexed_fields())[name]);
}

SearchAttributeFields from_proto(common_pb::SearchAttributes&& from) {
  SearchAttributeFields fields;
  for (auto& [name, payload] : *from.mutable_indexed_fields()) fields.emplace(name, from_proto(std::move(payload)));
  return fields;
}

common_pb::RetryPolicy to_proto(const RetryPolicyFields& policy) {
  common_pb::RetryPolicy message;
  if (policy.initial_interval.count() != 0) *message.mutable_initial_interval() = to_proto(policy.initial_interval);
  message.set_backoff_coefficient(policy.backoff_coefficient);
  if (policy.maximum_interval.count() != 0) *message.mutable_maximum_interval() = to_proto(policy.maximum_interval);
  message.set_maximum_attempts(policy.maximum_attempts);
  for (const auto& type : policy.non_retryable_error_types) message.add_non_retryable_error_types(type);
  return message;
}

RetryPolicyFields from_proto(const common_pb::RetryPolicy& policy) {
  RetryPolicyFields fields;
  fields.initial_interval = from_proto(policy.initial_interval());
  fields.backoff_coefficient = policy.backoff_coefficient();
  fields.maximum_interval = from_proto(policy.maximum_interval());
  fields.maximum_attempts = policy.maximum_attempts();
  for (const auto& type : policy.non_retryable_error_types()) fields.non_retryable_error_types.push_back(type);
  return fields;
}

common_pb::Priority to_proto(const PriorityFields& priority) {
  common_pb::Priority message;
  message.set_priority_key(priority.priority_key);
  message.set_fairness_key(priority.fairness_key);
  message.set_fairness_weight(priority.fairness_weight);
  return message;
}

PriorityFields from_proto(const common_pb::Priority& priority) {
  return {priority.priority_key(), priority.fairness_key(), priority.fairness_weight()};
}

DeploymentVersionFields from_proto(const temporal::api::deployment::v1::WorkerDeploymentVersion& version) {
  return {version.deployment_name(), version.build_id()};
}

}  // namespace longbeat::internal
