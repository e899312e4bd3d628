#include <variant>

#include "rpc/convert_common.h"

namespace longbeat::internal {
namespace {

namespace enums_pb = temporal::api::enums::v1;

void put(const WorkflowEventLink& from, common_pb::Link& link) {
  auto& to = *link.mutable_workflow_event();
  to.set_namespace_(from.namespace_name);
  to.set_workflow_id(from.workflow_id);
  to.set_run_id(from.run_id);
  const auto type = static_cast<enums_pb::EventType>(from.event_type);
  if (from.event_id) {
    to.mutable_event_ref()->set_event_id(*from.event_id);
    to.mutable_event_ref()->set_event_type(type);
  } else {
    to.mutable_request_id_ref()->set_request_id(from.request_id);
    to.mutable_request_id_ref()->set_event_type(type);
  }
}

void put(const BatchJobLink& from, common_pb::Link& link) {
  link.mutable_batch_job()->set_job_id(from.job_id);
}

void put(const ActivityLink& from, common_pb::Link& link) {
  auto& to = *link.mutable_activity();
  to.set_namespace_(from.namespace_name);
  to.set_activity_id(from.activity_id);
  to.set_run_id(from.run_id);
}

void put(const NexusOperationLink& from, common_pb::Link& link) {
  auto& to = *link.mutable_nexus_operation();
  to.set_namespace_(from.namespace_name);
  to.set_operation_id(from.operation_id);
  to.set_run_id(from.run_id);
}

void put(const WorkflowLink& from, common_pb::Link& link) {
  auto& to = *link.mutable_workflow();
  to.set_namespace_(from.namespace_name);
  to.set_workflow_id(from.workflow_id);
  to.set_run_id(from.run_id);
  to.set_reason(from.reason);
}

/// What was read as an unknown kind has no content to send.
void put(const std::monostate&, common_pb::Link&) {}

WorkflowEventLink event_link(const common_pb::Link::WorkflowEvent& from) {
  WorkflowEventLink to{from.namespace_(), from.workflow_id(), from.run_id(), 0, {}, {}};
  if (from.has_event_ref()) {
    to.event_id = from.event_ref().event_id();
    to.event_type = static_cast<std::int32_t>(from.event_ref().event_type());
  } else if (from.has_request_id_ref()) {
    to.request_id = from.request_id_ref().request_id();
    to.event_type = static_cast<std::int32_t>(from.request_id_ref().event_type());
  }
  return to;
}

}  // namespace

void to_proto(const LinkFields& link, common_pb::Link& to) {
  std::visit([&to](const auto& kind) { put(kind, to); }, link);
}

LinkFields from_proto(const common_pb::Link& link) {
  switch (link.variant_case()) {
    case common_pb::Link::kWorkflowEvent:
      return event_link(link.workflow_event());
    case common_pb::Link::kBatchJob:
      return BatchJobLink{link.batch_job().job_id()};
    case common_pb::Link::kActivity:
      return ActivityLink{link.activity().namespace_(), link.activity().activity_id(), link.activity().run_id()};
    case common_pb::Link::kNexusOperation: {
      const auto& from = link.nexus_operation();
      return NexusOperationLink{from.namespace_(), from.operation_id(), from.run_id()};
    }
    case common_pb::Link::kWorkflow: {
      const auto& from = link.workflow();
      return WorkflowLink{from.namespace_(), from.workflow_id(), from.run_id(), from.reason()};
    }
    case common_pb::Link::VARIANT_NOT_SET:
      break;
  }
  return std::monostate();
}

void to_proto(const CallbackFields& callback, common_pb::Callback& to) {
  to.mutable_nexus()->set_url(callback.url);
  for (const auto& [name, value] : callback.header) (*to.mutable_nexus()->mutable_header())[name] = value;
  for (const auto& link : callback.links) to_proto(link, *to.add_links());
}

CallbackFields from_proto(const common_pb::Callback& callback) {
  CallbackFields fields{callback.nexus().url(), from_proto(callback.nexus().header()), {}};
  for (const auto& link : callback.links()) fields.links.push_back(from_proto(link));
  return fields;
}

}  // namespace longbeat::internal
