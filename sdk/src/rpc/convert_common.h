#pragma once
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>
#include <temporal/api/common/v1/message.pb.h>
#include <temporal/api/deployment/v1/message.pb.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/common_params.h"

namespace longbeat::internal {

namespace common_pb = temporal::api::common::v1;

/// How this SDK calls itself in headers and worker heartbeats; the version is LONGBEAT_VERSION.
inline constexpr const char* kSdkName = "longbeat-cpp";

/// Seconds and nanoseconds of the same sign, as the wire wants them.
google::protobuf::Duration to_proto(Nanoseconds duration);
/// Saturates where nanoseconds in 64 bits end, at 292 years.
Nanoseconds from_proto(const google::protobuf::Duration& duration);
WallTime from_proto(const google::protobuf::Timestamp& time);
google::protobuf::Timestamp to_proto(WallTime time);

void to_proto(Payload from, common_pb::Payload& to);
Payload from_proto(common_pb::Payload&& from);
void to_proto(Payloads from, common_pb::Payloads& to);
Payloads from_proto(common_pb::Payloads&& from);
void to_proto(HeaderFields from, common_pb::Header& to);
HeaderFields from_proto(common_pb::Header&& from);

void to_proto(SearchAttributeFields from, common_pb::SearchAttributes& to);
SearchAttributeFields from_proto(common_pb::SearchAttributes&& from);

common_pb::RetryPolicy to_proto(const RetryPolicyFields& policy);
RetryPolicyFields from_proto(const common_pb::RetryPolicy& policy);
common_pb::Priority to_proto(const PriorityFields& priority);
PriorityFields from_proto(const common_pb::Priority& priority);
DeploymentVersionFields from_proto(const temporal::api::deployment::v1::WorkerDeploymentVersion& version);

void to_proto(const LinkFields& link, common_pb::Link& to);
/// std::monostate for a kind that this version does not know.
LinkFields from_proto(const common_pb::Link& link);
void to_proto(const CallbackFields& callback, common_pb::Callback& to);
CallbackFields from_proto(const common_pb::Callback& callback);

/// The fields of a proto map. Protobuf's order is random, ours is not.
template <class Value>
std::map<std::string, Value> from_proto(const google::protobuf::Map<std::string, Value>& map) {
  return {map.begin(), map.end()};
}

/// A field that may be absent: optional_of(m.has_close_time(), m.close_time()).
template <class Message>
auto optional_of(bool present, const Message& message) {
  return present ? std::optional(from_proto(message)) : std::nullopt;
}

/// How requests tell a router between clients and servers what they are about; servers do not look at it.
inline std::string resource_id_of(const TargetParams& target) {
  return target.workflow_id.empty() ? "activity:" + target.activity_id : "workflow:" + target.workflow_id;
}

}  // namespace longbeat::internal
