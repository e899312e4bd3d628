#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"
#include "rpc/encode_parts.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

grpc::ByteBuffer encode_start(const EncodeInput& input) {
  const auto& from = std::get<StartReply>(input.reply);
  auto& to = input.scratch.make<service::StartActivityExecutionResponse>();
  to.set_run_id(from.run_id);
  to.set_started(from.started);
  auto& link = *to.mutable_link()->mutable_activity();
  link.set_namespace_(from.namespace_name);
  link.set_activity_id(from.activity_id);
  link.set_run_id(from.run_id);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_poll_outcome(const EncodeInput& input) {
  const auto& from = std::get<PollOutcomeReply>(input.reply);
  auto& to = input.scratch.make<service::PollActivityExecutionResponse>();
  if (from.outcome) {  // Otherwise the whole answer is empty: "ask again".
    to.set_run_id(from.run_id);
    encode_outcome(*from.outcome, *to.mutable_outcome());
  }
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_update_options(const EncodeInput& input) {
  const ActivityOptions& from = std::get<UpdateOptionsReply>(input.reply).input->options;
  auto& to = input.scratch.make<service::UpdateActivityExecutionOptionsResponse>();
  auto& options = *to.mutable_activity_options();
  assign(*options.mutable_task_queue()->mutable_name(), from.task_queue);
  options.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  encode_timeouts(from.timeouts, options);
  encode_retry(from.retry, *options.mutable_retry_policy());  // Always: the command line dereferences it.
  if (from.priority.present) encode_priority(from.priority, *options.mutable_priority());
  assign(*options.mutable_start_delay(), from.start_delay);
  return to_byte_buffer(to);
}

// A message without fields has no bytes, whichever it is.
grpc::ByteBuffer encode_done(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::RequestCancelActivityExecutionResponse>());
}

}  // namespace longbeat::server
