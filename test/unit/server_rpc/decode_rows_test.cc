// Every decoder is given a message in which each field tells its name or number; see filled.h.
#include <temporal/api/operatorservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "unit/server_rpc/filled.h"

using namespace longbeat::server;
using namespace longbeat::test;
namespace service = temporal::api::workflowservice::v1;
namespace operators = temporal::api::operatorservice::v1;
namespace enums = temporal::api::enums::v1;

namespace {

const std::string kService = kWorkflowService;
const std::string kOperators = kOperatorService;

/// What a filled Duration of this field means.
bool is_filled(const std::optional<RawDuration>& duration, int field_number) {
  return duration && duration->seconds == field_number && duration->nanos == 2;
}

/// All that `Message` has.
template <class Message, class Timeouts>
void check_timeouts(const Timeouts& timeouts) {
  CHECK(is_filled(timeouts.schedule_to_close, Message::kScheduleToCloseTimeoutFieldNumber));
  CHECK(is_filled(timeouts.schedule_to_start, Message::kScheduleToStartTimeoutFieldNumber));
  CHECK(is_filled(timeouts.start_to_close, Message::kStartToCloseTimeoutFieldNumber));
  CHECK(is_filled(timeouts.heartbeat, Message::kHeartbeatTimeoutFieldNumber));
  CHECK(is_filled(timeouts.start_delay, Message::kStartDelayFieldNumber));
}

void check_run(const RunRef& run) {
  CHECK(run.namespace_name == "namespace");
  CHECK(run.activity_id == "activity_id");
  CHECK(run.run_id == "run_id");
}

template <class OneRequest>
void check_command(const OneRequest& request) {
  check_run(request.run);
  CHECK(request.identity == "identity");
  CHECK(request.request_id == "request_id");
  if constexpr (requires { request.reason; }) CHECK(request.reason == "reason");
  if constexpr (requires { request.workflow_id; }) CHECK(request.workflow_id == "workflow_id");
}

void check_retry(const std::optional<StartRequest::Retry>& retry) {
  using Retry = temporal::api::common::v1::RetryPolicy;
  REQUIRE(retry);
  CHECK(is_filled(retry->initial_interval, Retry::kInitialIntervalFieldNumber));
  CHECK(retry->backoff_coefficient == 2.0);
  CHECK(is_filled(retry->maximum_interval, Retry::kMaximumIntervalFieldNumber));
  CHECK(retry->maximum_attempts == 4);
  CHECK(retry->non_retryable_error_types == std::vector<std::string>{"non_retryable_error_types"});
}

const WirePriority kFilledPriority{1, "fairness_key", 3.0F};

void check_beat(const WorkerBeat& beat) {
  CHECK(beat.instance_key == "worker_instance_key");
  CHECK(beat.identity == "worker_identity");
  CHECK(beat.host_name == "host_name");
  CHECK(beat.process_id == "process_id");
  CHECK(beat.grouping_key == "worker_grouping_key");
  CHECK(beat.task_queue == "task_queue");
  CHECK(beat.deployment_name == "deployment_name");
  CHECK(beat.build_id == "build_id");
  CHECK(beat.sdk_name == "sdk_name");
  CHECK(beat.sdk_version == "sdk_version");
  CHECK(beat.status == 1);
  using Heartbeat = temporal::api::worker::v1::WorkerHeartbeat;
  CHECK(beat.start_time == Time(filled_time(Heartbeat::kStartTimeFieldNumber)));
  CHECK(beat.heartbeat_time == Time(filled_time(Heartbeat::kHeartbeatTimeFieldNumber)));
  temporal::api::worker::v1::WorkerHeartbeat whole;
  REQUIRE(whole.ParseFromString(beat.message));
  CHECK(whole.plugins_size() == 1);
}

}  // namespace

