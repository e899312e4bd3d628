#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/dispatch_table.h"
#include "rpc/version_headers.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

StatusOr<grpc::ByteBuffer> get_system_info(const LocalInput& input) {
  if (!parse(input.bytes, input.scratch.make<service::GetSystemInfoRequest>())) {
    return internal::internal_error("GetSystemInfo: the request is not a GetSystemInfoRequest");
  }
  auto& to = input.scratch.make<service::GetSystemInfoResponse>();
  to.set_server_version(kProtocolRelease);
  auto& capabilities = *to.mutable_capabilities();
  capabilities.set_internal_error_differentiation(true);  // INTERNAL is a fault of ours: repeating does not help.
  capabilities.set_activity_failure_include_heartbeat(true);
  capabilities.set_encoded_failure_attributes(true);
  capabilities.set_sdk_metadata(true);
  capabilities.set_count_group_by_execution_status(true);
  return to_byte_buffer(to);
}

StatusOr<grpc::ByteBuffer> get_cluster_info(const LocalInput& input) {
  if (!parse(input.bytes, input.scratch.make<service::GetClusterInfoRequest>())) {
    return internal::internal_error("GetClusterInfo: the request is not a GetClusterInfoRequest");
  }
  auto& to = input.scratch.make<service::GetClusterInfoResponse>();
  for (const auto& [client, versions] : kSupportedClients) (*to.mutable_supported_clients())[client] = versions;
  to.set_server_version(kProtocolRelease);
  to.set_cluster_id(input.facts.cluster_id);
  to.mutable_version_info()->mutable_current()->set_version(kProtocolRelease);
  to.set_cluster_name("active");
  to.set_history_shard_count(1);
  to.set_persistence_store(input.facts.store);
  to.set_visibility_store(input.facts.store);
  to.set_initial_failover_version(1);
  to.set_failover_version_increment(10);
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
