#pragma once
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "core/client_params.h"

// Calls that end an execution or steer it.

namespace longbeat::internal {

namespace service_pb = temporal::api::workflowservice::v1;

service_pb::RequestCancelActivityExecutionRequest to_proto(const RequestCancelParams& params);
service_pb::TerminateActivityExecutionRequest to_proto(const TerminateParams& params);
service_pb::DeleteActivityExecutionRequest delete_to_proto(const RunParams& params);
service_pb::PauseActivityExecutionRequest to_proto(const PauseParams& params);
service_pb::UnpauseActivityExecutionRequest to_proto(const UnpauseParams& params);
service_pb::ResetActivityExecutionRequest to_proto(const ResetParams& params);
service_pb::UpdateActivityExecutionOptionsRequest to_proto(const UpdateOptionsParams& params);
ActivityOptionsFields from_proto(const service_pb::UpdateActivityExecutionOptionsResponse& response);

}  // namespace longbeat::internal
