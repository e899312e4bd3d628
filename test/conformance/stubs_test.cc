// What a stock client calls although there are no workflows here.
#include "conformance/operations.h"

using namespace longbeat::test;

TEST_CASE("there are no workflows", "[conformance][stubs]") {
  Conformance t;
  service::ListWorkflowExecutionsRequest list;
  list.set_namespace_("default");
  list.set_query("ExecutionStatus = 'Running'");
  const auto listed = ask<service::ListWorkflowExecutionsResponse>(t, "ListWorkflowExecutions", list);
  CHECK((listed.executions().empty() && listed.next_page_token().empty()));
  service::CountWorkflowExecutionsRequest count;
  count.set_namespace_("default");
  count.set_query("GROUP BY ExecutionStatus");
  const auto counted = ask<service::CountWorkflowExecutionsResponse>(t, "CountWorkflowExecutions", count);
  CHECK((counted.count() == 0 && counted.groups().empty()));
  list.set_namespace_("nowhere");
  CHECK(tell(t, "ListWorkflowExecutions", list).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("polls for workflow and Nexus tasks wait and are answered empty", "[conformance][stubs]") {
  Conformance t;
  service::PollWorkflowTaskQueueRequest workflow;
  workflow.set_namespace_("default");
  workflow.mutable_task_queue()->set_name(t.queue);
  service::PollNexusTaskQueueRequest nexus;
  nexus.set_namespace_("default");
  nexus.mutable_task_queue()->set_name(t.queue);
  auto sticky = workflow;
  sticky.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
  sticky.mutable_task_queue()->set_normal_name(t.queue);
  started(t);  // An activity task is not theirs.
  const auto before = std::chrono::steady_clock::now();
  auto one = ask_meanwhile<service::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", workflow, 2'300ms);
  auto two = ask_meanwhile<service::PollNexusTaskQueueResponse>("PollNexusTaskQueue", nexus, 2'300ms);
  auto three = ask_meanwhile<service::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", sticky, 2'300ms);
  const auto nothing = one.get();
  CHECK(nothing.task_token().empty());
  if (own_server()) CHECK(nothing.ByteSizeLong() == 0);  // Temporal's may say something about its pollers.
  CHECK(two.get().task_token().empty());
  CHECK(three.get().task_token().empty());
  const auto waited = std::chrono::steady_clock::now() - before;
  CHECK(waited > 1s);
  CHECK(waited < 2'300ms);
}

TEST_CASE("polls for workflow tasks keep the rules of polls", "[conformance][stubs]") {
  Conformance t;
  service::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("nowhere");
  request.mutable_task_queue()->set_name(t.queue);
  CHECK(tell(t, "PollWorkflowTaskQueue", request).error_code() == grpc::StatusCode::NOT_FOUND);
  request.set_namespace_("default");
  service::PollWorkflowTaskQueueResponse response;
  const auto status = t.client.call("PollWorkflowTaskQueue", request, &response, {.timeout = 1'500ms});
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_CASE("the older operator calls are for workflows only", "[conformance][stubs]") {
  Conformance t;
  service::PauseActivityRequest pause_it;
  pause_it.set_namespace_("default");
  pause_it.set_id("x");
  service::UnpauseActivityRequest unpause_it;
  unpause_it.set_namespace_("default");
  service::ResetActivityRequest reset_it;
  reset_it.set_namespace_("default");
  service::UpdateActivityOptionsRequest update_it;
  update_it.set_namespace_("default");
  const std::string text = "WorkflowId is not set on request.";
  check_invalid(tell(t, "PauseActivity", pause_it), text);
  check_invalid(tell(t, "UnpauseActivity", unpause_it), text);
  check_invalid(tell(t, "ResetActivity", reset_it), text);
  check_invalid(tell(t, "UpdateActivityOptions", update_it), text);
  pause_it.mutable_execution()->set_workflow_id("some-workflow");
  const auto code = tell(t, "PauseActivity", pause_it).error_code();
  CHECK((code == grpc::StatusCode::NOT_FOUND || code == grpc::StatusCode::UNIMPLEMENTED));
}

TEST_CASE("what is not of activities is UNIMPLEMENTED", "[conformance][stubs]") {
  if (!only_own_server("Temporal's has it")) return;
  Conformance t;
  for (const char* rpc : {"StartWorkflowExecution", "SignalWorkflowExecution", "CreateSchedule",
                          "StartNexusOperationExecution", "GetWorkerBuildIdCompatibility"}) {
    CAPTURE(rpc);
    CHECK(tell(t, rpc, google::protobuf::Empty()).error_code() == grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_CASE("client versions are looked at", "[conformance][stubs]") {
  Conformance t;
  service::GetSystemInfoResponse response;
  const auto with = [&](const std::map<std::string, std::string>& headers) {
    return t.client.call("GetSystemInfo", service::GetSystemInfoRequest(), &response, {.headers = headers});
  };
  CHECK(with({{"client-name", "temporal-go"}, {"client-version", "1.48.0"}}).ok());
  CHECK(with({{"client-name", "somebody"}, {"client-version", "0.0.1-rc.1+build"}}).ok());
  const std::map<std::string, std::string> cli{{"client-name", "temporal-cli"}, {"client-version", "1.5.0"}};
  const auto cli_for = [&](const std::string& versions) {
    auto headers = cli;
    headers["supported-server-versions"] = versions;
    return with(headers);
  };
  CHECK(cli_for(">=1.0.0 <2.0.0").ok());
  CHECK(with({{"client-name", "temporal-go"}, {"client-version", "seven"}}).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
  const auto old = cli_for(">=9.0.0");
  CHECK(old.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  errordetails::ServerVersionNotSupportedFailure detail;
  CHECK(detail_of(old, detail));
}

TEST_CASE("a request that says nothing is refused wherever it goes", "[conformance][stubs]") {
  Conformance t;
  for (const char* rpc : {"PollActivityTaskQueue",
                          "RecordActivityTaskHeartbeat",
                          "RespondActivityTaskCompleted",
                          "RespondActivityTaskFailed",
                          "RespondActivityTaskCanceled",
                          "RecordActivityTaskHeartbeatById",
                          "RespondActivityTaskCompletedById",
                          "RespondActivityTaskFailedById",
                          "RespondActivityTaskCanceledById",
                          "StartActivityExecution",
                          "PollActivityExecution",
                          "DescribeActivityExecution",
                          "ListActivityExecutions",
                          "CountActivityExecutions",
                          "RequestCancelActivityExecution",
                          "TerminateActivityExecution",
                          "DeleteActivityExecution",
                          "PauseActivityExecution",
                          "UnpauseActivityExecution",
                          "ResetActivityExecution",
                          "UpdateActivityExecutionOptions",
                          "DescribeNamespace",
                          "RegisterNamespace",
                          "UpdateNamespace",
                          "DeprecateNamespace",
                          "DescribeTaskQueue",
                          "UpdateTaskQueueConfig",
                          "RecordWorkerHeartbeat",
                          "ShutdownWorker",
                          "ListWorkers",
                          "CountWorkers",
                          "DescribeWorker",
                          "PollNexusTaskQueue",
                          "RespondNexusTaskCompleted",
                          "RespondNexusTaskFailed",
                          "PollWorkflowTaskQueue",
                          "ListWorkflowExecutions",
                          "CountWorkflowExecutions"}) {
    CAPTURE(rpc);
    check_invalid(tell(t, rpc, google::protobuf::Empty()));
  }
  for (const char* rpc : {"GetSystemInfo", "GetClusterInfo", "ListNamespaces"}) {
    CAPTURE(rpc);
    CHECK(tell(t, rpc, google::protobuf::Empty()).ok());
  }
}
