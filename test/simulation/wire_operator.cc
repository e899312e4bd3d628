#include "simulation/wire_operator.h"

#include "simulation/observer.h"
#include "simulation/wire.h"

namespace longbeat::simulation {
namespace {

using std::chrono::nanoseconds;

server::RunRef to_run(const internal::TargetParams& target) {
  return {target.namespace_name, target.activity_id, target.run_id};
}

server::ById by_id(const internal::TargetParams& target) {
  return {target.workflow_id, target.run_id, target.activity_id};
}

std::optional<server::RawDuration> raw_optional(const std::optional<nanoseconds>& value) {
  return value ? std::optional(raw(*value)) : std::nullopt;
}

/// What the operators' requests have in common.
template <class Request, class Params>
Request steering(const Params& params) {
  Request request;
  request.run = to_run(params.target);
  request.workflow_id = params.target.workflow_id;
  request.identity = params.identity;
  request.request_id = params.request_id;
  return request;
}

template <class Request, class Params>
Request report_by_id(const Params& params) {
  Request request;
  request.namespace_name = params.target.namespace_name;
  request.identity = params.identity;
  request.by_id = by_id(params.target);
  return request;
}

server::WireOptions to_options(const internal::ActivityOptionsFields& fields) {
  server::WireOptions options;
  options.task_queue = fields.task_queue;
  options.schedule_to_close = raw_optional(fields.schedule_to_close);
  options.schedule_to_start = raw_optional(fields.schedule_to_start);
  options.start_to_close = raw_optional(fields.start_to_close);
  options.heartbeat = raw_optional(fields.heartbeat);
  options.start_delay = raw_optional(fields.start_delay);
  if (fields.retry) options.retry = to_retry(*fields.retry);
  if (fields.priority) {
    options.priority = server::WirePriority{fields.priority->priority_key, fields.priority->fairness_key,
                                            fields.priority->fairness_weight};
  }
  return options;
}

internal::TaskQueueStatsFields stats_of(const server::QueueStats& stats) {
  return {stats.backlog_count, stats.backlog_age, stats.add_rate, stats.dispatch_rate, stats.rate_limiting_active};
}

internal::WorkerSummaryFields summary_of(const server::WorkerBeat& beat) {
  internal::WorkerSummaryFields summary;
  summary.instance_key = beat.instance_key;
  summary.identity = beat.identity;
  summary.task_queue = beat.task_queue;
  summary.host_name = beat.host_name;
  summary.process_id = beat.process_id;
  summary.process_key = beat.grouping_key;
  summary.sdk_name = beat.sdk_name;
  summary.sdk_version = beat.sdk_version;
  summary.status = beat.status;
  summary.start_time = beat.start_time;
  return summary;
}

}  // namespace

std::optional<server::RawDuration> unless_zero(nanoseconds value) {
  if (value.count() == 0) return std::nullopt;
  return raw(value);
}

server::RunRef to_run(const internal::RunParams& run) {
  return {run.namespace_name, run.activity_id, run.run_id};
}

server::StartRequest::Retry to_retry(const internal::RetryPolicyFields& policy) {
  return {unless_zero(policy.initial_interval), unless_zero(policy.maximum_interval), policy.backoff_coefficient,
          policy.maximum_attempts, policy.non_retryable_error_types};
}

server::TerminateRequest to_request(const internal::TerminateParams& params) {
  return {to_run(params.run), params.identity, params.request_id, params.reason};
}

server::DeleteRequest delete_request(const internal::RunParams& params) {
  return {to_run(params)};
}

server::PauseRequest to_request(const internal::PauseParams& params) {
  auto request = steering<server::PauseRequest>(params);
  request.reason = params.reason;
  return request;
}

server::UnpauseRequest to_request(const internal::UnpauseParams& params) {
  auto request = steering<server::UnpauseRequest>(params);
  request.reason = params.reason;
  request.jitter = unless_zero(params.jitter);
  return request;
}

server::ResetRequest to_request(const internal::ResetParams& params) {
  auto request = steering<server::ResetRequest>(params);
  request.keep_paused = params.keep_paused;
  request.restore_original_options = params.restore_original_options;
  request.reset_heartbeat = params.reset_heartbeat;
  request.jitter = unless_zero(params.jitter);
  return request;
}

server::UpdateOptionsRequest to_request(const internal::UpdateOptionsParams& params) {
  auto request = steering<server::UpdateOptionsRequest>(params);
  request.restore_original = params.restore_original;
  if (!params.restore_original || !params.update_mask.empty()) {
    request.options = to_options(params.options);
    request.update_mask = params.update_mask;
  }
  return request;
}

server::ListActivitiesRequest to_request(const internal::ListActivitiesParams& params) {
  return {params.namespace_name, params.query, params.next_page_token, params.page_size};
}

server::CountActivitiesRequest to_request(const internal::CountActivitiesParams& params) {
  return {params.namespace_name, params.query};
}

server::DescribeTaskQueueRequest to_request(const internal::DescribeTaskQueueParams& params) {
  server::DescribeTaskQueueRequest request;
  request.namespace_name = params.namespace_name;
  request.task_queue = params.task_queue;
  request.type = params.type;
  request.report_stats = params.report_stats;
  request.report_config = params.report_config;
  return request;
}

server::ListWorkersRequest to_request(const internal::ListWorkersParams& params) {
  return {params.namespace_name, params.query, params.next_page_token, params.page_size, params.include_system_workers};
}

server::CountWorkersRequest to_request(const internal::CountWorkersParams& params) {
  return {params.namespace_name, params.query, params.include_system_workers};
}

server::DescribeWorkerRequest to_request(const internal::DescribeWorkerParams& params) {
  return {params.namespace_name, params.worker_instance_key};
}

server::HeartbeatRequest to_request(const internal::HeartbeatByIdParams& params) {
  auto request = report_by_id<server::HeartbeatRequest>(params);
  request.details = pack(params.details);
  return request;
}

server::CompletedRequest to_request(const internal::CompletedByIdParams& params) {
  auto request = report_by_id<server::CompletedRequest>(params);
  request.result = pack(params.result);
  return request;
}

server::FailedRequest to_request(const internal::FailedByIdParams& params) {
  internal::FailedParams by_token;
  by_token.namespace_name = params.target.namespace_name;
  by_token.identity = params.identity;
  by_token.failure = params.failure;
  by_token.last_heartbeat_details = params.last_heartbeat_details;
  auto request = to_request(by_token);
  request.by_id = by_id(params.target);
  return request;
}

server::CanceledRequest to_request(const internal::CanceledByIdParams& params) {
  auto request = report_by_id<server::CanceledRequest>(params);
  request.details = pack(params.details);
  return request;
}

internal::ActivityOptionsFields from_reply(const server::UpdateOptionsReply& reply) {
  const auto& from = reply.input->options;
  internal::ActivityOptionsFields to;
  to.task_queue = std::string(from.task_queue);
  to.schedule_to_close = from.timeouts.schedule_to_close;
  to.schedule_to_start = from.timeouts.schedule_to_start;
  to.start_to_close = from.timeouts.start_to_close;
  to.heartbeat = from.timeouts.heartbeat;
  to.start_delay = from.start_delay;
  to.retry = internal::RetryPolicyFields{from.retry.initial_interval, from.retry.backoff_coefficient,
                                         from.retry.maximum_interval, from.retry.maximum_attempts,
                                         from.retry.non_retryable_error_types};
  if (from.priority.present) {
    to.priority = internal::PriorityFields{from.priority.key, std::string(from.priority.fairness_key),
                                           from.priority.fairness_weight};
  }
  return to;
}

internal::ActivityPage from_reply(const server::ListActivitiesReply& reply) {
  internal::ActivityPage page;
  for (const auto& row : reply.page.rows) {
    internal::ActivityListRow& to = page.rows.emplace_back();
    to.activity_id = row.activity_id;
    to.run_id = row.run_id;
    to.type = row.type;
    to.task_queue = row.task_queue;
    to.status = row.status;
    to.schedule_time = row.start_time;
    to.execution_time = row.execution_time;
    to.close_time = row.close_time;
    if (row.close_time) to.execution_duration = *row.close_time - row.start_time;
    to.state_transition_count = row.state_transition_count;
    to.state_size_bytes = row.state_size_bytes;
  }
  page.next_page_token = reply.page.next_page_token;
  return page;
}

internal::ActivityCountFields from_reply(const server::CountActivitiesReply& reply) {
  internal::ActivityCountFields count{reply.count.count, {}};
  for (const auto& [status, number] : reply.count.groups) {
    count.groups.push_back(
        {{Payload{{{"encoding", "json/plain"}, {"type", "Keyword"}}, "\"" + status + "\""}}, number});
  }
  return count;
}

internal::TaskQueueDescription from_reply(const server::DescribeTaskQueueReply& reply) {
  internal::TaskQueueDescription description;
  for (const auto& poller : reply.report.pollers) {
    description.pollers.push_back({poller.identity, poller.last_access_time, poller.rate_per_second, {}});
  }
  if (reply.asked.report_stats) {
    description.stats = stats_of(reply.report.stats);
    for (const auto& [key, stats] : reply.report.by_priority)
      description.stats_by_priority_key.emplace(key, stats_of(stats));
  }
  return description;
}

internal::WorkerPage from_reply(const server::ListWorkersReply& reply) {
  internal::WorkerPage page;
  for (const auto& worker : reply.workers) page.workers.push_back(summary_of(worker));
  page.next_page_token = reply.next_page_token;
  return page;
}

std::int64_t from_reply(const server::CountWorkersReply& reply) {
  return reply.count;
}

internal::WorkerDescription from_reply(const server::DescribeWorkerReply& reply) {
  internal::WorkerDescription description;
  description.summary = summary_of(reply.worker);
  description.heartbeat_time = reply.worker.heartbeat_time;
  return description;
}

}  // namespace longbeat::simulation
