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

}  // namespace longbeat::simulation
