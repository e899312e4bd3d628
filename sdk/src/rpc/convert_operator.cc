#include "rpc/convert_operator.h"

#include "rpc/convert_common.h"

namespace longbeat::internal {
namespace {

namespace activity_pb = temporal::api::activity::v1;

template <class Request>
Request request_about(const RunParams& run) {
  Request request;
  request.set_namespace_(run.namespace_name);
  request.set_activity_id(run.activity_id);
  request.set_run_id(run.run_id);
  return request;
}

/// What the requests that end an execution have in common.
template <class Request, class Params>
Request ending(const Params& params) {
  auto request = request_about<Request>(params.run);
  request.set_identity(params.identity);
  request.set_request_id(params.request_id);
  request.set_reason(params.reason);
  return request;
}

/// What the requests that steer one have in common.
template <class Request, class Params>
Request steering(const Params& params) {
  Request request;
  request.set_namespace_(params.target.namespace_name);
  request.set_workflow_id(params.target.workflow_id);
  request.set_activity_id(params.target.activity_id);
  request.set_run_id(params.target.run_id);
  request.set_resource_id(resource_id_of(params.target));
  request.set_identity(params.identity);
  request.set_request_id(params.request_id);
  return request;
}

activity_pb::ActivityOptions options_to_proto(const ActivityOptionsFields& from) {
  activity_pb::ActivityOptions to;
  if (from.task_queue) {
    to.mutable_task_queue()->set_name(*from.task_queue);
    to.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  }
  if (from.schedule_to_close) *to.mutable_schedule_to_close_timeout() = to_proto(*from.schedule_to_close);
  if (from.schedule_to_start) *to.mutable_schedule_to_start_timeout() = to_proto(*from.schedule_to_start);
  if (from.start_to_close) *to.mutable_start_to_close_timeout() = to_proto(*from.start_to_close);
  if (from.heartbeat) *to.mutable_heartbeat_timeout() = to_proto(*from.heartbeat);
  if (from.start_delay) *to.mutable_start_delay() = to_proto(*from.start_delay);
  if (from.retry) *to.mutable_retry_policy() = to_proto(*from.retry);
  if (from.priority) *to.mutable_priority() = to_proto(*from.priority);
  return to;
}

}  // namespace

service_pb::RequestCancelActivityExecutionRequest to_proto(const RequestCancelParams& params) {
  return ending<service_pb::RequestCancelActivityExecutionRequest>(params);
}

service_pb::TerminateActivityExecutionRequest to_proto(const TerminateParams& params) {
  return ending<service_pb::TerminateActivityExecutionRequest>(params);
}

service_pb::DeleteActivityExecutionRequest delete_to_proto(const RunParams& params) {
  return request_about<service_pb::DeleteActivityExecutionRequest>(params);
}

service_pb::PauseActivityExecutionRequest to_proto(const PauseParams& params) {
  auto request = steering<service_pb::PauseActivityExecutionRequest>(params);
  request.set_reason(params.reason);
  return request;
}

service_pb::UnpauseActivityExecutionRequest to_proto(const UnpauseParams& params) {
  auto request = steering<service_pb::UnpauseActivityExecutionRequest>(params);
  request.set_reason(params.reason);
  if (params.jitter.count() != 0) *request.mutable_jitter() = to_proto(params.jitter);
  return request;
}

service_pb::ResetActivityExecutionRequest to_proto(const ResetParams& params) {
  auto request = steering<service_pb::ResetActivityExecutionRequest>(params);
  request.set_keep_paused(params.keep_paused);
  request.set_restore_original_options(params.restore_original_options);
  request.set_reset_heartbeat(params.reset_heartbeat);
  if (params.jitter.count() != 0) *request.mutable_jitter() = to_proto(params.jitter);
  return request;
}

service_pb::UpdateActivityExecutionOptionsRequest to_proto(const UpdateOptionsParams& params) {
  auto request = steering<service_pb::UpdateActivityExecutionOptionsRequest>(params);
  request.set_restore_original(params.restore_original);
  // Servers refuse a mask, even an empty one, beside restore_original.
  if (!params.restore_original || !params.update_mask.empty()) {
    *request.mutable_activity_options() = options_to_proto(params.options);
    for (const auto& path : params.update_mask) request.mutable_update_mask()->add_paths(path);
  }
  return request;
}

ActivityOptionsFields from_proto(const service_pb::UpdateActivityExecutionOptionsResponse& response) {
  const auto& from = response.activity_options();
  ActivityOptionsFields to;
  if (from.has_task_queue()) to.task_queue = from.task_queue().name();
  to.schedule_to_close = optional_of(from.has_schedule_to_close_timeout(), from.schedule_to_close_timeout());
  to.schedule_to_start = optional_of(from.has_schedule_to_start_timeout(), from.schedule_to_start_timeout());
  to.start_to_close = optional_of(from.has_start_to_close_timeout(), from.start_to_close_timeout());
  to.heartbeat = optional_of(from.has_heartbeat_timeout(), from.heartbeat_timeout());
  to.start_delay = optional_of(from.has_start_delay(), from.start_delay());
  to.retry = optional_of(from.has_retry_policy(), from.retry_policy());
  to.priority = optional_of(from.has_priority(), from.priority());
  return to;
}

}  // namespace longbeat::internal
