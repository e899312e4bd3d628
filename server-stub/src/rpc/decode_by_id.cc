// The reports that name an activity instead of an attempt.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"
#include "rpc/failure_codec.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

namespace {

/// The fields that all four begin with.
template <class Report, class Message>
Report take_report_by_id(Message& from) {
  Report to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.by_id = ById{take(from.mutable_workflow_id()), take(from.mutable_run_id()), take(from.mutable_activity_id())};
  return to;
}

}  // namespace

std::optional<Request> decode_heartbeat_by_id(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RecordActivityTaskHeartbeatByIdRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report_by_id<HeartbeatRequest>(from);
  if (from.has_details()) to.details = to_bytes(from.details());
  return to;
}

std::optional<Request> decode_completed_by_id(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskCompletedByIdRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report_by_id<CompletedRequest>(from);
  if (from.has_result()) to.result = to_bytes(from.result());
  return to;
}

std::optional<Request> decode_failed_by_id(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskFailedByIdRequest>();
  if (!parse_failed(input.bytes, from)) return std::nullopt;
  auto to = take_report_by_id<FailedRequest>(from);
  if (from.has_failure()) decode_failure(from.failure(), to);
  to.has_last_heartbeat_details = from.has_last_heartbeat_details();
  if (to.has_last_heartbeat_details) to.last_heartbeat_details = to_bytes(from.last_heartbeat_details());
  return to;
}

std::optional<Request> decode_canceled_by_id(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondActivityTaskCanceledByIdRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  auto to = take_report_by_id<CanceledRequest>(from);
  if (from.has_details()) to.details = to_bytes(from.details());
  return to;
}

}  // namespace longbeat::server
