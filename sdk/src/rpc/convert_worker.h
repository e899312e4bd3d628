#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <vector>

#include "core/worker_params.h"

// Calls about attempts, and of a worker about itself.

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

service_pb::PollActivityTaskQueueRequest to_proto(const PollTaskParams& params);
/// Empty when the poll ran out: such an answer has no token.
std::vector<ActivityTask> from_proto(service_pb::PollActivityTaskQueueResponse&& response);
service_pb::RecordActivityTaskHeartbeatRequest to_proto(HeartbeatParams params);
HeartbeatFlags from_proto(const service_pb::RecordActivityTaskHeartbeatResponse& response);
service_pb::RespondActivityTaskCompletedRequest to_proto(CompletedParams params);
service_pb::RespondActivityTaskFailedRequest to_proto(FailedParams params);
service_pb::RespondActivityTaskCanceledRequest to_proto(CanceledParams params);

service_pb::RecordActivityTaskHeartbeatByIdRequest to_proto(HeartbeatByIdParams params);
HeartbeatFlags from_proto(const service_pb::RecordActivityTaskHeartbeatByIdResponse& response);
service_pb::RespondActivityTaskCompletedByIdRequest to_proto(CompletedByIdParams params);
service_pb::RespondActivityTaskFailedByIdRequest to_proto(FailedByIdParams params);
service_pb::RespondActivityTaskCanceledByIdRequest to_proto(CanceledByIdParams params);

service_pb::RecordWorkerHeartbeatRequest to_proto(const WorkerHeartbeatParams& params);
service_pb::ShutdownWorkerRequest to_proto(const ShutdownWorkerParams& params);

}  // namespace longbeat::internal
