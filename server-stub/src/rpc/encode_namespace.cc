#include <temporal/api/operatorservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <array>

#include "rpc/encode.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace operators = temporal::api::operatorservice::v1;
namespace enums = temporal::api::enums::v1;

namespace {

/// The one cluster there is, as clients of a cluster with replicas expect to see it.
constexpr const char* kCluster = "active";

/// True is only what this server does.
void encode_capabilities(const RequestLimits& limits, temporal::api::namespace_::v1::NamespaceInfo::Capabilities& to) {
  to.set_standalone_activities(true);
  to.set_standalone_activity_start_delay(true);
  to.set_standalone_activity_operator_commands(limits.operator_commands);
  to.set_worker_heartbeats(true);
  to.set_worker_poll_complete_on_shutdown(true);
  to.set_poller_autoscaling(true);
  to.set_worker_commands(limits.worker_commands);
}

/// The parts that the answers to describe, list and update have in common.
template <class Message>
void encode_namespace(const NamespaceReply& reply, Message& to) {
  const Namespace& from = reply.space;
  auto& info = *to.mutable_namespace_info();
  info.set_name(from.name);
  info.set_id(internal::to_string(from.uuid));
  info.set_state(static_cast<enums::NamespaceState>(from.state));
  info.set_description(from.description);
  info.set_owner_email(from.owner_email);
  for (const auto& [key, value] : from.data) (*info.mutable_data())[key] = value;
  encode_capabilities(reply.limits, *info.mutable_capabilities());
  const auto payload_bytes_max = static_cast<std::int64_t>(reply.limits.payload_bytes_max);
  info.mutable_limits()->set_blob_size_limit_error(payload_bytes_max);
  info.mutable_limits()->set_memo_size_limit_error(payload_bytes_max);

  auto& config = *to.mutable_config();
  assign(*config.mutable_workflow_execution_retention_ttl(), from.retention);
  config.set_history_archival_state(enums::ARCHIVAL_STATE_DISABLED);
  config.set_visibility_archival_state(enums::ARCHIVAL_STATE_DISABLED);

  auto& replication = *to.mutable_replication_config();
  replication.set_active_cluster_name(kCluster);
  replication.add_clusters()->set_cluster_name(kCluster);
  replication.set_state(enums::REPLICATION_STATE_NORMAL);
}

struct SystemAttribute {
  const char* name;
  enums::IndexedValueType type;
};

/// What every list query knows.
constexpr std::array kSystemAttributes = {
    SystemAttribute{"ActivityId", enums::INDEXED_VALUE_TYPE_KEYWORD},
    SystemAttribute{"ActivityType", enums::INDEXED_VALUE_TYPE_KEYWORD},
    SystemAttribute{"CloseTime", enums::INDEXED_VALUE_TYPE_DATETIME},
    SystemAttribute{"ExecutionDuration", enums::INDEXED_VALUE_TYPE_INT},
    SystemAttribute{"ExecutionStatus", enums::INDEXED_VALUE_TYPE_KEYWORD},
    SystemAttribute{"ExecutionTime", enums::INDEXED_VALUE_TYPE_DATETIME},
    SystemAttribute{"HistorySizeBytes", enums::INDEXED_VALUE_TYPE_INT},
    SystemAttribute{"RunId", enums::INDEXED_VALUE_TYPE_KEYWORD},
    SystemAttribute{"StartTime", enums::INDEXED_VALUE_TYPE_DATETIME},
    SystemAttribute{"StateTransitionCount", enums::INDEXED_VALUE_TYPE_INT},
    SystemAttribute{"TaskQueue", enums::INDEXED_VALUE_TYPE_KEYWORD},
    SystemAttribute{"WorkflowId", enums::INDEXED_VALUE_TYPE_KEYWORD},  // Another name of ActivityId.
};

}  // namespace

grpc::ByteBuffer encode_describe_namespace(const EncodeInput& input) {
  auto& to = input.scratch.make<service::DescribeNamespaceResponse>();
  encode_namespace(std::get<NamespaceReply>(input.reply), to);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_list_namespaces(const EncodeInput& input) {
  const auto& from = std::get<ListNamespacesReply>(input.reply);
  auto& to = input.scratch.make<service::ListNamespacesResponse>();
  for (const NamespaceReply& space : from.spaces) encode_namespace(space, *to.add_namespaces());
  to.set_next_page_token(from.next_page_token);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_update_namespace(const EncodeInput& input) {
  auto& to = input.scratch.make<service::UpdateNamespaceResponse>();
  encode_namespace(std::get<NamespaceReply>(input.reply), to);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_delete_namespace(const EncodeInput& input) {
  auto& to = input.scratch.make<operators::DeleteNamespaceResponse>();
  to.set_deleted_namespace(std::get<DeleteNamespaceReply>(input.reply).deleted_name);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_list_search_attributes(const EncodeInput& input) {
  auto& to = input.scratch.make<operators::ListSearchAttributesResponse>();
  for (const auto& [name, type] : std::get<SearchAttributesReply>(input.reply).custom) {
    (*to.mutable_custom_attributes())[name] = static_cast<enums::IndexedValueType>(type);
  }
  for (const auto& [name, type] : kSystemAttributes) (*to.mutable_system_attributes())[name] = type;
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
