// Lists, namespaces, queues and workers: every encoder is given a reply with all its parts, and the message it makes is
// read again.
#include <temporal/api/nexusservices/workerservice/v1/request_response.pb.h>
#include <temporal/api/operatorservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include "unit/server_rpc/filled.h"

// Older clients read what the protocol calls deprecated.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

using namespace longbeat::server;
using namespace longbeat::test;
using namespace std::chrono_literals;
namespace service = temporal::api::workflowservice::v1;
namespace operators = temporal::api::operatorservice::v1;
namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;

namespace {

const std::string kService = kWorkflowService;
const std::string kOperators = kOperatorService;
const Time kNow(std::chrono::seconds(1'000'000));

template <class Message>
std::string filled_bytes() {
  Message message;
  fill(message);
  return message.SerializeAsString();
}

WorkerBeat worker_beat() {
  WorkerBeat beat;
  beat.message = filled_bytes<temporal::api::worker::v1::WorkerHeartbeat>();
  return beat;
}

NamespaceReply namespace_reply() {
  NamespaceReply reply;
  reply.space.name = "orders";
  reply.space.retention = 72h;
  reply.space.description = "what was ordered";
  reply.space.owner_email = "o@example.com";
  reply.space.data = {{"team", "billing"}};
  reply.space.state = NamespaceState::kDeprecated;
  return reply;
}

template <class Message>
void check_namespace(const Message& answer) {
  const auto& info = answer.namespace_info();
  CHECK(info.name() == "orders");
  CHECK(info.id().size() == 36);
  CHECK(info.state() == enums::NAMESPACE_STATE_DEPRECATED);
  CHECK(info.description() == "what was ordered");
  CHECK(info.owner_email() == "o@example.com");
  CHECK(info.data().at("team") == "billing");
  CHECK(info.limits().blob_size_limit_error() == 2 * 1024 * 1024);
  CHECK(answer.config().workflow_execution_retention_ttl().seconds() == 72 * 3600);
  CHECK(answer.replication_config().active_cluster_name() == "active");
}

}  // namespace

TEST_CASE("an answer without fields has no bytes", "[rpc][encode]") {
  for (const char* name :
       {"RespondActivityTaskCompleted", "RespondActivityTaskCanceled", "RespondActivityTaskCompletedById",
        "RespondActivityTaskCanceledById", "RequestCancelActivityExecution", "TerminateActivityExecution",
        "DeleteActivityExecution", "PauseActivityExecution", "UnpauseActivityExecution", "ResetActivityExecution",
        "RegisterNamespace", "DeprecateNamespace", "RecordWorkerHeartbeat", "ShutdownWorker",
        "RespondNexusTaskCompleted", "RespondNexusTaskFailed"}) {
    CAPTURE(name);
    CHECK(encoded<service::PauseActivityExecutionResponse>(kService + name, DoneReply{}).ByteSizeLong() == 0);
  }
  for (const char* name : {"AddSearchAttributes", "RemoveSearchAttributes"}) {
    CHECK(encoded<operators::AddSearchAttributesResponse>(kOperators + name, DoneReply{}).ByteSizeLong() == 0);
  }
  CHECK(encoded<service::ListWorkflowExecutionsResponse>(kService + "ListWorkflowExecutions", ListWorkflowsReply{})
            .ByteSizeLong() == 0);
  CHECK(encoded<service::CountWorkflowExecutionsResponse>(kService + "CountWorkflowExecutions", ListWorkflowsReply{})
            .count() == 0);
  for (const char* name : {"PollWorkflowTaskQueue", "PollNexusTaskQueue"}) {
    CHECK(encoded<service::PollNexusTaskQueueResponse>(kService + name, IdlePollReply{}).ByteSizeLong() == 0);
  }
  CHECK(encoded<service::PollNexusTaskQueueResponse>(kService + "PollNexusTaskQueue", CommandsReply{}).ByteSizeLong() ==
        0);
}

