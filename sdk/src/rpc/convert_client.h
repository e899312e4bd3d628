#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "core/service_stub.h"

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

SystemInfo from_proto(const service_pb::GetSystemInfoResponse& response);
NamespaceInfo from_proto(const service_pb::DescribeNamespaceResponse& response);
service_pb::StartActivityExecutionRequest to_proto(StartActivityParams params);
StartedActivity from_proto(const service_pb::StartActivityExecutionResponse& response);
service_pb::PollActivityExecutionRequest to_proto(const RunParams& params);
PolledOutcome from_proto(service_pb::PollActivityExecutionResponse&& response);
service_pb::DescribeActivityExecutionRequest to_proto(const DescribeParams& params);
ActivityDescription from_proto(service_pb::DescribeActivityExecutionResponse&& response);
service_pb::RequestCancelActivityExecutionRequest to_proto(const RequestCancelParams& params);

}  // namespace longbeat::internal
