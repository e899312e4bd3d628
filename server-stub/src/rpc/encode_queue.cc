#include <temporal/api/nexusservices/workerservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/encode.h"

// What the protocol calls deprecated is what the command line reads.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace queues = temporal::api::taskqueue::v1;
namespace enums = temporal::api::enums::v1;

namespace {

void encode_poller(const PollerSeen& from, queues::PollerInfo& to) {
  to.set_identity(from.identity);
  assign(*to.mutable_last_access_time(), from.last_access_time);
  to.set_rate_per_second(from.rate_per_second);
}

void encode_stats(const QueueStats& from, queues::TaskQueueStats& to) {
  to.set_approximate_backlog_count(from.backlog_count);
  assign(*to.mutable_approximate_backlog_age(), from.backlog_age);
  to.set_tasks_add_rate(from.add_rate);
  to.set_tasks_dispatch_rate(from.dispatch_rate);
  to.set_rate_limiting_active(from.rate_limiting_active);
}

void encode_rate(const RateSetting& from, queues::RateLimitConfig& to) {
  if (from.requests_per_second) to.mutable_rate_limit()->set_requests_per_second(*from.requests_per_second);
  auto& metadata = *to.mutable_metadata();
  metadata.set_reason(from.reason);
  metadata.set_update_identity(from.identity);
  if (is_set(from.update_time)) assign(*metadata.mutable_update_time(), from.update_time);
}

void encode_config(const QueueConfig& from, queues::TaskQueueConfig& to) {
  if (from.queue_rate) encode_rate(*from.queue_rate, *to.mutable_queue_rate_limit());
  if (from.fairness_keys_rate_default) {
    encode_rate(*from.fairness_keys_rate_default, *to.mutable_fairness_keys_rate_limit_default());
  }
  for (const auto& [key, weight] : from.weight_overrides) (*to.mutable_fairness_weight_overrides())[key] = weight;
}

/// The deprecated form that the command line reads: everything below the unversioned build, by type of queue. Only
/// activity queues have anything to tell.
void encode_by_type(const DescribeTaskQueueReply& from, service::DescribeTaskQueueResponse& to) {
  const std::vector<std::int32_t> all{enums::TASK_QUEUE_TYPE_WORKFLOW, enums::TASK_QUEUE_TYPE_ACTIVITY};
  auto& types = *(*to.mutable_versions_info())[""].mutable_types_info();
  for (const std::int32_t type : from.asked.types.empty() ? all : from.asked.types) {
    auto& info = types[type];
    const bool known = type == enums::TASK_QUEUE_TYPE_ACTIVITY;
    if (known && from.asked.report_pollers) {
      for (const PollerSeen& poller : from.report.pollers) encode_poller(poller, *info.add_pollers());
    }
    if (from.asked.report_stats) encode_stats(known ? from.report.stats : QueueStats{}, *info.mutable_stats());
  }
}

}  // namespace

grpc::ByteBuffer encode_describe_task_queue(const EncodeInput& input) {
  const auto& from = std::get<DescribeTaskQueueReply>(input.reply);
  const QueueReport& report = from.report;
  auto& to = input.scratch.make<service::DescribeTaskQueueResponse>();
  if (from.asked.enhanced) {
    encode_by_type(from, to);
  } else {
    for (const PollerSeen& poller : report.pollers) encode_poller(poller, *to.add_pollers());
  }
  if (from.asked.include_status) {
    auto& status = *to.mutable_task_queue_status();
    status.set_backlog_count_hint(report.stats.backlog_count);
    if (report.source != RateSource::kNone) status.set_rate_per_second(static_cast<double>(report.effective_rate));
    status.mutable_task_id_block();
  }
  if (from.asked.report_stats) {
    encode_stats(report.stats, *to.mutable_stats());
    for (const auto& [key, stats] : report.by_priority) {
      encode_stats(stats, (*to.mutable_stats_by_priority_key())[key]);
    }
  }
  if (from.asked.report_config) encode_config(report.config, *to.mutable_config());
  if (report.source != RateSource::kNone) {
    auto& limit = *to.mutable_effective_rate_limit();
    limit.set_requests_per_second(report.effective_rate);
    limit.set_rate_limit_source(static_cast<enums::RateLimitSource>(report.source));
  }
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_update_task_queue_config(const EncodeInput& input) {
  auto& to = input.scratch.make<service::UpdateTaskQueueConfigResponse>();
  encode_config(std::get<TaskQueueConfigReply>(input.reply).config, *to.mutable_config());
  return to_byte_buffer(to);
}

// A queue is one partition here, named like itself.
grpc::ByteBuffer encode_list_task_queue_partitions(const EncodeInput& input) {
  const auto& name = std::get<ListTaskQueuePartitionsReply>(input.reply).task_queue;
  auto& to = input.scratch.make<service::ListTaskQueuePartitionsResponse>();
  to.add_activity_task_queue_partitions()->set_key(name);
  to.add_workflow_task_queue_partitions()->set_key(name);
  return to_byte_buffer(to);
}

grpc::ByteBuffer encode_poll_workflow_task(const EncodeInput& input) {
  return to_byte_buffer(input.scratch.make<service::PollWorkflowTaskQueueResponse>());
}

namespace {

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// The Nexus operation by which a worker is told to cancel activities.
void encode_commands(const CommandsReply& from, Scratch& scratch, service::PollNexusTaskQueueResponse& to) {
  auto& commands = scratch.make<temporal::api::nexusservices::workerservice::v1::ExecuteCommandsRequest>();
  for (const std::string& token : from.canceled_task_tokens) {
    commands.add_commands()->mutable_cancel_activity()->set_task_token(token);
  }
  to.set_task_token(from.token);
  auto& request = *to.mutable_request();
  (*request.mutable_header())["request-timeout"] = "10s";  // No answer later than that is waited for.
  assign(*request.mutable_scheduled_time(), from.scheduled_time);
  request.mutable_capabilities();
  auto& operation = *request.mutable_start_operation();
  operation.set_service("temporal.api.nexusservices.workerservice.v1.WorkerService");
  operation.set_operation("ExecuteCommands");
  operation.set_request_id(hex(from.token));
  auto& payload = *operation.mutable_payload();
  (*payload.mutable_metadata())["encoding"] = "binary/protobuf";
  (*payload.mutable_metadata())["messageType"] = "temporal.api.nexusservices.workerservice.v1.ExecuteCommandsRequest";
  payload.set_data(to_bytes(commands));
}

}  // namespace

grpc::ByteBuffer encode_poll_nexus_task(const EncodeInput& input) {
  auto& to = input.scratch.make<service::PollNexusTaskQueueResponse>();
  const auto* commands = std::get_if<CommandsReply>(&input.reply);  // Otherwise an ordinary queue, which stays idle.
  if (commands != nullptr && !commands->token.empty()) encode_commands(*commands, input.scratch, to);
  return to_byte_buffer(to);
}

}  // namespace longbeat::server
