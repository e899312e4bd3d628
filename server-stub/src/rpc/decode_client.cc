#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/json_text.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

namespace {

// The scratch message is forgotten after decoding, so its strings are moved out.
std::string take(std::string* text) {
  return std::move(*text);
}

void decode_retry(const temporal::api::common::v1::RetryPolicy& from, StartRequest::Retry& to) {
  if (from.has_initial_interval()) to.initial_interval = raw(from.initial_interval());
  if (from.has_maximum_interval()) to.maximum_interval = raw(from.maximum_interval());
  to.backoff_coefficient = from.backoff_coefficient();
  to.maximum_attempts = from.maximum_attempts();
  to.non_retryable_error_types.assign(from.non_retryable_error_types().begin(), from.non_retryable_error_types().end());
}

template <class Message>
RunRef take_run(Message& message) {
  return {take(message.mutable_namespace_()), take(message.mutable_activity_id()), take(message.mutable_run_id())};
}

}  // namespace

std::optional<Request> decode_start(const DecodeInput& input) {
  auto& from = input.scratch.make<service::StartActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  StartRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.request_id = take(from.mutable_request_id());
  to.activity_id = take(from.mutable_activity_id());
  if (from.has_activity_type()) to.type = take(from.mutable_activity_type()->mutable_name());
  to.has_task_queue = from.has_task_queue();
  if (to.has_task_queue) to.task_queue = take(from.mutable_task_queue()->mutable_name());
  if (from.has_schedule_to_close_timeout()) to.schedule_to_close = raw(from.schedule_to_close_timeout());
  if (from.has_schedule_to_start_timeout()) to.schedule_to_start = raw(from.schedule_to_start_timeout());
  if (from.has_start_to_close_timeout()) to.start_to_close = raw(from.start_to_close_timeout());
  if (from.has_heartbeat_timeout()) to.heartbeat = raw(from.heartbeat_timeout());
  if (from.has_start_delay()) to.start_delay = raw(from.start_delay());
  if (from.has_retry_policy()) decode_retry(from.retry_policy(), to.retry.emplace());
  if (from.has_priority()) {
    to.priority = WirePriority{from.priority().priority_key(), take(from.mutable_priority()->mutable_fairness_key()),
                               from.priority().fairness_weight()};
  }
  to.id_reuse_policy = from.id_reuse_policy();
  to.id_conflict_policy = from.id_conflict_policy();
  if (from.has_input()) to.input = to_bytes(from.input());
  if (from.has_header()) to.header = to_bytes(from.header());
  if (from.has_user_metadata()) {
    to.user_metadata = to_bytes(from.user_metadata());
    to.summary_bytes = from.user_metadata().summary().ByteSizeLong();
    to.details_bytes = from.user_metadata().details().ByteSizeLong();
  }
  if (from.has_search_attributes()) to.search_attributes = to_bytes(from.search_attributes());
  to.links.reserve(static_cast<std::size_t>(from.links_size()));
  for (const auto& link : from.links()) to.links.push_back(to_bytes(link));
  to.completion_callbacks = static_cast<std::size_t>(from.completion_callbacks_size());
  return to;
}

std::optional<Request> decode_poll_outcome(const DecodeInput& input) {
  auto& from = input.scratch.make<service::PollActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return PollOutcomeRequest{take_run(from)};
}

std::optional<Request> decode_describe(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  DescribeRequest to;
  to.run = take_run(from);
  to.include_input = from.include_input();
  to.include_outcome = from.include_outcome();
  to.include_heartbeat_details = from.include_heartbeat_details();
  to.include_last_failure = from.include_last_failure();
  to.long_poll_token = take(from.mutable_long_poll_token());
  return to;
}

std::optional<Request> decode_cancel(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RequestCancelActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  CancelRequest to;
  to.run = take_run(from);
  to.identity = take(from.mutable_identity());
  to.request_id = take(from.mutable_request_id());
  to.reason = take(from.mutable_reason());
  auto& payloads = input.scratch.make<temporal::api::common::v1::Payloads>();
  auto& reason = *payloads.add_payloads();
  (*reason.mutable_metadata())["encoding"] = "json/plain";
  reason.set_data(json_quoted(to.reason));
  to.reason_payloads = to_bytes(payloads);
  return to;
}

std::optional<Request> decode_describe_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return DescribeNamespaceRequest{take(from.mutable_namespace_()), take(from.mutable_id())};
}

}  // namespace longbeat::server
