#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"
#include "rpc/json_text.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
using temporal::api::activity::v1::ActivityExecutionListInfo;

namespace {

void encode_row(const ActivityRow& from, ActivityExecutionListInfo& to) {
  to.set_activity_id(from.activity_id);
  to.set_run_id(from.run_id);
  to.mutable_activity_type()->set_name(from.type);
  to.set_task_queue(from.task_queue);
  to.set_status(static_cast<temporal::api::enums::v1::ActivityExecutionStatus>(from.status));
  assign(*to.mutable_schedule_time(), from.start_time);
  assign(*to.mutable_execution_time(), from.execution_time);
  if (from.close_time) {
    assign(*to.mutable_close_time(), *from.close_time);
    assign(*to.mutable_execution_duration(), *from.close_time - from.start_time);
  }
  // Present even when empty: the Go SDK dereferences it.
  restore(from.search_attributes, *to.mutable_search_attributes());
  to.set_state_transition_count(from.state_transition_count);
  to.set_state_size_bytes(from.state_size_bytes);
}

}  // namespace

grpc::ByteBuffer encode_list_activities(const EncodeInput& input) {
  const ActivityPage& from = std::get<ListActivitiesReply>(input.reply).page;
  auto& to = input.scratch.make<service::ListActivityExecutionsResponse>();
  for (const ActivityRow& row : from.rows) encode_row(row, *to.add_executions());
  to.set_next_page_token(from.next_page_token);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_count_activities(const EncodeInput& input) {
  const ActivityCount& from = std::get<CountActivitiesReply>(input.reply).count;
  auto& to = input.scratch.make<service::CountActivityExecutionsResponse>();
  to.set_count(from.count);
  for (const auto& [status, count] : from.groups) {
    auto& group = *to.add_groups();
    auto& value = *group.add_group_values();
    (*value.mutable_metadata())["encoding"] = "json/plain";
    (*value.mutable_metadata())["type"] = "Keyword";
    value.set_data(json_quoted(status));
    group.set_count(count);
  }
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_list_workflows(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::ListWorkflowExecutionsResponse>());
}

grpc::ByteBuffer encode_count_workflows(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::CountWorkflowExecutionsResponse>());
}

}  // namespace longbeat::server
