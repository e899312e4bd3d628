#include "rpc/convert_registry.h"

#include "rpc/convert_common.h"

namespace longbeat::internal {
namespace {

namespace worker_pb = temporal::api::worker::v1;

/// The fields of the same name and meaning in WorkerListInfo and WorkerHeartbeat.
template <class Info>
WorkerSummaryFields shared_fields(const Info& from) {
  WorkerSummaryFields to;
  to.instance_key = from.worker_instance_key();
  to.identity = from.worker_identity();
  to.task_queue = from.task_queue();
  to.sdk_name = from.sdk_name();
  to.sdk_version = from.sdk_version();
  to.status = static_cast<std::int32_t>(from.status());
  to.start_time = optional_of(from.has_start_time(), from.start_time());
  to.deployment_version = optional_of(from.has_deployment_version(), from.deployment_version());
  return to;
}

WorkerSummaryFields summary_of(const worker_pb::WorkerListInfo& from) {
  auto to = shared_fields(from);
  to.host_name = from.host_name();
  to.process_id = from.process_id();
  to.process_key = from.worker_grouping_key();
  return to;
}

WorkerSummaryFields summary_of(const worker_pb::WorkerHeartbeat& from) {
  auto to = shared_fields(from);
  to.host_name = from.host_info().host_name();
  to.process_id = from.host_info().process_id();
  to.process_key = from.host_info().worker_grouping_key();
  return to;
}

WorkerSlotsFields slots_of(const worker_pb::WorkerSlotsInfo& from) {
  return {from.current_available_slots(),    from.current_used_slots(), from.slot_supplier_kind(),
          from.total_processed_tasks(),      from.total_failed_tasks(), from.last_interval_processed_tasks(),
          from.last_interval_failure_tasks()};
}

WorkerPollersFields pollers_of(const worker_pb::WorkerPollerInfo& from) {
  return {from.current_pollers(), optional_of(from.has_last_successful_poll_time(), from.last_successful_poll_time()),
          from.is_autoscaling()};
}

void take_slots_and_pollers(const worker_pb::WorkerHeartbeat& from, WorkerDescription& to) {
  if (from.has_activity_task_slots_info()) to.activity_slots = slots_of(from.activity_task_slots_info());
  if (from.has_local_activity_slots_info()) to.local_activity_slots = slots_of(from.local_activity_slots_info());
  if (from.has_workflow_task_slots_info()) to.workflow_slots = slots_of(from.workflow_task_slots_info());
  if (from.has_nexus_task_slots_info()) to.nexus_slots = slots_of(from.nexus_task_slots_info());
  if (from.has_activity_poller_info()) to.activity_pollers = pollers_of(from.activity_poller_info());
  if (from.has_workflow_poller_info()) to.workflow_pollers = pollers_of(from.workflow_poller_info());
  if (from.has_nexus_poller_info()) to.nexus_pollers = pollers_of(from.nexus_poller_info());
}

}  // namespace

service_pb::ListWorkersRequest to_proto(const ListWorkersParams& params) {
  service_pb::ListWorkersRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_page_size(params.page_size);
  request.set_next_page_token(params.next_page_token);
  request.set_query(params.query);
  request.set_include_system_workers(params.include_system_workers);
  return request;
}

WorkerPage from_proto(const service_pb::ListWorkersResponse& response) {
  WorkerPage page;
  for (const auto& worker : response.workers()) page.workers.push_back(summary_of(worker));
  page.next_page_token = response.next_page_token();
  return page;
}

service_pb::CountWorkersRequest to_proto(const CountWorkersParams& params) {
  service_pb::CountWorkersRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_query(params.query);
  request.set_include_system_workers(params.include_system_workers);
  return request;
}

std::int64_t from_proto(const service_pb::CountWorkersResponse& response) {
  return response.count();
}

service_pb::DescribeWorkerRequest to_proto(const DescribeWorkerParams& params) {
  service_pb::DescribeWorkerRequest request;
  request.set_namespace_(params.namespace_name);
  request.set_worker_instance_key(params.worker_instance_key);
  return request;
}

WorkerDescription from_proto(const service_pb::DescribeWorkerResponse& response) {
  const auto& from = response.worker_info().worker_heartbeat();
  WorkerDescription to;
  to.summary = summary_of(from);
  to.host_cpu_usage = from.host_info().current_host_cpu_usage();
  to.host_memory_usage = from.host_info().current_host_mem_usage();
  to.heartbeat_time = optional_of(from.has_heartbeat_time(), from.heartbeat_time());
  to.since_last = optional_of(from.has_elapsed_since_last_heartbeat(), from.elapsed_since_last_heartbeat());
  take_slots_and_pollers(from, to);
  return to;
}

}  // namespace longbeat::internal
