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

grpc::ByteBuffer encode_cancel(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::RequestCancelActivityExecutionResponse>());
}

grpc::ByteBuffer encode_describe_namespace(const EncodeInput& input) {
  const auto& from = std::get<DescribeNamespaceReply>(input.reply);
  auto& to = input.scratch.make<service::DescribeNamespaceResponse>();
  auto& info = *to.mutable_namespace_info();
  info.set_name(from.name);
  info.set_id(from.id);
  info.set_state(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
  // True is only what this server does; the rest stays off until it exists.
  auto& capabilities = *info.mutable_capabilities();
  capabilities.set_standalone_activities(true);
  capabilities.set_standalone_activity_start_delay(true);
  const auto payload_bytes_max = static_cast<std::int64_t>(EngineLimits{}.payload_bytes_max);
  info.mutable_limits()->set_blob_size_limit_error(payload_bytes_max);
  info.mutable_limits()->set_memo_size_limit_error(payload_bytes_max);

  auto& config = *to.mutable_config();
  assign(*config.mutable_workflow_execution_retention_ttl(), from.retention);
  config.set_history_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  config.set_visibility_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);

  auto& replication = *to.mutable_replication_config();
  replication.set_active_cluster_name("active");
  replication.add_clusters()->set_cluster_name("active");
  replication.set_state(temporal::api::enums::v1::REPLICATION_STATE_NORMAL);
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
