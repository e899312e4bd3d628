#pragma once
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <temporal/api/common/v1/message.pb.h>

#include <optional>

#include "core/service_stub.h"

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

common_pb::RetryPolicy to_proto(const RetryPolicyFields& policy);
RetryPolicyFields from_proto(const common_pb::RetryPolicy& policy);
common_pb::Priority to_proto(const PriorityFields& priority);
PriorityFields from_proto(const common_pb::Priority& priority);

}  // namespace longbeat::internal