TEST_CASE("a start request arrives whole", "[rpc][decode]") {
  const auto request =
      decoded<StartRequest, service::StartActivityExecutionRequest>(kService + "StartActivityExecution");
  CHECK(request.namespace_name == "namespace");
  CHECK(request.identity == "identity");
  CHECK(request.request_id == "request_id");
  CHECK(request.activity_id == "activity_id");
  CHECK(request.type == "name");
  CHECK(request.has_task_queue);
  CHECK(request.task_queue == "name");
  check_timeouts<service::StartActivityExecutionRequest>(request);
  check_retry(request.retry);
  CHECK(request.priority == kFilledPriority);
  CHECK(request.id_reuse_policy == 1);
  CHECK(request.id_conflict_policy == 1);
  for (const auto& bytes : {request.input, request.header, request.user_metadata, request.search_attributes}) {
    CHECK_FALSE(bytes.empty());
  }
  CHECK(request.summary_bytes > 0);
  CHECK(request.details_bytes > 0);
  REQUIRE(request.attributes.size() == 1);
  CHECK(request.attributes[0].name == "key");
  CHECK(request.attributes[0].json == "data");
  CHECK(request.links.size() == 1);
  REQUIRE(request.completion_callbacks.size() == 1);
  CHECK(request.completion_callbacks[0].is_nexus);
  CHECK(request.completion_callbacks[0].url == "url");
  CHECK(request.completion_callbacks[0].header_bytes == std::string("key"
                                                                    "value")
                                                            .size());
  CHECK_FALSE(request.completion_callbacks[0].message.empty());
  CHECK(request.has_on_conflict_options);
  CHECK(request.attach_request_id);
  CHECK(request.attach_completion_callbacks);
  CHECK(request.attach_links);
}

TEST_CASE("the type of a search attribute is in its metadata", "[rpc][decode]") {
  service::StartActivityExecutionRequest message;
  auto& value = (*message.mutable_search_attributes()->mutable_indexed_fields())["Color"];
  (*value.mutable_metadata())["type"] = "Keyword";
  value.set_data("\"red\"");
  const auto request = decoded<StartRequest>(kService + "StartActivityExecution", message);
  REQUIRE(request.attributes.size() == 1);
  CHECK(request.attributes[0].type == "Keyword");
}

TEST_CASE("questions about a run arrive whole", "[rpc][decode]") {
  check_run(decoded<PollOutcomeRequest, service::PollActivityExecutionRequest>(kService + "PollActivityExecution").run);
  const auto describe =
      decoded<DescribeRequest, service::DescribeActivityExecutionRequest>(kService + "DescribeActivityExecution");
  check_run(describe.run);
  CHECK((describe.include_input && describe.include_outcome));
  CHECK((describe.include_heartbeat_details && describe.include_last_failure));
  CHECK(describe.long_poll_token == "long_poll_token");
}

TEST_CASE("commands on one activity arrive whole", "[rpc][decode]") {
  const auto cancel = decoded<CancelRequest, service::RequestCancelActivityExecutionRequest>(
      kService + "RequestCancelActivityExecution");
  check_command(cancel);
  temporal::api::common::v1::Payloads reason;
  REQUIRE(reason.ParseFromString(cancel.reason_payloads));
  CHECK(reason.payloads(0).data() == "\"reason\"");
  check_command(
      decoded<TerminateRequest, service::TerminateActivityExecutionRequest>(kService + "TerminateActivityExecution"));
  check_run(decoded<DeleteRequest, service::DeleteActivityExecutionRequest>(kService + "DeleteActivityExecution").run);
  check_command(decoded<PauseRequest, service::PauseActivityExecutionRequest>(kService + "PauseActivityExecution"));
  const auto unpause =
      decoded<UnpauseRequest, service::UnpauseActivityExecutionRequest>(kService + "UnpauseActivityExecution");
  check_command(unpause);
  CHECK(is_filled(unpause.jitter, service::UnpauseActivityExecutionRequest::kJitterFieldNumber));
  const auto reset = decoded<ResetRequest, service::ResetActivityExecutionRequest>(kService + "ResetActivityExecution");
  check_command(reset);
  CHECK(is_filled(reset.jitter, service::ResetActivityExecutionRequest::kJitterFieldNumber));
  CHECK((reset.keep_paused && reset.restore_original_options && reset.reset_heartbeat));
}

TEST_CASE("an update of options arrives whole", "[rpc][decode]") {
  const std::string method = kService + "UpdateActivityExecutionOptions";
  const auto update = decoded<UpdateOptionsRequest, service::UpdateActivityExecutionOptionsRequest>(method);
  check_command(update);
  CHECK(update.restore_original);
  CHECK(update.update_mask == std::vector<std::string>{"paths"});
  REQUIRE(update.options);
  CHECK(update.options->task_queue == "name");
  check_timeouts<temporal::api::activity::v1::ActivityOptions>(*update.options);
  check_retry(update.options->retry);
  CHECK(update.options->priority == kFilledPriority);

  const auto bare = decoded<UpdateOptionsRequest>(method, service::UpdateActivityExecutionOptionsRequest());
  CHECK_FALSE(bare.options);
  CHECK_FALSE(bare.update_mask);
  service::UpdateActivityExecutionOptionsRequest empty_parts;
  empty_parts.mutable_activity_options();
  empty_parts.mutable_update_mask();
  const auto empty = decoded<UpdateOptionsRequest>(method, empty_parts);
  REQUIRE(empty.options);
  CHECK_FALSE((empty.options->task_queue || empty.options->retry || empty.options->priority));
  CHECK(empty.update_mask == std::vector<std::string>{});
}

