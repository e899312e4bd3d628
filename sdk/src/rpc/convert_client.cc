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
  outcome.retry_state = static_cast<std::int32_t>(from.retry_state());
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

void take_timeouts(const activity_pb::ActivityExecutionInfo& from, ActivityDescription& to) {
  to.schedule_to_close = from_proto(from.schedule_to_close_timeout());
  to.schedule_to_start = from_proto(from.schedule_to_start_timeout());
  to.start_to_close = from_proto(from.start_to_close_timeout());
  to.heartbeat = from_proto(from.heartbeat_timeout());
  to.start_delay = from_proto(from.start_delay());
}

void take_times(const activity_pb::ActivityExecutionInfo& from, ActivityDescription& to) {
  to.schedule_time = optional_of(from.has_schedule_time(), from.schedule_time());
  to.execution_time = optional_of(from.has_execution_time(), from.execution_time());
  to.last_started_time = optional_of(from.has_last_started_time(), from.last_started_time());
  to.last_heartbeat_time = optional_of(from.has_last_heartbeat_time(), from.last_heartbeat_time());
  to.last_attempt_complete_time = optional_of(from.has_last_attempt_complete_time(), from.last_attempt_complete_time());
  to.next_attempt_schedule_time = optional_of(from.has_next_attempt_schedule_time(), from.next_attempt_schedule_time());
  to.expiration_time = optional_of(from.has_expiration_time(), from.expiration_time());
  to.close_time = optional_of(from.has_close_time(), from.close_time());
  to.current_retry_interval = optional_of(from.has_current_retry_interval(), from.current_retry_interval());
  to.execution_duration = optional_of(from.has_execution_duration(), from.execution_duration());
}

void take_payloads(activity_pb::ActivityExecutionInfo& from, ActivityDescription& to) {
  to.header = from_proto(std::move(*from.mutable_header()));
  to.search_attributes = from_proto(std::move(*from.mutable_search_attributes()));
  auto& metadata = *from.mutable_user_metadata();
  if (metadata.has_summary()) to.summary = from_proto(std::move(*metadata.mutable_summary()));
  if (metadata.has_details()) to.details = from_proto(std::move(*metadata.mutable_details()));
  to.heartbeat_details = from_proto(std::move(*from.mutable_heartbeat_details()));
  if (from.has_last_failure()) to.last_failure = from_proto(std::move(*from.mutable_last_failure()));
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
  to.state_size_bytes = from.state_size_bytes();
  to.retry = from_proto(from.retry_policy());
  to.priority = from_proto(from.priority());
  to.last_worker_identity = from.last_worker_identity();
  to.sdk_name = from.sdk_name();
  to.sdk_version = from.sdk_version();
  to.last_deployment_version = optional_of(from.has_last_deployment_version(), from.last_deployment_version());
  to.canceled_reason = from.canceled_reason();
  for (const auto& link : from.links()) to.links.push_back(from_proto(link));
  take_timeouts(from, to);
  take_times(from, to);
  take_payloads(from, to);
}

CallbackStateFields callback_of(activity_pb::CallbackInfo& entry) {
  auto& from = *entry.mutable_info();
  CallbackStateFields to;
  to.callback = from_proto(from.callback());
  to.state = static_cast<std::int32_t>(from.state());
  to.attempt = from.attempt();
  to.registration_time = optional_of(from.has_registration_time(), from.registration_time());
  to.last_attempt_complete_time = optional_of(from.has_last_attempt_complete_time(), from.last_attempt_complete_time());
  to.next_attempt_schedule_time = optional_of(from.has_next_attempt_schedule_time(), from.next_attempt_schedule_time());
  if (from.has_last_attempt_failure())
    to.last_attempt_failure = from_proto(std::move(*from.mutable_last_attempt_failure()));
  to.blocked_reason = from.blocked_reason();
  return to;
}

ActivityListRow row_of(activity_pb::ActivityExecutionListInfo& from) {
  ActivityListRow to;
  to.activity_id = from.activity_id();
  to.run_id = from.run_id();
  to.type = from.activity_type().name();
  to.task_queue = from.task_queue();
  to.status = static_cast<std::int32_t>(from.status());
  to.schedule_time = optional_of(from.has_schedule_time(), from.schedule_time());
  to.execution_time = optional_of(from.has_execution_time(), from.execution_time());
  to.close_time = optional_of(from.has_close_time(), from.close_time());
  to.execution_duration = optional_of(from.has_execution_duration(), from.execution_duration());
  to.search_attributes = from_proto(std::move(*from.mutable_search_attributes()));
  to.state_transition_count = from.state_transition_count();
  to.state_size_bytes = from.state_size_bytes();
  return to;
}

}  // namespace

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
  if (!params.search_attributes.empty())
    to_proto(std::move(params.search_attributes), *request.mutable_search_attributes());
  for (const auto& callback : params.completion_callbacks) to_proto(callback, *request.add_completion_callbacks());
  for (const auto& link : params.links) to_proto(link, *request.add_links());
  if (params.on_conflict) {
    auto& options = *request.mutable_on_conflict_options();
    options.set_attach_request_id(params.on_conflict->attach_request_id);
    options.set_attach_completion_callbacks(params.on_conflict->attach_completion_callbacks);
    options.set_attach_links(params.on_conflict->attach_links);
  }
  return request;
}

StartedActivity from_proto(const service_pb::StartActivityExecutionResponse& response) {
  return {response.run_id(), response.started(), from_proto(response.link())};
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
  for (auto& callback : *response.mutable_callbacks()) description.callbacks.push_back(callback_of(callback));
  description.long_poll_token = std::move(*response.mutable_long_poll_token());
  return description;
}

service_pb::ListActivityExecutionsRequest to_proto(const ListActivitiesParams& params) {
  service_pb::ListActivityExecutionsRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_page_size(params.page_size);
  request.set_next_page_token(params.next_page_token);
  request.set_query(params.query);
  return request;
}

ActivityPage from_proto(service_pb::ListActivityExecutionsResponse&& response) {
  ActivityPage page;
  page.rows.reserve(static_cast<std::size_t>(response.executions_size()));
  for (auto& row : *response.mutable_executions()) page.rows.push_back(row_of(row));
  page.next_page_token = std::move(*response.mutable_next_page_token());
  return page;
}

service_pb::CountActivityExecutionsRequest to_proto(const CountActivitiesParams& params) {
  service_pb::CountActivityExecutionsRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_query(params.query);
  return request;
}

ActivityCountFields from_proto(service_pb::CountActivityExecutionsResponse&& response) {
  ActivityCountFields fields{response.count(), {}};
  for (auto& group : *response.mutable_groups()) {
    CountGroupFields& to = fields.groups.emplace_back();
    to.count = group.count();
    for (auto& value : *group.mutable_group_values()) to.values.push_back(from_proto(std::move(value)));
  }
  return fields;
}

}  // namespace longbeat::internal
