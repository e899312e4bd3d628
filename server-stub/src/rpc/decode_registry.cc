// Workers as such: their heartbeats, lists of them, their end, and how they take commands.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

std::optional<Request> decode_record_worker_heartbeat(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RecordWorkerHeartbeatRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  RecordWorkerHeartbeatRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  for (const auto& beat : from.worker_heartbeat()) to.beats.push_back(decode_beat(beat));
  return to;
}

std::optional<Request> decode_shutdown_worker(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ShutdownWorkerRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  ShutdownWorkerRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.sticky_task_queue = take(from.mutable_sticky_task_queue());
  to.identity = take(from.mutable_identity());
  to.reason = take(from.mutable_reason());
  to.worker_instance_key = take(from.mutable_worker_instance_key());
  to.task_queue = take(from.mutable_task_queue());
  if (from.has_worker_heartbeat()) to.beat = decode_beat(from.worker_heartbeat());
  to.task_queue_types.assign(from.task_queue_types().begin(), from.task_queue_types().end());
  return to;
}

std::optional<Request> decode_list_workers(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ListWorkersRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListWorkersRequest{take(from.mutable_namespace_()), take(from.mutable_query()),
                            take(from.mutable_next_page_token()), from.page_size(), from.include_system_workers()};
}

std::optional<Request> decode_count_workers(const DecodeInput& input) {
  auto& from = input.scratch.make<service::CountWorkersRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return CountWorkersRequest{take(from.mutable_namespace_()), take(from.mutable_query()),
                             from.include_system_workers()};
}

std::optional<Request> decode_describe_worker(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeWorkerRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return DescribeWorkerRequest{take(from.mutable_namespace_()), take(from.mutable_worker_instance_key())};
}

std::optional<Request> decode_nexus_completed(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondNexusTaskCompletedRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  CommandsDoneRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.token = take(from.mutable_task_token());
  to.failed = !from.response().start_operation().has_sync_success();
  return to;
}

std::optional<Request> decode_nexus_failed(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RespondNexusTaskFailedRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  CommandsDoneRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.token = take(from.mutable_task_token());
  to.failed = true;
  return to;
}

}  // namespace longbeat::server
