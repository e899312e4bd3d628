#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "core/client_params.h"

// Calls that start, watch and list executions.

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

service_pb::StartActivityExecutionRequest to_proto(StartActivityParams params);
StartedActivity from_proto(const service_pb::StartActivityExecutionResponse& response);
service_pb::PollActivityExecutionRequest to_proto(const RunParams& params);
PolledOutcome from_proto(service_pb::PollActivityExecutionResponse&& response);
service_pb::DescribeActivityExecutionRequest to_proto(const DescribeParams& params);
ActivityDescription from_proto(service_pb::DescribeActivityExecutionResponse&& response);
service_pb::ListActivityExecutionsRequest to_proto(const ListActivitiesParams& params);
ActivityPage from_proto(service_pb::ListActivityExecutionsResponse&& response);
service_pb::CountActivityExecutionsRequest to_proto(const CountActivitiesParams& params);
ActivityCountFields from_proto(service_pb::CountActivityExecutionsResponse&& response);

}  // namespace longbeat::internal
