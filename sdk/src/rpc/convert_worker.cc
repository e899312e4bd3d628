#include "rpc/convert_worker.h"

#include <utility>

#include "rpc/convert_common.h"
#include "rpc/convert_failure.h"

namespace longbeat::internal {
namespace {

namespace worker_pb = temporal::api::worker::v1;

/// What every report starts with.
template <class Request, class Params>
Request report(Params& params) {
  Request request;
  request.set_task_token(std::move(params.token));
  request.set_identity(std::move(params.identity));
  request.set_namespace_(std::move(params.namespace_name));
  return request;
}

/// What every report by ID starts with.
template <class Request, class Params>
Request report_by_id(Params& params) {
  Request request;
  request.set_resource_id(resource_id_of(params.target));
  request.set_namespace_(std::move(params.target.namespace_name));
  request.set_workflow_id(std::move(params.target.workflow_id));
  request.set_run_id(std::move(params.target.run_id));
  request.set_activity_id(std::move(params.target.activity_id));
  request.set_identity(std::move(params.identity));
  return request;
}

worker_pb::WorkerHeartbeat heartbeat_to_proto(const WorkerHeartbeatFields& from) {
  worker_pb::WorkerHeartbeat to;
  to.set_worker_instance_key(from.instance_key);
  to.set_worker_identity(from.identity);
  to.mutable_host_info()->set_host_name(from.host_name);
  to.mutable_host_info()->set_process_id(from.process_id);
  to.mutable_host_info()->set_worker_grouping_key(from.process_key);
  to.set_task_queue(from.task_queue);
  to.set_sdk_name(kSdkName);
  to.set_sdk_version(LONGBEAT_VERSION);
  to.set_status(static_cast<temporal::api::enums::v1::WorkerStatus>(from.status));
  *to.mutable_start_time() = to_proto(from.start_time);
  *to.mutable_heartbeat_time() = to_proto(from.heartbeat_time);
  if (from.since_last) *to.mutable_elapsed_since_last_heartbeat() = to_proto(*from.since_last);
  auto& slots = *to.mutable_activity_task_slots_info();
  slots.set_current_available_slots(from.slots_free);
  slots.set_current_used_slots(from.slots_used);
  slots.set_slot_supplier_kind("Fixed");
  slots.set_total_processed_tasks(from.processed);
  slots.set_total_failed_tasks(from.failed);
  slots.set_last_interval_processed_tasks(from.processed_lately);
  slots.set_last_interval_failure_tasks(from.failed_lately);
  auto& polls = *to.mutable_activity_poller_info();
  polls.set_current_pollers(from.polls_open);
  if (from.last_poll_with_task) *polls.mutable_last_successful_poll_time() = to_proto(*from.last_poll_with_task);
  return to;
}

}  // namespace

service_pb::PollActivityTaskQueueRequest to_proto(const PollTaskParams& params) {
  service_pb::PollActivityTaskQueueRequest request;
  request.set_namespace_(params.namespace_name);
  request.mutable_task_queue()->set_name(params.task_queue);
  request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  request.set_identity(params.identity);
  request.set_worker_instance_key(params.worker_instance_key);
  return request;
}

std::vector<ActivityTask> from_proto(service_pb::PollActivityTaskQueueResponse&& response) {
  std::vector<ActivityTask> tasks;
  if (response.task_token().empty()) return tasks;
  ActivityTask& task = tasks.emplace_back();
  task.token = std::move(*response.mutable_task_token());
  task.namespace_name = std::move(*response.mutable_workflow_namespace());
  task.activity_id = std::move(*response.mutable_activity_id());
  task.activity_type = response.activity_type().name();
  task.activity_run_id = std::move(*response.mutable_activity_run_id());
  task.workflow_id = response.workflow_execution().workflow_id();
  task.workflow_run_id = response.workflow_execution().run_id();
  task.workflow_type = response.workflow_type().name();
  task.header = from_proto(std::move(*response.mutable_header()));
  task.input = from_proto(std::move(*response.mutable_input()));
  task.heartbeat_details = from_proto(std::move(*response.mutable_heartbeat_details()));
  task.scheduled_time = from_proto(response.scheduled_time());
  task.current_attempt_scheduled_time = from_proto(response.current_attempt_scheduled_time());
  task.started_time = from_proto(response.started_time());
  task.attempt = response.attempt();
  task.schedule_to_close = from_proto(response.schedule_to_close_timeout());
  task.start_to_close = from_proto(response.start_to_close_timeout());
  task.heartbeat = from_proto(response.heartbeat_timeout());
  task.retry = from_proto(response.retry_policy());
  task.priority = from_proto(response.priority());
  return tasks;
}

service_pb::RecordActivityTaskHeartbeatRequest to_proto(HeartbeatParams params) {
  auto request = report<service_pb::RecordActivityTaskHeartbeatRequest>(params);
  if (!params.details.empty()) to_proto(std::move(params.details), *request.mutable_details());
  return request;
}

HeartbeatFlags from_proto(const service_pb::RecordActivityTaskHeartbeatResponse& response) {
  return {response.cancel_requested(), response.activity_paused(), response.activity_reset()};
}

service_pb::RespondActivityTaskCompletedRequest to_proto(CompletedParams params) {
  auto request = report<service_pb::RespondActivityTaskCompletedRequest>(params);
  if (!params.result.empty()) to_proto(std::move(params.result), *request.mutable_result());
  return request;
}

service_pb::RespondActivityTaskFailedRequest to_proto(FailedParams params) {
  auto request = report<service_pb::RespondActivityTaskFailedRequest>(params);
  to_proto(params.failure, *request.mutable_failure());
  if (params.last_heartbeat_details) {
    to_proto(std::move(*params.last_heartbeat_details), *request.mutable_last_heartbeat_details());
  }
  return request;
}

service_pb::RespondActivityTaskCanceledRequest to_proto(CanceledParams params) {
  auto request = report<service_pb::RespondActivityTaskCanceledRequest>(params);
  if (!params.details.empty()) to_proto(std::move(params.details), *request.mutable_details());
  return request;
}

service_pb::RecordActivityTaskHeartbeatByIdRequest to_proto(HeartbeatByIdParams params) {
  auto request = report_by_id<service_pb::RecordActivityTaskHeartbeatByIdRequest>(params);
  if (!params.details.empty()) to_proto(std::move(params.details), *request.mutable_details());
  return request;
}

HeartbeatFlags from_proto(const service_pb::RecordActivityTaskHeartbeatByIdResponse& response) {
  return {response.cancel_requested(), response.activity_paused(), response.activity_reset()};
}

service_pb::RespondActivityTaskCompletedByIdRequest to_proto(CompletedByIdParams params) {
  auto request = report_by_id<service_pb::RespondActivityTaskCompletedByIdRequest>(params);
  if (!params.result.empty()) to_proto(std::move(params.result), *request.mutable_result());
  return request;
}

service_pb::RespondActivityTaskFailedByIdRequest to_proto(FailedByIdParams params) {
  auto request = report_by_id<service_pb::RespondActivityTaskFailedByIdRequest>(params);
  to_proto(params.failure, *request.mutable_failure());
  if (params.last_heartbeat_details) {
    to_proto(std::move(*params.last_heartbeat_details), *request.mutable_last_heartbeat_details());
  }
  return request;
}

service_pb::RespondActivityTaskCanceledByIdRequest to_proto(CanceledByIdParams params) {
  auto request = report_by_id<service_pb::RespondActivityTaskCanceledByIdRequest>(params);
  if (!params.details.empty()) to_proto(std::move(params.details), *request.mutable_details());
  return request;
}

service_pb::RecordWorkerHeartbeatRequest to_proto(const WorkerHeartbeatParams& params) {
  service_pb::RecordWorkerHeartbeatRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_identity(params.identity);
  *request.add_worker_heartbeat() = heartbeat_to_proto(params.heartbeat);
  return request;
}

service_pb::ShutdownWorkerRequest to_proto(const ShutdownWorkerParams& params) {
  service_pb::ShutdownWorkerRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_identity(params.identity);
  request.set_reason(params.reason);
  request.set_worker_instance_key(params.worker_instance_key);
  request.set_task_queue(params.task_queue);
  request.add_task_queue_types(temporal::api::enums::v1::TASK_QUEUE_TYPE_ACTIVITY);
  if (params.heartbeat) *request.mutable_worker_heartbeat() = heartbeat_to_proto(*params.heartbeat);
  return request;
}

}  // namespace longbeat::internal
