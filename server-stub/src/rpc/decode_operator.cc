// Commands of clients and operators on one activity.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

std::optional<Request> decode_terminate(const DecodeInput& input) {
  auto& from = input.scratch.make<service::TerminateActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  TerminateRequest to;
  take_operation(from, to);
  return to;
}

std::optional<Request> decode_delete(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DeleteActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return DeleteRequest{take_run(from)};
}

std::optional<Request> decode_pause(const DecodeInput& input) {
  auto& from = input.scratch.make<service::PauseActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  PauseRequest to;
  take_operation(from, to);
  return to;
}

std::optional<Request> decode_unpause(const DecodeInput& input) {
  auto& from = input.scratch.make<service::UnpauseActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  UnpauseRequest to;
  take_operation(from, to);
  if (from.has_jitter()) to.jitter = raw(from.jitter());
  return to;
}

std::optional<Request> decode_reset(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ResetActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  ResetRequest to;
  take_operation(from, to);
  to.keep_paused = from.keep_paused();
  to.restore_original_options = from.restore_original_options();
  to.reset_heartbeat = from.reset_heartbeat();
  if (from.has_jitter()) to.jitter = raw(from.jitter());
  return to;
}

namespace {

WireOptions decode_options(const temporal::api::activity::v1::ActivityOptions& from) {
  WireOptions to;
  if (from.has_task_queue()) to.task_queue = from.task_queue().name();
  if (from.has_schedule_to_close_timeout()) to.schedule_to_close = raw(from.schedule_to_close_timeout());
  if (from.has_schedule_to_start_timeout()) to.schedule_to_start = raw(from.schedule_to_start_timeout());
  if (from.has_start_to_close_timeout()) to.start_to_close = raw(from.start_to_close_timeout());
  if (from.has_heartbeat_timeout()) to.heartbeat = raw(from.heartbeat_timeout());
  if (from.has_start_delay()) to.start_delay = raw(from.start_delay());
  if (from.has_retry_policy()) to.retry = decode_retry(from.retry_policy());
  if (from.has_priority()) to.priority = decode_priority(from.priority());
  return to;
}

}  // namespace

std::optional<Request> decode_update_options(const DecodeInput& input) {
  auto& from = input.scratch.make<service::UpdateActivityExecutionOptionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  UpdateOptionsRequest to;
  take_operation(from, to);
  if (from.has_activity_options()) to.options = decode_options(from.activity_options());
  if (from.has_update_mask()) {
    to.update_mask.emplace(from.update_mask().paths().begin(), from.update_mask().paths().end());
  }
  to.restore_original = from.restore_original();
  return to;
}

}  // namespace longbeat::server
