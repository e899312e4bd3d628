#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"
#include "rpc/encode_parts.h"
#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

// What must be present though empty: SDKs dereference it or refuse the task without it (protocol.md §1.3).
grpc::ByteBuffer encode_poll_task(const EncodeInput& input) {
  const auto& from = std::get<PollTaskReply>(input.reply);
  auto& to = input.scratch.make<service::PollActivityTaskQueueResponse>();
  // A hint for workers that adapt the number of their polls; it may come without a task.
  if (from.poller_delta != 0) {
    to.mutable_poller_scaling_decision()->set_poll_request_delta_suggestion(from.poller_delta);
  }
  if (from.token.empty()) return to_byte_buffer(to);
  const ActivityInput& activity = *from.input;
  const ActivityOptions& options = activity.options;
  to.set_task_token(from.token);
  to.set_workflow_namespace(from.namespace_name);
  to.mutable_workflow_execution();
  assign(*to.mutable_activity_type()->mutable_name(), activity.type);
  assign(*to.mutable_activity_id(), activity.activity_id);
  to.set_activity_run_id(from.run_id);
  if (!activity.header.empty()) restore(activity.header, *to.mutable_header());
  if (!activity.input.empty()) restore(activity.input, *to.mutable_input());
  if (!from.heartbeat_details.empty()) restore(from.heartbeat_details, *to.mutable_heartbeat_details());
  assign(*to.mutable_scheduled_time(), activity.schedule_time);
  assign(*to.mutable_current_attempt_scheduled_time(), from.current_attempt_scheduled_time);
  assign(*to.mutable_started_time(), from.started_time);
  to.set_attempt(from.attempt);
  assign(*to.mutable_schedule_to_close_timeout(), options.timeouts.schedule_to_close);
  assign(*to.mutable_start_to_close_timeout(), options.timeouts.start_to_close);
  assign(*to.mutable_heartbeat_timeout(), options.timeouts.heartbeat);
  encode_retry(options.retry, *to.mutable_retry_policy());
  if (options.priority.present) encode_priority(options.priority, *to.mutable_priority());
  return to_byte_buffer(to);
}

namespace {

template <class Message>
grpc::ByteBuffer heartbeat_answer(const EncodeInput& input) {
  const auto& from = std::get<HeartbeatReply>(input.reply);
  auto& to = input.scratch.make<Message>();
  to.set_cancel_requested(from.cancel_requested);
  to.set_activity_paused(from.activity_paused);
  to.set_activity_reset(from.activity_reset);
  return to_byte_buffer(to);
}

/// With the server's objections that were applied.
template <class Message>
grpc::ByteBuffer failed_answer(const EncodeInput& input) {
  auto& to = input.scratch.make<Message>();
  for (const auto& failure : std::get<ReportReply>(input.reply).failures) encode_failure(failure, *to.add_failures());
  return to_byte_buffer(to);
}

}  // namespace

grpc::ByteBuffer encode_heartbeat(const EncodeInput& input) {
  return heartbeat_answer<service::RecordActivityTaskHeartbeatResponse>(input);
}

grpc::ByteBuffer encode_heartbeat_by_id(const EncodeInput& input) {
  return heartbeat_answer<service::RecordActivityTaskHeartbeatByIdResponse>(input);
}

grpc::ByteBuffer encode_failed(const EncodeInput& input) {
  return failed_answer<service::RespondActivityTaskFailedResponse>(input);
}

grpc::ByteBuffer encode_failed_by_id(const EncodeInput& input) {
  return failed_answer<service::RespondActivityTaskFailedByIdResponse>(input);
}

}  // namespace longbeat::server
