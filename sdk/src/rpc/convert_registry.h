#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "core/server_params.h"

// Calls about the workers that a server knows.

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

service_pb::ListWorkersRequest to_proto(const ListWorkersParams& params);
WorkerPage from_proto(const service_pb::ListWorkersResponse& response);
service_pb::CountWorkersRequest to_proto(const CountWorkersParams& params);
std::int64_t from_proto(const service_pb::CountWorkersResponse& response);
service_pb::DescribeWorkerRequest to_proto(const DescribeWorkerParams& params);
WorkerDescription from_proto(const service_pb::DescribeWorkerResponse& response);

}  // namespace longbeat::internal