TEST_CASE("a poll for activity tasks arrives whole, with its headers", "[rpc][decode]") {
  const auto poll = decoded<PollTaskRequest, service::PollActivityTaskQueueRequest>(kService + "PollActivityTaskQueue");
  CHECK(poll.namespace_name == "namespace");
  CHECK(poll.task_queue == "name");
  CHECK(poll.identity == "identity");
  CHECK(poll.sdk_name == "client-name");
  CHECK(poll.sdk_version == "client-version");
  CHECK(poll.worker_instance_key == "worker_instance_key");
  CHECK(poll.worker_control_task_queue == "worker_control_task_queue");
  CHECK(poll.max_tasks_per_second == 1.0);
  CHECK_FALSE(decoded<PollTaskRequest>(kService + "PollActivityTaskQueue", service::PollActivityTaskQueueRequest())
                  .max_tasks_per_second);
}

TEST_CASE("reports by token arrive whole", "[rpc][decode]") {
  const auto check = [](const auto& report) {
    CHECK(report.namespace_name == "namespace");
    CHECK(report.token == "task_token");
    CHECK(report.identity == "identity");
    CHECK_FALSE(report.by_id);
  };
  const auto beat =
      decoded<HeartbeatRequest, service::RecordActivityTaskHeartbeatRequest>(kService + "RecordActivityTaskHeartbeat");
  check(beat);
  CHECK_FALSE(beat.details.empty());
  const auto completed = decoded<CompletedRequest, service::RespondActivityTaskCompletedRequest>(
      kService + "RespondActivityTaskCompleted");
  check(completed);
  CHECK_FALSE(completed.result.empty());
  const auto failed =
      decoded<FailedRequest, service::RespondActivityTaskFailedRequest>(kService + "RespondActivityTaskFailed");
  check(failed);
  CHECK(failed.has_failure);
  CHECK(failed.has_last_heartbeat_details);
  CHECK_FALSE(failed.last_heartbeat_details.empty());
  const auto canceled =
      decoded<CanceledRequest, service::RespondActivityTaskCanceledRequest>(kService + "RespondActivityTaskCanceled");
  check(canceled);
  CHECK_FALSE(canceled.details.empty());
}

TEST_CASE("reports by ID arrive whole", "[rpc][decode]") {
  const auto check = [](const auto& report) {
    CHECK(report.namespace_name == "namespace");
    CHECK(report.token.empty());
    CHECK(report.identity == "identity");
    REQUIRE(report.by_id);
    CHECK(report.by_id->workflow_id == "workflow_id");
    CHECK(report.by_id->run_id == "run_id");
    CHECK(report.by_id->activity_id == "activity_id");
  };
  const auto beat = decoded<HeartbeatRequest, service::RecordActivityTaskHeartbeatByIdRequest>(
      kService + "RecordActivityTaskHeartbeatById");
  check(beat);
  CHECK_FALSE(beat.details.empty());
  const auto completed = decoded<CompletedRequest, service::RespondActivityTaskCompletedByIdRequest>(
      kService + "RespondActivityTaskCompletedById");
  check(completed);
  CHECK_FALSE(completed.result.empty());
  const auto failed =
      decoded<FailedRequest, service::RespondActivityTaskFailedByIdRequest>(kService + "RespondActivityTaskFailedById");
  check(failed);
  CHECK(failed.failure_type == "type");
  CHECK(failed.has_last_heartbeat_details);
  const auto canceled = decoded<CanceledRequest, service::RespondActivityTaskCanceledByIdRequest>(
      kService + "RespondActivityTaskCanceledById");
  check(canceled);
  CHECK_FALSE(canceled.details.empty());
}

