// Namespaces and their search attributes.
#include <temporal/api/operatorservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace operators = temporal::api::operatorservice::v1;

std::optional<Request> decode_describe_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return DescribeNamespaceRequest{take(from.mutable_namespace_()), take(from.mutable_id())};
}

std::optional<Request> decode_register_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RegisterNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  RegisterNamespaceRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.description = take(from.mutable_description());
  to.owner_email = take(from.mutable_owner_email());
  if (from.has_workflow_execution_retention_period()) to.retention = raw(from.workflow_execution_retention_period());
  to.data.insert(from.data().begin(), from.data().end());
  to.is_global = from.is_global_namespace();
  return to;
}

std::optional<Request> decode_list_namespaces(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ListNamespacesRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListNamespacesRequest{from.page_size(), take(from.mutable_next_page_token()),
                               from.namespace_filter().include_deleted()};
}

std::optional<Request> decode_update_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<service::UpdateNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  UpdateNamespaceRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  if (from.has_update_info()) {
    to.info = UpdateNamespaceRequest::Info{};  // emplace() would not do for clang: a class within its class.
    auto& info = *to.info;
    info.description = from.update_info().description();
    info.owner_email = from.update_info().owner_email();
    info.data.insert(from.update_info().data().begin(), from.update_info().data().end());
    info.state = from.update_info().state();
  }
  to.has_config = from.has_config();
  if (from.config().has_workflow_execution_retention_ttl()) {
    to.retention = raw(from.config().workflow_execution_retention_ttl());
  }
  return to;
}

std::optional<Request> decode_deprecate_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DeprecateNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return DeprecateNamespaceRequest{take(from.mutable_namespace_())};
}

std::optional<Request> decode_delete_namespace(const DecodeInput& input) {
  auto& from = input.scratch.make<operators::DeleteNamespaceRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  DeleteNamespaceRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.id = take(from.mutable_namespace_id());
  if (from.has_namespace_delete_delay()) to.delay = raw(from.namespace_delete_delay());
  return to;
}

std::optional<Request> decode_list_search_attributes(const DecodeInput& input) {
  auto& from = input.scratch.make<operators::ListSearchAttributesRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListSearchAttributesRequest{take(from.mutable_namespace_())};
}

std::optional<Request> decode_add_search_attributes(const DecodeInput& input) {
  auto& from = input.scratch.make<operators::AddSearchAttributesRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  AddSearchAttributesRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  for (const auto& [name, type] : from.search_attributes())
    to.attributes.emplace(name, static_cast<std::int32_t>(type));
  return to;
}

std::optional<Request> decode_remove_search_attributes(const DecodeInput& input) {
  auto& from = input.scratch.make<operators::RemoveSearchAttributesRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  RemoveSearchAttributesRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.names.assign(from.search_attributes().begin(), from.search_attributes().end());
  return to;
}

}  // namespace longbeat::server
