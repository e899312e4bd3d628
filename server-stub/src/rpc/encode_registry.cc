#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"

// Older clients read only the deprecated list.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace worker = temporal::api::worker::v1;

namespace {

void encode_summary(const worker::WorkerHeartbeat& from, worker::WorkerListInfo& to) {
  to.set_worker_instance_key(from.worker_instance_key());
  to.set_worker_identity(from.worker_identity());
  to.set_task_queue(from.task_queue());
  if (from.has_deployment_version()) *to.mutable_deployment_version() = from.deployment_version();
  to.set_sdk_name(from.sdk_name());
  to.set_sdk_version(from.sdk_version());
  to.set_status(from.status());
  if (from.has_start_time()) *to.mutable_start_time() = from.start_time();
  to.set_host_name(from.host_info().host_name());
  to.set_worker_grouping_key(from.host_info().worker_grouping_key());
  to.set_process_id(from.host_info().process_id());
  *to.mutable_plugins() = from.plugins();
  *to.mutable_drivers() = from.drivers();
}

}  // namespace

// Twice: whole in the deprecated list, as a summary in the new one. Clients read one or the other.
grpc::ByteBuffer encode_list_workers(const EncodeInput& input) {
  const auto& from = std::get<ListWorkersReply>(input.reply);
  auto& to = input.scratch.make<service::ListWorkersResponse>();
  for (const WorkerBeat& beat : from.workers) {
    auto& heartbeat = *to.add_workers_info()->mutable_worker_heartbeat();
    restore(beat.message, heartbeat);
    encode_summary(heartbeat, *to.add_workers());
  }
  to.set_next_page_token(from.next_page_token);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_count_workers(const EncodeInput& input) {
  auto& to = input.scratch.make<service::CountWorkersResponse>();
  to.set_count(std::get<CountWorkersReply>(input.reply).count);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_describe_worker(const EncodeInput& input) {
  auto& to = input.scratch.make<service::DescribeWorkerResponse>();
  restore(std::get<DescribeWorkerReply>(input.reply).worker.message,
          *to.mutable_worker_info()->mutable_worker_heartbeat());
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