TEST_CASE("a failure tells its kind and its delay", "[rpc][decode]") {
  service::RespondActivityTaskFailedRequest message;
  auto& failure = *message.mutable_failure();
  failure.mutable_application_failure_info()->mutable_next_retry_delay()->set_seconds(1);
  failure.mutable_cause()->mutable_server_failure_info();
  const auto request = decoded<FailedRequest>(kService + "RespondActivityTaskFailed", message);
  CHECK(request.failure_info == 5);
  REQUIRE(request.next_retry_delay);
  CHECK(request.next_retry_delay->seconds == 1);
}

TEST_CASE("a link tells its kind and what it lacks", "[rpc][decode]") {
  using Kind = LinkFacts::Kind;
  service::StartActivityExecutionRequest message;
  auto& activity = *message.add_links()->mutable_activity();
  activity.set_namespace_("n");
  activity.set_activity_id("a");
  activity.set_run_id("r");
  message.add_links()->mutable_nexus_operation()->set_operation_id("o");
  message.add_links()->mutable_batch_job();
  auto& event = *message.add_links()->mutable_workflow_event();
  event.set_run_id("r");
  event.mutable_event_ref()->set_event_id(7);
  message.add_links()->mutable_workflow()->set_workflow_id("w");
  message.add_links();
  const auto links = decoded<StartRequest>(kService + "StartActivityExecution", message).link_facts;
  REQUIRE(links.size() == 6);
  CHECK((links[0].kind == Kind::kActivity && links[0].has_namespace && links[0].has_id && links[0].has_run_id));
  CHECK((links[1].kind == Kind::kNexusOperation && !links[1].has_namespace && links[1].has_id && !links[1].has_run_id));
  CHECK((links[2].kind == Kind::kBatchJob && !links[2].has_id));
  CHECK((links[3].kind == Kind::kWorkflowEvent && links[3].has_run_id && links[3].has_number_without_type));
  CHECK((links[4].kind == Kind::kOther && links[5].kind == Kind::kOther));
}

TEST_CASE("lists and counts arrive whole", "[rpc][decode]") {
  const auto list =
      decoded<ListActivitiesRequest, service::ListActivityExecutionsRequest>(kService + "ListActivityExecutions");
  CHECK(list.namespace_name == "namespace");
  CHECK(list.query == "query");
  CHECK(list.page_token == "next_page_token");
  CHECK(list.page_size == 2);
  const auto count =
      decoded<CountActivitiesRequest, service::CountActivityExecutionsRequest>(kService + "CountActivityExecutions");
  CHECK(count.namespace_name == "namespace");
  CHECK(count.query == "query");
  CHECK(decoded<ListWorkflowsRequest, service::ListWorkflowExecutionsRequest>(kService + "ListWorkflowExecutions")
            .namespace_name == "namespace");
  CHECK(decoded<ListWorkflowsRequest, service::CountWorkflowExecutionsRequest>(kService + "CountWorkflowExecutions")
            .namespace_name == "namespace");
}

TEST_CASE("calls about namespaces arrive whole", "[rpc][decode]") {
  const std::map<std::string, std::string> data{{"key", "value"}};
  const auto describe =
      decoded<DescribeNamespaceRequest, service::DescribeNamespaceRequest>(kService + "DescribeNamespace");
  CHECK(describe.namespace_name == "namespace");
  CHECK(describe.id == "id");
  const auto created =
      decoded<RegisterNamespaceRequest, service::RegisterNamespaceRequest>(kService + "RegisterNamespace");
  CHECK(created.namespace_name == "namespace");
  CHECK(created.description == "description");
  CHECK(created.owner_email == "owner_email");
  CHECK(is_filled(created.retention, service::RegisterNamespaceRequest::kWorkflowExecutionRetentionPeriodFieldNumber));
  CHECK(created.data == data);
  CHECK(created.is_global);
  const auto list = decoded<ListNamespacesRequest, service::ListNamespacesRequest>(kService + "ListNamespaces");
  CHECK(list.page_size == 1);
  CHECK(list.page_token == "next_page_token");
  CHECK(list.include_deleted);
  const auto update = decoded<UpdateNamespaceRequest, service::UpdateNamespaceRequest>(kService + "UpdateNamespace");
  CHECK(update.namespace_name == "namespace");
  REQUIRE(update.info);
  CHECK(update.info->description == "description");
  CHECK(update.info->owner_email == "owner_email");
  CHECK(update.info->data == data);
  CHECK(update.info->state == 1);
  CHECK(update.has_config);
  CHECK(is_filled(update.retention,
                  temporal::api::namespace_::v1::NamespaceConfig::kWorkflowExecutionRetentionTtlFieldNumber));
  CHECK(decoded<DeprecateNamespaceRequest, service::DeprecateNamespaceRequest>(kService + "DeprecateNamespace")
            .namespace_name == "namespace");
  const auto removed =
      decoded<DeleteNamespaceRequest, operators::DeleteNamespaceRequest>(kOperators + "DeleteNamespace");
  CHECK(removed.namespace_name == "namespace");
  CHECK(removed.id == "namespace_id");
  CHECK(is_filled(removed.delay, operators::DeleteNamespaceRequest::kNamespaceDeleteDelayFieldNumber));
}

