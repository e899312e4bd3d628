// Task queues: description, configuration, and the polls for work that never comes.
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "rpc/decode.h"
#include "rpc/decode_parts.h"

// What the protocol calls deprecated is what the command line sends.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace longbeat::server {

namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;

std::optional<Request> decode_describe_task_queue(const DecodeInput& input) {
  auto& from = input.scratch.make<service::DescribeTaskQueueRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  DescribeTaskQueueRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.task_queue = take_task_queue(from);
  to.type = from.task_queue_type();
  to.include_status = from.include_task_queue_status();
  to.report_stats = from.report_stats();
  to.report_pollers = from.report_pollers();
  to.report_config = from.report_config();
  to.enhanced = from.api_mode() == enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED;
  to.types.assign(from.task_queue_types().begin(), from.task_queue_types().end());
  return to;
}

namespace {

std::optional<UpdateTaskQueueConfigRequest::Rate> decode_rate(
    bool present, const service::UpdateTaskQueueConfigRequest::RateLimitUpdate& from) {
  if (!present) return std::nullopt;
  UpdateTaskQueueConfigRequest::Rate to;
  if (from.has_rate_limit()) to.requests_per_second = from.rate_limit().requests_per_second();
  to.reason = from.reason();
  return to;
}

}  // namespace

std::optional<Request> decode_update_task_queue_config(const DecodeInput& input) {
  auto& from = input.scratch.make<service::UpdateTaskQueueConfigRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  UpdateTaskQueueConfigRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.identity = take(from.mutable_identity());
  to.task_queue = take(from.mutable_task_queue());
  to.type = from.task_queue_type();
  to.queue_rate = decode_rate(from.has_update_queue_rate_limit(), from.update_queue_rate_limit());
  to.fairness_keys_rate_default =
      decode_rate(from.has_update_fairness_key_rate_limit_default(), from.update_fairness_key_rate_limit_default());
  to.set_weights.insert(from.set_fairness_weight_overrides().begin(), from.set_fairness_weight_overrides().end());
  to.unset_weights.assign(from.unset_fairness_weight_overrides().begin(), from.unset_fairness_weight_overrides().end());
  return to;
}

std::optional<Request> decode_list_task_queue_partitions(const DecodeInput& input) {
  auto& from = input.scratch.make<service::ListTaskQueuePartitionsRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  ListTaskQueuePartitionsRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.task_queue = take_task_queue(from);
  return to;
}

std::optional<Request> decode_poll_workflow_task(const DecodeInput& input) {
  auto& from = input.scratch.make<service::PollWorkflowTaskQueueRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  IdlePollRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.task_queue = take_task_queue(from);
  to.identity = take(from.mutable_identity());
  to.worker_instance_key = take(from.mutable_worker_instance_key());
  to.type = QueueType::kWorkflow;
  return to;
}

// A worker's control queue is polled like any Nexus queue; its kind or its name tells.
std::optional<Request> decode_poll_nexus_task(const DecodeInput& input) {
  constexpr std::string_view kControlQueues = "/temporal-sys/worker-commands/";
  auto& from = input.scratch.make<service::PollNexusTaskQueueRequest>();
  if (!parse(input.bytes, from)) return std::nullopt;
  const bool commands = from.task_queue().kind() == enums::TASK_QUEUE_KIND_WORKER_COMMANDS ||
                        std::string_view(from.task_queue().name()).starts_with(kControlQueues);
  if (commands) {
    PollCommandsRequest to;
    to.namespace_name = take(from.mutable_namespace_());
    to.control_queue = take_task_queue(from);
    to.identity = take(from.mutable_identity());
    to.worker_instance_key = take(from.mutable_worker_instance_key());
    return to;
  }
  IdlePollRequest to;
  to.namespace_name = take(from.mutable_namespace_());
  to.task_queue = take_task_queue(from);
  to.identity = take(from.mutable_identity());
  to.worker_instance_key = take(from.mutable_worker_instance_key());
  to.type = QueueType::kNexus;
  return to;
}

}  // namespace longbeat::server
