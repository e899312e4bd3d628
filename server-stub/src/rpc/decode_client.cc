#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <algorithm>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"
#include "rpc/json_text.h"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;

namespace {

void decode_attributes(const temporal::api::common::v1::SearchAttributes& from, std::vector<WireAttribute>& to) {
  for (const auto& [name, payload] : from.indexed_fields()) {
    const auto type = payload.metadata().find("type");
    to.push_back({name, type == payload.metadata().end() ? std::string() : type->second, payload.data()});
  }
  std::ranges::sort(to, {},
                    &WireAttribute::name);  // A map has no order; the first refusal should not depend on chance.
}

WireCallback decode_callback(const temporal::api::common::v1::Callback& from) {
  WireCallback to{from.has_nexus(), from.nexus().url(), 0, to_bytes(from)};
  for (const auto& [name, value] : from.nexus().header()) to.header_bytes += name.size() + value.size();
  return to;
}

LinkFacts facts_of(const temporal::api::common::v1::Link& link) {
  using Kind = LinkFacts::Kind;
  const auto about = [](Kind kind, const auto& one, const std::string& id) {
    return LinkFacts{kind, !one.namespace_().empty(), !id.empty(), !one.run_id().empty()};
  };
  if (link.has_batch_job()) return {.kind = Kind::kBatchJob, .has_id = !link.batch_job().job_id().empty()};
  if (link.has_activity()) return about(Kind::kActivity, link.activity(), link.activity().activity_id());
  if (link.has_nexus_operation()) {
    return about(Kind::kNexusOperation, link.nexus_operation(), link.nexus_operation().operation_id());
  }
  if (!link.has_workflow_event()) return {};
  LinkFacts facts = about(Kind::kWorkflowEvent, link.workflow_event(), link.workflow_event().workflow_id());
  const auto& event = link.workflow_event().event_ref();
  facts.has_number_without_type =
      event.event_id() != 0 && event.event_type() == temporal::api::enums::v1::EVENT_TYPE_UNSPECIFIED;
  return facts;
}

}  // namespace

std::optional<Request> decode_start(const DecodeInput& input) {
  auto& from = input.scratch.make<service::StartActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  StartRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.request_id = take(from.mutable_request_id());
  to.activity_id = take(from.mutable_activity_id());
  if (from.has_activity_type()) to.type = take(from.mutable_activity_type()->mutable_name());
  to.has_task_queue = from.has_task_queue();
  if (to.has_task_queue) to.task_queue = take(from.mutable_task_queue()->mutable_name());
  if (from.has_schedule_to_close_timeout()) to.schedule_to_close = raw(from.schedule_to_close_timeout());
  if (from.has_schedule_to_start_timeout()) to.schedule_to_start = raw(from.schedule_to_start_timeout());
  if (from.has_start_to_close_timeout()) to.start_to_close = raw(from.start_to_close_timeout());
  if (from.has_heartbeat_timeout()) to.heartbeat = raw(from.heartbeat_timeout());
  if (from.has_start_delay()) to.start_delay = raw(from.start_delay());
  if (from.has_retry_policy()) to.retry = decode_retry(from.retry_policy());
  if (from.has_priority()) to.priority = decode_priority(from.priority());
  to.id_reuse_policy = from.id_reuse_policy();
  to.id_conflict_policy = from.id_conflict_policy();
  if (from.has_input()) to.input = to_bytes(from.input());
  if (from.has_header()) to.header = to_bytes(from.header());
  if (from.has_user_metadata()) {
    to.user_metadata = to_bytes(from.user_metadata());
    to.summary_bytes = from.user_metadata().summary().ByteSizeLong();
    to.details_bytes = from.user_metadata().details().ByteSizeLong();
  }
  if (from.has_search_attributes()) {
    to.search_attributes = to_bytes(from.search_attributes());
    decode_attributes(from.search_attributes(), to.attributes);
  }
  to.links.reserve(static_cast<std::size_t>(from.links_size()));
  to.link_facts.reserve(static_cast<std::size_t>(from.links_size()));
  for (const auto& link : from.links()) {
    to.links.push_back(to_bytes(link));
    to.link_facts.push_back(facts_of(link));
  }
  for (const auto& callback : from.completion_callbacks()) to.completion_callbacks.push_back(decode_callback(callback));
  to.has_on_conflict_options = from.has_on_conflict_options();
  to.attach_request_id = from.on_conflict_options().attach_request_id();
  to.attach_completion_callbacks = from.on_conflict_options().attach_completion_callbacks();
  to.attach_links = from.on_conflict_options().attach_links();
  return to;
}

std::optional<Request> decode_poll_outcome(const DecodeInput& input) {
  auto& from = input.scratch.make<service::PollActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  return PollOutcomeRequest{take_run(from)};
}

std::optional<Request> decode_describe(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  DescribeRequest to;
  to.run = take_run(from);
  to.include_input = from.include_input();
  to.include_outcome = from.include_outcome();
  to.include_heartbeat_details = from.include_heartbeat_details();
  to.include_last_failure = from.include_last_failure();
  to.long_poll_token = take(from.mutable_long_poll_token());
  return to;
}

std::optional<Request> decode_cancel(const DecodeInput& input) {
  auto& from = input.scratch.make<service::RequestCancelActivityExecutionRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  CancelRequest to;
  take_operation(from, to);
  auto& payloads = input.scratch.make<temporal::api::common::v1::Payloads>();
  auto& reason = *payloads.add_payloads();
  (*reason.mutable_metadata())["encoding"] = "json/plain";
  reason.set_data(json_quoted(to.reason));
  to.reason_payloads = to_bytes(payloads);
  return to;
}

}  // namespace longbeat::server