TEST_CASE("calls about search attributes arrive whole", "[rpc][decode]") {
  CHECK(
      decoded<ListSearchAttributesRequest, operators::ListSearchAttributesRequest>(kOperators + "ListSearchAttributes")
          .namespace_name == "namespace");
  const auto add =
      decoded<AddSearchAttributesRequest, operators::AddSearchAttributesRequest>(kOperators + "AddSearchAttributes");
  CHECK(add.namespace_name == "namespace");
  CHECK(add.attributes == std::map<std::string, std::int32_t>{{"key", 1}});
  const auto remove = decoded<RemoveSearchAttributesRequest, operators::RemoveSearchAttributesRequest>(
      kOperators + "RemoveSearchAttributes");
  CHECK(remove.namespace_name == "namespace");
  CHECK(remove.names == std::vector<std::string>{"search_attributes"});
}

TEST_CASE("calls about task queues arrive whole", "[rpc][decode]") {
  const auto describe =
      decoded<DescribeTaskQueueRequest, service::DescribeTaskQueueRequest>(kService + "DescribeTaskQueue");
  CHECK(describe.namespace_name == "namespace");
  CHECK(describe.task_queue == "name");
  CHECK(describe.type == 1);
  CHECK((describe.include_status && describe.report_stats && describe.report_pollers && describe.report_config));
  CHECK(describe.enhanced);
  CHECK(describe.types == std::vector<std::int32_t>{1});
  const auto update =
      decoded<UpdateTaskQueueConfigRequest, service::UpdateTaskQueueConfigRequest>(kService + "UpdateTaskQueueConfig");
  CHECK(update.namespace_name == "namespace");
  CHECK(update.identity == "identity");
  CHECK(update.task_queue == "task_queue");
  CHECK(update.type == 1);
  for (const auto& rate : {update.queue_rate, update.fairness_keys_rate_default}) {
    REQUIRE(rate);
    CHECK(rate->requests_per_second == 1.0F);
    CHECK(rate->reason == "reason");
  }
  CHECK(update.set_weights == std::map<std::string, float>{{"key", 2.0F}});
  CHECK(update.unset_weights == std::vector<std::string>{"unset_fairness_weight_overrides"});
  service::UpdateTaskQueueConfigRequest removal;
  removal.mutable_update_queue_rate_limit();
  const auto removed = decoded<UpdateTaskQueueConfigRequest>(kService + "UpdateTaskQueueConfig", removal);
  REQUIRE(removed.queue_rate);
  CHECK_FALSE(removed.queue_rate->requests_per_second);
  CHECK_FALSE(removed.fairness_keys_rate_default);
  const auto partitions = decoded<ListTaskQueuePartitionsRequest, service::ListTaskQueuePartitionsRequest>(
      kService + "ListTaskQueuePartitions");
  CHECK(partitions.namespace_name == "namespace");
  CHECK(partitions.task_queue == "name");
}

TEST_CASE("polls for work that never comes arrive whole", "[rpc][decode]") {
  const auto check = [](const IdlePollRequest& poll) {
    CHECK(poll.namespace_name == "namespace");
    CHECK(poll.task_queue == "name");
    CHECK(poll.identity == "identity");
    CHECK(poll.worker_instance_key == "worker_instance_key");
  };
  const auto workflow =
      decoded<IdlePollRequest, service::PollWorkflowTaskQueueRequest>(kService + "PollWorkflowTaskQueue");
  check(workflow);
  CHECK(workflow.type == QueueType::kWorkflow);
  const auto nexus = decoded<IdlePollRequest, service::PollNexusTaskQueueRequest>(kService + "PollNexusTaskQueue");
  check(nexus);
  CHECK(nexus.type == QueueType::kNexus);
}