TEST_CASE("a page of activities goes out whole", "[rpc][encode]") {
  ActivityRow row;
  row.activity_id = "order-7";
  row.run_id = "run-1";
  row.type = "charge";
  row.task_queue = "billing";
  row.status = 2;
  row.start_time = kNow;
  row.execution_time = kNow + 5s;
  row.close_time = kNow + 9s;
  row.state_transition_count = 3;
  row.state_size_bytes = 400;
  row.search_attributes = filled_bytes<common::SearchAttributes>();
  ActivityRow open;
  open.start_time = kNow;
  const auto answer = encoded<service::ListActivityExecutionsResponse>(kService + "ListActivityExecutions",
                                                                       ListActivitiesReply{{{row, open}, "next"}});
  CHECK(answer.next_page_token() == "next");
  REQUIRE(answer.executions_size() == 2);
  const auto& item = answer.executions(0);
  CHECK(item.activity_id() == "order-7");
  CHECK(item.run_id() == "run-1");
  CHECK(item.activity_type().name() == "charge");
  CHECK(item.task_queue() == "billing");
  CHECK(item.status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  CHECK(item.schedule_time().seconds() == 1'000'000);
  CHECK(item.execution_time().seconds() == 1'000'005);
  CHECK(item.close_time().seconds() == 1'000'009);
  CHECK(item.execution_duration().seconds() == 9);
  CHECK(item.state_transition_count() == 3);
  CHECK(item.state_size_bytes() == 400);
  CHECK(item.search_attributes().indexed_fields_size() == 1);
  CHECK_FALSE((answer.executions(1).has_close_time() || answer.executions(1).has_execution_duration()));
  CHECK((answer.executions(1).has_search_attributes() && answer.executions(1).has_activity_type()));
}

TEST_CASE("groups of a count carry the status as a keyword", "[rpc][encode]") {
  const auto answer = encoded<service::CountActivityExecutionsResponse>(
      kService + "CountActivityExecutions", CountActivitiesReply{{5, {{"Running", 3}, {"Failed", 2}}}});
  CHECK(answer.count() == 5);
  REQUIRE(answer.groups_size() == 2);
  CHECK(answer.groups(0).count() == 3);
  const auto& value = answer.groups(0).group_values(0);
  CHECK(value.data() == "\"Running\"");
  CHECK(value.metadata().at("encoding") == "json/plain");
  CHECK(value.metadata().at("type") == "Keyword");
}

TEST_CASE("a namespace goes out whole, described, listed or updated", "[rpc][encode]") {
  const auto reply = namespace_reply();
  check_namespace(encoded<service::DescribeNamespaceResponse>(kService + "DescribeNamespace", reply));
  check_namespace(encoded<service::UpdateNamespaceResponse>(kService + "UpdateNamespace", reply));
  const auto list = encoded<service::ListNamespacesResponse>(kService + "ListNamespaces",
                                                             ListNamespacesReply{{reply, reply}, "next"});
  CHECK(list.next_page_token() == "next");
  REQUIRE(list.namespaces_size() == 2);
  check_namespace(list.namespaces(1));
  CHECK(encoded<operators::DeleteNamespaceResponse>(kOperators + "DeleteNamespace", DeleteNamespaceReply{"orders-gone"})
            .deleted_namespace() == "orders-gone");
}

TEST_CASE("a namespace announces what works in it", "[rpc][encode]") {
  auto reply = namespace_reply();
  reply.limits.operator_commands = GENERATE(true, false);
  reply.limits.worker_commands = GENERATE(true, false);
  const auto answer = encoded<service::DescribeNamespaceResponse>(kService + "DescribeNamespace", reply);
  const auto& can = answer.namespace_info().capabilities();
  CHECK((can.standalone_activities() && can.standalone_activity_start_delay()));
  CHECK((can.worker_heartbeats() && can.worker_poll_complete_on_shutdown() && can.poller_autoscaling()));
  CHECK(can.standalone_activity_operator_commands() == reply.limits.operator_commands);
  CHECK(can.worker_commands() == reply.limits.worker_commands);
  CHECK_FALSE((can.eager_workflow_start() || can.sync_update() || can.async_update() || can.workflow_pause()));
  CHECK_FALSE((can.standalone_activity_batch_operations() || can.standalone_nexus_operation()));
}

TEST_CASE("search attributes are the system's and the registered ones", "[rpc][encode]") {
  const auto answer = encoded<operators::ListSearchAttributesResponse>(kOperators + "ListSearchAttributes",
                                                                       SearchAttributesReply{{{"Color", 2}}});
  CHECK(answer.custom_attributes().size() == 1);
  CHECK(answer.custom_attributes().at("Color") == enums::INDEXED_VALUE_TYPE_KEYWORD);
  for (const char* name : {"ActivityId", "RunId", "ActivityType", "ExecutionStatus", "TaskQueue"}) {
    CHECK(answer.system_attributes().at(name) == enums::INDEXED_VALUE_TYPE_KEYWORD);
  }
  for (const char* name : {"StartTime", "ExecutionTime", "CloseTime"}) {
    CHECK(answer.system_attributes().at(name) == enums::INDEXED_VALUE_TYPE_DATETIME);
  }
  for (const char* name : {"ExecutionDuration", "StateTransitionCount", "HistorySizeBytes"}) {
    CHECK(answer.system_attributes().at(name) == enums::INDEXED_VALUE_TYPE_INT);
  }
}

TEST_CASE("a task queue is described as asked", "[rpc][encode]") {
  const std::string method = kService + "DescribeTaskQueue";
  DescribeTaskQueueReply reply;
  reply.report.pollers = {{"worker", kNow, 10.0}};
  reply.report.stats = {7, 3s, 1.5F, 2.5F, true};
  reply.report.by_priority = {{3, {4, 1s, 0, 0, false}}};
  reply.report.config.queue_rate = RateSetting{5.0F, "calm down", "operator", kNow};
  reply.report.config.fairness_keys_rate_default = RateSetting{std::nullopt, "", "operator", {}};
  reply.report.config.weight_overrides = {{"blue", 2.0F}};
  reply.report.effective_rate = 5.0F;
  reply.report.source = RateSource::kApi;
  SECTION("pollers and the rate limit always") {
    const auto answer = encoded<service::DescribeTaskQueueResponse>(method, reply);
    REQUIRE(answer.pollers_size() == 1);
    CHECK(answer.pollers(0).identity() == "worker");
    CHECK(answer.pollers(0).last_access_time().seconds() == 1'000'000);
    CHECK(answer.pollers(0).rate_per_second() == 10.0);
    CHECK(answer.effective_rate_limit().requests_per_second() == 5.0F);
    CHECK(answer.effective_rate_limit().rate_limit_source() == enums::RATE_LIMIT_SOURCE_API);
    CHECK_FALSE((answer.has_stats() || answer.has_config() || answer.has_task_queue_status()));
  }
  SECTION("with stats, config and status") {
    reply.asked.report_stats = reply.asked.report_config = reply.asked.include_status = true;
    const auto answer = encoded<service::DescribeTaskQueueResponse>(method, reply);
    CHECK(answer.stats().approximate_backlog_count() == 7);
    CHECK(answer.stats().approximate_backlog_age().seconds() == 3);
    CHECK(answer.stats().tasks_add_rate() == 1.5F);
    CHECK(answer.stats().tasks_dispatch_rate() == 2.5F);
    CHECK(answer.stats().rate_limiting_active());
    CHECK(answer.stats_by_priority_key().at(3).approximate_backlog_count() == 4);
    const auto& rate = answer.config().queue_rate_limit();
    CHECK(rate.rate_limit().requests_per_second() == 5.0F);
    CHECK(rate.metadata().reason() == "calm down");
    CHECK(rate.metadata().update_identity() == "operator");
    CHECK(rate.metadata().update_time().seconds() == 1'000'000);
    CHECK(answer.config().has_fairness_keys_rate_limit_default());
    CHECK_FALSE(answer.config().fairness_keys_rate_limit_default().has_rate_limit());
    CHECK(answer.config().fairness_weight_overrides().at("blue") == 2.0F);
    CHECK(answer.task_queue_status().backlog_count_hint() == 7);
    CHECK(answer.task_queue_status().has_task_id_block());
  }
  SECTION("by type, for the command line") {
    reply.asked.enhanced = reply.asked.report_pollers = reply.asked.report_stats = true;
    reply.asked.types = {1, 2, 3};
    const auto answer = encoded<service::DescribeTaskQueueResponse>(method, reply);
    const auto& types = answer.versions_info().at("").types_info();
    REQUIRE(types.size() == 3);
    CHECK(types.at(2).pollers(0).identity() == "worker");
    CHECK(types.at(2).stats().approximate_backlog_count() == 7);
    CHECK(types.at(1).pollers_size() == 0);
    CHECK(types.at(1).has_stats());
    CHECK(types.at(3).stats().approximate_backlog_count() == 0);
  }
}

TEST_CASE("a changed configuration of a task queue goes out whole", "[rpc][encode]") {
  TaskQueueConfigReply reply;
  reply.config.queue_rate = RateSetting{5.0F, "", "", {}};
  CHECK(encoded<service::UpdateTaskQueueConfigResponse>(kService + "UpdateTaskQueueConfig", reply)
            .config()
            .queue_rate_limit()
            .rate_limit()
            .requests_per_second() == 5.0F);
}

TEST_CASE("a task queue has one partition of each type", "[rpc][encode]") {
  const auto answer = encoded<service::ListTaskQueuePartitionsResponse>(kService + "ListTaskQueuePartitions",
                                                                        ListTaskQueuePartitionsReply{"billing"});
  REQUIRE(answer.activity_task_queue_partitions_size() == 1);
  CHECK(answer.activity_task_queue_partitions(0).key() == "billing");
  CHECK(answer.workflow_task_queue_partitions_size() == 1);
}

TEST_CASE("workers are listed whole and in short", "[rpc][encode]") {
  const auto list =
      encoded<service::ListWorkersResponse>(kService + "ListWorkers", ListWorkersReply{{worker_beat()}, "next"});
  CHECK(list.next_page_token() == "next");
  REQUIRE(list.workers_info_size() == 1);
  CHECK(list.workers_info(0).worker_heartbeat().SerializeAsString().size() == worker_beat().message.size());
  REQUIRE(list.workers_size() == 1);
  temporal::api::worker::v1::WorkerListInfo expected;
  fill(expected);
  auto summary = list.workers(0);
  CHECK(summary.worker_instance_key() == expected.worker_instance_key());
  CHECK(summary.worker_identity() == expected.worker_identity());
  CHECK(summary.task_queue() == expected.task_queue());
  CHECK(summary.deployment_version().build_id() == expected.deployment_version().build_id());
  CHECK(summary.sdk_name() == expected.sdk_name());
  CHECK(summary.sdk_version() == expected.sdk_version());
  CHECK(summary.status() == expected.status());
  CHECK(summary.start_time().nanos() == expected.start_time().nanos());
  CHECK(summary.host_name() == expected.host_name());
  CHECK(summary.worker_grouping_key() == expected.worker_grouping_key());
  CHECK(summary.process_id() == expected.process_id());
  CHECK((summary.plugins_size() == 1 && summary.drivers_size() == 1));
  CHECK(encoded<service::CountWorkersResponse>(kService + "CountWorkers", CountWorkersReply{4}).count() == 4);
  CHECK(encoded<service::DescribeWorkerResponse>(kService + "DescribeWorker", DescribeWorkerReply{worker_beat()})
            .worker_info()
            .worker_heartbeat()
            .has_environment());
}

TEST_CASE("commands go out as a Nexus operation", "[rpc][encode]") {
  const auto answer = encoded<service::PollNexusTaskQueueResponse>(
      kService + "PollNexusTaskQueue", CommandsReply{"\x01\xff", {"first", "second"}, kNow});
  CHECK(answer.task_token() == "\x01\xff");
  CHECK(answer.request().scheduled_time().seconds() == 1'000'000);
  const auto& operation = answer.request().start_operation();
  CHECK(operation.service() == "temporal.api.nexusservices.workerservice.v1.WorkerService");
  CHECK(operation.operation() == "ExecuteCommands");
  CHECK(operation.request_id() == "01ff");
  CHECK(operation.payload().metadata().at("encoding") == "binary/protobuf");
  temporal::api::nexusservices::workerservice::v1::ExecuteCommandsRequest commands;
  REQUIRE(commands.ParseFromString(operation.payload().data()));
  REQUIRE(commands.commands_size() == 2);
  CHECK(commands.commands(0).cancel_activity().task_token() == "first");
  CHECK(commands.commands(1).cancel_activity().task_token() == "second");
}
