#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "core/server_params.h"

// Calls about the server itself: what it can do, namespaces, task queues.

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

SystemInfo from_proto(const service_pb::GetSystemInfoResponse& response);
NamespaceInfo from_proto(const service_pb::DescribeNamespaceResponse& response);
service_pb::DescribeTaskQueueRequest to_proto(const DescribeTaskQueueParams& params);
TaskQueueDescription from_proto(const service_pb::DescribeTaskQueueResponse& response);

}  // namespace longbeat::internal