TEST_CASE("a poll of a control queue is known by its kind or its name", "[rpc][decode]") {
  service::PollNexusTaskQueueRequest message;
  fill(message);
  const std::string method = kService + "PollNexusTaskQueue";
  SECTION("kind") {
    message.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_WORKER_COMMANDS);
  }
  SECTION("name") {
    message.mutable_task_queue()->set_name("/temporal-sys/worker-commands/default/key");
  }
  const auto poll = decoded<PollCommandsRequest>(method, message);
  CHECK(poll.namespace_name == "namespace");
  CHECK(poll.control_queue == message.task_queue().name());
  CHECK(poll.identity == "identity");
  CHECK(poll.worker_instance_key == "worker_instance_key");
}

TEST_CASE("calls of and about workers arrive whole", "[rpc][decode]") {
  const auto record =
      decoded<RecordWorkerHeartbeatRequest, service::RecordWorkerHeartbeatRequest>(kService + "RecordWorkerHeartbeat");
  CHECK(record.namespace_name == "namespace");
  CHECK(record.identity == "identity");
  REQUIRE(record.beats.size() == 1);
  check_beat(record.beats[0]);
  const auto shutdown = decoded<ShutdownWorkerRequest, service::ShutdownWorkerRequest>(kService + "ShutdownWorker");
  CHECK(shutdown.namespace_name == "namespace");
  CHECK(shutdown.sticky_task_queue == "sticky_task_queue");
  CHECK(shutdown.identity == "identity");
  CHECK(shutdown.reason == "reason");
  CHECK(shutdown.worker_instance_key == "worker_instance_key");
  CHECK(shutdown.task_queue == "task_queue");
  CHECK(shutdown.task_queue_types == std::vector<std::int32_t>{1});
  REQUIRE(shutdown.beat);
  check_beat(*shutdown.beat);
  const auto list = decoded<ListWorkersRequest, service::ListWorkersRequest>(kService + "ListWorkers");
  CHECK(list.namespace_name == "namespace");
  CHECK(list.query == "query");
  CHECK(list.page_token == "next_page_token");
  CHECK(list.page_size == 2);
  CHECK(list.include_system_workers);
  const auto count = decoded<CountWorkersRequest, service::CountWorkersRequest>(kService + "CountWorkers");
  CHECK(count.namespace_name == "namespace");
  CHECK(count.query == "query");
  CHECK(count.include_system_workers);
  const auto describe = decoded<DescribeWorkerRequest, service::DescribeWorkerRequest>(kService + "DescribeWorker");
  CHECK(describe.namespace_name == "namespace");
  CHECK(describe.worker_instance_key == "worker_instance_key");
}

TEST_CASE("a time that no clock shows becomes the nearest one", "[rpc][decode]") {
  service::RecordWorkerHeartbeatRequest message;
  message.add_worker_heartbeat()->mutable_start_time()->set_seconds(std::numeric_limits<std::int64_t>::max());
  message.add_worker_heartbeat()->mutable_start_time()->set_seconds(std::numeric_limits<std::int64_t>::min());
  const auto request = decoded<RecordWorkerHeartbeatRequest>(kService + "RecordWorkerHeartbeat", message);
  CHECK(request.beats[0].start_time > Time(std::chrono::hours(24 * 365 * 290)));
  CHECK(request.beats[1].start_time < Time(std::chrono::hours(-24 * 365 * 290)));
}

TEST_CASE("answers to commands arrive whole", "[rpc][decode]") {
  const auto check = [](const CommandsDoneRequest& done) {
    CHECK(done.namespace_name == "namespace");
    CHECK(done.identity == "identity");
    CHECK(done.token == "task_token");
  };
  const std::string method = kService + "RespondNexusTaskCompleted";
  const auto completed = decoded<CommandsDoneRequest, service::RespondNexusTaskCompletedRequest>(method);
  check(completed);
  CHECK_FALSE(completed.failed);
  service::RespondNexusTaskCompletedRequest with_failure;
  with_failure.mutable_response()->mutable_start_operation()->mutable_failure();
  CHECK(decoded<CommandsDoneRequest>(method, with_failure).failed);
  const auto failed =
      decoded<CommandsDoneRequest, service::RespondNexusTaskFailedRequest>(kService + "RespondNexusTaskFailed");
  check(failed);
  CHECK(failed.failed);
}
