// Lists and counts of activities, and of the workflows that are not here.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

std::optional<Request> decode_list_activities(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ListActivityExecutionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListActivitiesRequest{take(from.mutable_namespace_()), take(from.mutable_query()),
                               take(from.mutable_next_page_token()), from.page_size()};
}

std::optional<Request> decode_count_activities(const DecodeInput& input) {
  auto& from = input.scratch.make<service::CountActivityExecutionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return CountActivitiesRequest{take(from.mutable_namespace_()), take(from.mutable_query())};
}

std::optional<Request> decode_list_workflows(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ListWorkflowExecutionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListWorkflowsRequest{take(from.mutable_namespace_())};
}

std::optional<Request> decode_count_workflows(const DecodeInput& input) {
  auto& from = input.scratch.make<service::CountWorkflowExecutionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return ListWorkflowsRequest{take(from.mutable_namespace_())};
}

}  // namespace longbeat::server
