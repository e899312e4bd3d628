#include "client/public_form.h"

#include <utility>
#include <variant>

#include "client/search_attributes.h"

namespace longbeat::internal {
namespace {

/// The protocol's 0 is "none".
template <class T>
std::optional<T> unless_zero(T value) {
  if (value == T{}) return std::nullopt;
  return value;
}
std::optional<Nanoseconds> unless_zero(const std::optional<Nanoseconds>& value) {
  return value && value->count() != 0 ? value : std::nullopt;
}

std::vector<Link> public_form(std::vector<LinkFields> from) {
  std::vector<Link> to;
  for (auto& link : from) to.push_back(internal::public_form(std::move(link)));
  return to;
}

CallbackDescription public_form(CallbackStateFields from) {
  CallbackDescription to;
  to.callback = {std::move(from.callback.url), std::move(from.callback.header),
                 public_form(std::move(from.callback.links))};
  to.state = known(from.state, CallbackState::kBlocked);
  to.attempt = from.attempt;
  to.registration_time = from.registration_time;
  to.last_attempt_complete_time = from.last_attempt_complete_time;
  to.next_attempt_schedule_time = from.next_attempt_schedule_time;
  to.last_attempt_failure = std::move(from.last_attempt_failure);
  to.blocked_reason = std::move(from.blocked_reason);
  return to;
}

std::string text_of(const std::optional<Payload>& payload) {
  return payload ? plain_text(*payload).value_or(std::string()) : std::string();
}

}  // namespace

std::optional<longbeat::DeploymentVersion> public_form(const std::optional<DeploymentVersionFields>& from) {
  if (!from) return std::nullopt;
  return DeploymentVersion{from->deployment_name, from->build_id};
}

RetryPolicyFields to_fields(const RetryPolicy& policy) {
  RetryPolicyFields fields;
  fields.initial_interval = policy.initial_interval.value_or(Nanoseconds(0));
  fields.backoff_coefficient = policy.backoff_coefficient.value_or(0);
  fields.maximum_interval = policy.maximum_interval.value_or(Nanoseconds(0));
  fields.maximum_attempts = policy.maximum_attempts.value_or(0);
  fields.non_retryable_error_types = policy.non_retryable_error_types;
  return fields;
}

PriorityFields to_fields(const Priority& priority) {
  return {priority.priority_key.value_or(0), priority.fairness_key, priority.fairness_weight.value_or(0)};
}

LinkFields to_fields(const Link& link) {
  return std::visit(
      [](const auto& from) -> LinkFields {
        using From = std::decay_t<decltype(from)>;
        if constexpr (std::is_same_v<From, LinkToActivity>) {
          return ActivityLink{from.namespace_name, from.activity_id, from.run_id};
        } else if constexpr (std::is_same_v<From, LinkToWorkflow>) {
          return WorkflowLink{from.namespace_name, from.workflow_id, from.run_id, from.reason};
        } else if constexpr (std::is_same_v<From, LinkToWorkflowEvent>) {
          return WorkflowEventLink{from.namespace_name, from.workflow_id, from.run_id,
                                   from.event_type,     from.event_id,    from.request_id};
        } else if constexpr (std::is_same_v<From, LinkToBatchJob>) {
          return BatchJobLink{from.job_id};
        } else if constexpr (std::is_same_v<From, LinkToNexusOperation>) {
          return NexusOperationLink{from.namespace_name, from.operation_id, from.run_id};
        } else {
          return std::monostate();
        }
      },
      link);
}

CallbackFields to_fields(const CompletionCallback& callback) {
  CallbackFields fields{callback.url, callback.header, {}};
  for (const auto& link : callback.links) fields.links.push_back(to_fields(link));
  return fields;
}

Link public_form(LinkFields fields) {
  return std::visit(
      [](auto& from) -> Link {
        using From = std::decay_t<decltype(from)>;
        if constexpr (std::is_same_v<From, ActivityLink>) {
          return LinkToActivity{std::move(from.namespace_name), std::move(from.activity_id), std::move(from.run_id)};
        } else if constexpr (std::is_same_v<From, WorkflowLink>) {
          return LinkToWorkflow{std::move(from.namespace_name), std::move(from.workflow_id), std::move(from.run_id),
                                std::move(from.reason)};
        } else if constexpr (std::is_same_v<From, WorkflowEventLink>) {
          return LinkToWorkflowEvent{std::move(from.namespace_name),
                                     std::move(from.workflow_id),
                                     std::move(from.run_id),
                                     from.event_type,
                                     from.event_id,
                                     std::move(from.request_id)};
        } else if constexpr (std::is_same_v<From, BatchJobLink>) {
          return LinkToBatchJob{std::move(from.job_id)};
        } else if constexpr (std::is_same_v<From, NexusOperationLink>) {
          return LinkToNexusOperation{std::move(from.namespace_name), std::move(from.operation_id),
                                      std::move(from.run_id)};
        } else {
          return std::monostate();
        }
      },
      fields);
}

ActivityOptions public_form(ActivityOptionsFields fields) {
  ActivityOptions options;
  options.task_queue = std::move(fields.task_queue).value_or(std::string());
  options.schedule_to_close_timeout = unless_zero(fields.schedule_to_close);
  options.schedule_to_start_timeout = unless_zero(fields.schedule_to_start);
  options.start_to_close_timeout = unless_zero(fields.start_to_close);
  options.heartbeat_timeout = unless_zero(fields.heartbeat);
  options.start_delay = unless_zero(fields.start_delay);
  if (fields.retry) options.retry_policy = public_form(*std::move(fields.retry));
  if (fields.priority) options.priority = public_form(*std::move(fields.priority));
  return options;
}

longbeat::ActivityDescription public_form(ActivityDescription from, const WireFormat& format,
                                          const DataConverter& converter) {
  from = decode(format, std::move(from));
  longbeat::ActivityDescription to;
  to.id = std::move(from.activity_id);
  to.run_id = std::move(from.run_id);
  to.type = std::move(from.type);
  to.task_queue = std::move(from.task_queue);
  to.status = known(from.status, ActivityStatus::kPaused);
  to.run_state = known(from.run_state, ActivityRunState::kPauseRequested);
  to.attempt = from.attempt;
  to.heartbeat_count = from.heartbeat_count;
  to.state_transition_count = from.state_transition_count;
  to.state_size_bytes = from.state_size_bytes;
  to.schedule_to_close_timeout = unless_zero(from.schedule_to_close);
  to.schedule_to_start_timeout = unless_zero(from.schedule_to_start);
  to.start_to_close_timeout = unless_zero(from.start_to_close);
  to.heartbeat_timeout = unless_zero(from.heartbeat);
  to.start_delay = unless_zero(from.start_delay);
  to.retry_policy = public_form(std::move(from.retry));
  to.priority = public_form(std::move(from.priority));
  to.schedule_time = from.schedule_time;
  to.last_started_time = from.last_started_time;
  to.last_heartbeat_time = from.last_heartbeat_time;
  to.close_time = from.close_time;
  to.next_attempt_schedule_time = from.next_attempt_schedule_time;
  to.execution_time = from.execution_time;
  to.last_attempt_complete_time = from.last_attempt_complete_time;
  to.expiration_time = from.expiration_time;
  to.current_retry_interval = from.current_retry_interval;
  to.execution_duration = from.execution_duration;
  to.last_worker_identity = std::move(from.last_worker_identity);
  to.sdk_name = std::move(from.sdk_name);
  to.sdk_version = std::move(from.sdk_version);
  to.last_deployment_version = public_form(from.last_deployment_version);
  to.canceled_reason = std::move(from.canceled_reason);
  to.summary = text_of(from.summary);
  to.details = text_of(from.details);
  to.search_attributes = to_attributes(from.search_attributes);
  to.header = std::move(from.header);
  to.links = public_form(std::move(from.links));
  for (auto& callback : from.callbacks) to.callbacks.push_back(public_form(std::move(callback)));
  to.raw_heartbeat_details = std::move(from.heartbeat_details);
  to.last_failure = std::move(from.last_failure);
  to.raw_input = std::move(from.input);
  if (from.outcome) {
    to.raw_result = std::move(from.outcome->result);
    to.failure = std::move(from.outcome->failure);
    to.retry_state = known(from.outcome->retry_state, RetryState::kCancelRequested);
  }
  to.long_poll_token = std::move(from.long_poll_token);
  to.converter = converter;
  return to;
}

ActivityListPage public_form(ActivityPage from) {
  ActivityListPage to;
  for (auto& row : from.rows) {
    ActivitySummary& summary = to.activities.emplace_back();
    summary.id = std::move(row.activity_id);
    summary.run_id = std::move(row.run_id);
    summary.type = std::move(row.type);
    summary.task_queue = std::move(row.task_queue);
    summary.status = known(row.status, ActivityStatus::kPaused);
    summary.schedule_time = row.schedule_time;
    summary.execution_time = row.execution_time;
    summary.close_time = row.close_time;
    summary.execution_duration = row.execution_duration;
    summary.search_attributes = to_attributes(row.search_attributes);
    summary.state_transition_count = row.state_transition_count;
    summary.state_size_bytes = row.state_size_bytes;
  }
  to.next_page_token = std::move(from.next_page_token);
  return to;
}

ActivityCount public_form(ActivityCountFields from) {
  ActivityCount to;
  to.count = from.count;
  for (const auto& group : from.groups) {
    auto& added = to.groups.emplace_back();
    for (const auto& value : group.values) added.values.push_back(to_attribute(value));
    added.count = group.count;
  }
  return to;
}

}  // namespace longbeat::internal
