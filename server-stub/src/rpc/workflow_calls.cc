// The older commands for activities of workflows. There are no workflows here.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "request/validate.h"
#include "rpc/dispatch_table.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

namespace {

template <class Message>
StatusOr<grpc::ByteBuffer> refuse(const LocalInput& input) {
  auto& from = input.scratch.make<Message>();
  if (!parse(input.bytes, from)) {
    return internal::internal_error("the request is not a " + std::string(Message::descriptor()->name()));
  }
  if (from.namespace_().empty()) return internal::invalid_argument("Namespace is empty.");
  if (const auto valid = validate_namespace(from.namespace_()); !valid) return valid.error();
  const std::string& workflow_id = from.execution().workflow_id();
  if (workflow_id.empty()) return internal::invalid_argument("WorkflowId is not set on request.");
  return not_found_workflow(workflow_id);
}

}  // namespace

StatusOr<grpc::ByteBuffer> pause_of_workflow(const LocalInput& input) {
  return refuse<service::PauseActivityRequest>(input);
}

StatusOr<grpc::ByteBuffer> unpause_of_workflow(const LocalInput& input) {
  return refuse<service::UnpauseActivityRequest>(input);
}

StatusOr<grpc::ByteBuffer> reset_of_workflow(const LocalInput& input) {
  return refuse<service::ResetActivityRequest>(input);
}

StatusOr<grpc::ByteBuffer> update_options_of_workflow(const LocalInput& input) {
  return refuse<service::UpdateActivityOptionsRequest>(input);
}

}  // namespace longbeat::server
