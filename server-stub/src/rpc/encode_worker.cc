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
  if (from.token.empty()) return to_byte_buffer(to);
  const ActivityInput& activity = *from.input;
  const ActivityOptions& options = activity.options;
  to.set_task_token(from.token);
  to.set_workflow_namespace(from.namespace_name);
  to.mutable_workflow_execution();
  to.mutable_activity_type()->set_name(activity.type);
  to.set_activity_id(activity.activity_id);
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

grpc::ByteBuffer encode_heartbeat(const EncodeInput& input) {
  const auto& from = std::get<HeartbeatReply>(input.reply);
  auto& to = input.scratch.make<service::RecordActivityTaskHeartbeatResponse>();
  to.set_cancel_requested(from.cancel_requested);
  to.set_activity_paused(from.activity_paused);
  to.set_activity_reset(from.activity_reset);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_completed(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::RespondActivityTaskCompletedResponse>());
}

grpc::ByteBuffer encode_failed(const EncodeInput& input) {
  auto& to = input.scratch.make<service::RespondActivityTaskFailedResponse>();
  for (const auto& failure : std::get<ReportReply>(input.reply).failures) encode_failure(failure, *to.add_failures());
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_canceled(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::RespondActivityTaskCanceledResponse>());
}

}  // namespace longbeat::server
