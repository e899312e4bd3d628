#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"
#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

namespace {

/// The three fields every report begins with.
template <class Report, class Message>
Report take_report(Message& from) {
  Report to;
  to.namespace_name = take(from.mutable_namespace_());
  to.token = take(from.mutable_task_token());
  to.identity = take(from.mutable_identity());
  return to;
}

}  // namespace

std::optional<Request> decode_poll_task(const DecodeInput& input) {
  auto& from = input.scratch.make<service::PollActivityTaskQueueRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  PollTaskRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.task_queue = take_task_queue(from);
  to.identity = take(from.mutable_identity());
  to.sdk_name = input.header("client-name");
  to.sdk_version = input.header("client-version");
  to.worker_instance_key = take(from.mutable_worker_instance_key());
  to.worker_control_task_queue = take(from.mutable_worker_control_task_queue());
  if (from.task_queue_metadata().has_max_tasks_per_second()) {
    to.max_tasks_per_second = from.task_queue_metadata().max_tasks_per_second().value();
  }
  return to;
}

std::optional<Request> decode_heartbeat(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RecordActivityTaskHeartbeatRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report<HeartbeatRequest>(from);
  if (from.has_details()) to.details = to_bytes(from.details());
  return to;
}

std::optional<Request> decode_completed(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskCompletedRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report<CompletedRequest>(from);
  if (from.has_result()) to.result = to_bytes(from.result());
  return to;
}

std::optional<Request> decode_failed(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskFailedRequest>();
  if (!parse_failed(input.bytes, from)) return std::nullopt;
  auto to = take_report<FailedRequest>(from);
  if (from.has_failure()) decode_failure(from.failure(), to);
  to.has_last_heartbeat_details = from.has_last_heartbeat_details();
  if (to.has_last_heartbeat_details) to.last_heartbeat_details = to_bytes(from.last_heartbeat_details());
  return to;
}

std::optional<Request> decode_canceled(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskCanceledRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report<CanceledRequest>(from);
  if (from.has_details()) to.details = to_bytes(from.details());
  return to;
}

}  // namespace longbeat::server
