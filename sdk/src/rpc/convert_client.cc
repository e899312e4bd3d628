#include "rpc/convert_client.h"

#include <utility>

#include "rpc/convert_common.h"
#include "rpc/convert_failure.h"

namespace longbeat::internal {
namespace {

namespace activity_pb = temporal::api::activity::v1;
namespace enums_pb = temporal::api::enums::v1;

/// Nothing when the answer holds neither: the activity has not closed.
std::optional<ActivityOutcome> outcome_of(activity_pb::ActivityExecutionOutcome& from) {
  ActivityOutcome outcome;
  switch (from.value_case()) {
    case activity_pb::ActivityExecutionOutcome::kResult:
      outcome.result = from_proto(std::move(*from.mutable_result()));
      break;
    case activity_pb::ActivityExecutionOutcome::kFailure:
      outcome.failure = from_proto(std::move(*from.mutable_failure()));
      break;
    case activity_pb::ActivityExecutionOutcome::VALUE_NOT_SET:
      return std::nullopt;
  }
  return outcome;
}

void put_timeouts(const StartActivityParams& from, service_pb::StartActivityExecutionRequest& to) {
  const auto set = [](Nanoseconds value,
                      google::protobuf::Duration* (service_pb::StartActivityExecutionRequest::*field)(),
                      service_pb::StartActivityExecutionRequest& request) {
    if (value.count() != 0) *(request.*field)() = to_proto(value);
  };
  using Request = service_pb::StartActivityExecutionRequest;
  set(from.schedule_to_close, &Request::mutable_schedule_to_close_timeout, to);
  set(from.schedule_to_start, &Request::mutable_schedule_to_start_timeout, to);
  set(from.start_to_close, &Request::mutable_start_to_close_timeout, to);
  set(from.heartbeat, &Request::mutable_heartbeat_timeout, to);
  set(from.start_delay, &Request::mutable_start_delay, to);
}

void take_info(activity_pb::ActivityExecutionInfo& from, ActivityDescription& to) {
  to.activity_id = from.activity_id();
  to.run_id = from.run_id();
  to.type = from.activity_type().name();
  to.task_queue = from.task_queue();
  to.status = static_cast<std::int32_t>(from.status());
  to.run_state = static_cast<std::int32_t>(from.run_state());
  to.attempt = from.attempt();
  to.heartbeat_count = from.total_heartbeat_count();
  to.state_transition_count = from.state_transition_count();
  if (from.has_schedule_time()) to.schedule_time = from_proto(from.schedule_time());
  if (from.has_last_started_time()) to.last_started_time = from_proto(from.last_started_time());
  if (from.has_last_heartbeat_time()) to.last_heartbeat_time = from_proto(from.last_heartbeat_time());
  if (from.has_close_time()) to.close_time = from_proto(from.close_time());
  if (from.has_next_attempt_schedule_time())
    to.next_attempt_schedule_time = from_proto(from.next_attempt_schedule_time());
  to.last_worker_identity = from.last_worker_identity();
  to.canceled_reason = from.canceled_reason();
  to.heartbeat_details = from_proto(std::move(*from.mutable_heartbeat_details()));
  if (from.has_last_failure()) to.last_failure = from_proto(std::move(*from.mutable_last_failure()));
}

}  // namespace

SystemInfo from_proto(const service_pb::GetSystemInfoResponse& response) {
  return {response.server_version(), response.capabilities().activity_failure_include_heartbeat()};
}

NamespaceInfo from_proto(const service_pb::DescribeNamespaceResponse& response) {
  const auto& from = response.namespace_info();
  NamespaceInfo info;
  info.name = from.name();
  info.id = from.id();
  info.worker_heartbeats = from.capabilities().worker_heartbeats();
  info.worker_poll_complete_on_shutdown = from.capabilities().worker_poll_complete_on_shutdown();
  info.worker_commands = from.capabilities().worker_commands();
  info.blob_size_limit_error = from.limits().blob_size_limit_error();
  return info;
}

service_pb::StartActivityExecutionRequest to_proto(StartActivityParams params) {
  service_pb::StartActivityExecutionRequest request;
  put_timeouts(params, request);
  request.set_namespace_(std::move(params.namespace_name));
  request.set_identity(std::move(params.identity));
  request.set_request_id(std::move(params.request_id));
  request.set_activity_id(std::move(params.activity_id));
  request.mutable_activity_type()->set_name(std::move(params.type));
  request.mutable_task_queue()->set_name(std::move(params.task_queue));
  request.mutable_task_queue()->set_kind(enums_pb::TASK_QUEUE_KIND_NORMAL);
  if (params.retry) *request.mutable_retry_policy() = to_proto(*params.retry);
  if (params.priority) *request.mutable_priority() = to_proto(*params.priority);
  request.set_id_reuse_policy(static_cast<enums_pb::ActivityIdReusePolicy>(params.id_reuse_policy));
  request.set_id_conflict_policy(static_cast<enums_pb::ActivityIdConflictPolicy>(params.id_conflict_policy));
  if (!params.input.empty()) to_proto(std::move(params.input), *request.mutable_input());
  if (!params.header.empty()) to_proto(std::move(params.header), *request.mutable_header());
  if (params.summary) to_proto(std::move(*params.summary), *request.mutable_user_metadata()->mutable_summary());
  if (params.details) to_proto(std::move(*params.details), *request.mutable_user_metadata()->mutable_details());
  return request;
}

StartedActivity from_proto(const service_pb::StartActivityExecutionResponse& response) {
  return {response.run_id(), response.started()};
}

service_pb::PollActivityExecutionRequest to_proto(const RunParams& params) {
  service_pb::PollActivityExecutionRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_activity_id(params.activity_id);
  request.set_run_id(params.run_id);
  return request;
}

PolledOutcome from_proto(service_pb::PollActivityExecutionResponse&& response) {
  PolledOutcome polled;
  polled.run_id = std::move(*response.mutable_run_id());
  if (response.has_outcome()) polled.outcome = outcome_of(*response.mutable_outcome());
  return polled;
}

service_pb::DescribeActivityExecutionRequest to_proto(const DescribeParams& params) {
  service_pb::DescribeActivityExecutionRequest request;
  request.set_namespace_(params.run.namespace_name);
  request.set_activity_id(params.run.activity_id);
  request.set_run_id(params.run.run_id);
  request.set_include_input(params.include_input);
  request.set_include_outcome(params.include_outcome);
  request.set_include_heartbeat_details(params.include_heartbeat_details);
  request.set_include_last_failure(params.include_last_failure);
  request.set_long_poll_token(params.long_poll_token);
  return request;
}

ActivityDescription from_proto(service_pb::DescribeActivityExecutionResponse&& response) {
  ActivityDescription description;
  description.present = response.has_info();
  if (response.has_info()) take_info(*response.mutable_info(), description);
  if (description.run_id.empty()) description.run_id = response.run_id();
  if (response.has_input()) description.input = from_proto(std::move(*response.mutable_input()));
  if (response.has_outcome()) description.outcome = outcome_of(*response.mutable_outcome());
  description.long_poll_token = std::move(*response.mutable_long_poll_token());
  return description;
}

service_pb::RequestCancelActivityExecutionRequest to_proto(const RequestCancelParams& params) {
  service_pb::RequestCancelActivityExecutionRequest request;
  request.set_namespace_(params.run.namespace_name);
  request.set_activity_id(params.run.activity_id);
  request.set_run_id(params.run.run_id);
  request.set_identity(params.identity);
  request.set_request_id(params.request_id);
  request.set_reason(params.reason);
  return request;
}

}  // namespace longbeat::internal
