#include <temporal/api/operatorservice/v1/request_response.pb.h>

#include "conformance/operations.h"

using namespace longbeat::test;
namespace operators = temporal::api::operatorservice::v1;

namespace {

service::RegisterNamespaceRequest registration(const std::string& name) {
  service::RegisterNamespaceRequest request;
  request.set_namespace_(name);
  request.set_description("of a test");
  request.set_owner_email("owner@example.com");
  (*request.mutable_data())["team"] = "one";
  request.mutable_workflow_execution_retention_period()->set_seconds(7'200);
  return request;
}

std::string registered(const Conformance& t) {
  const std::string name = unique("namespace");
  REQUIRE(tell(t, "RegisterNamespace", registration(name)).ok());
  return name;
}

template <class Request>
Request in(const std::string& name) {
  Request request;
  request.set_namespace_(name);
  return request;
}

service::DescribeNamespaceResponse described(const Conformance& t, const std::string& name) {
  return ask<service::DescribeNamespaceResponse>(t, "DescribeNamespace", in<service::DescribeNamespaceRequest>(name));
}

void check_no_namespace(const grpc::Status& status, const std::string& name) {
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(status.error_message() == "Namespace " + name + " is not found.");
  errordetails::NamespaceNotFoundFailure detail;
  REQUIRE(detail_of(status, detail));
  CHECK(detail.namespace_() == name);
}

}  // namespace

TEST_CASE("a namespace is registered, described, listed and updated", "[conformance][namespaces]") {
  Conformance t;
  const std::string name = registered(t);
  auto now = described(t, name);
  CHECK(now.namespace_info().state() == enums::NAMESPACE_STATE_REGISTERED);
  CHECK(now.namespace_info().description() == "of a test");
  CHECK(now.namespace_info().owner_email() == "owner@example.com");
  CHECK(now.namespace_info().data().at("team") == "one");
  CHECK_FALSE(now.namespace_info().id().empty());
  CHECK(now.config().workflow_execution_retention_ttl().seconds() == 7'200);
  CHECK(now.namespace_info().capabilities().standalone_activity_start_delay());
  CHECK(now.namespace_info().capabilities().standalone_activity_operator_commands());
  CHECK(now.namespace_info().capabilities().worker_heartbeats());
  CHECK(now.namespace_info().capabilities().worker_poll_complete_on_shutdown());

  service::ListNamespacesRequest list;
  list.set_page_size(2);
  std::set<std::string> names;
  do {
    const auto page = ask<service::ListNamespacesResponse>(t, "ListNamespaces", list);
    CHECK(page.namespaces_size() <= 2);
    for (const auto& each : page.namespaces()) CHECK(names.insert(each.namespace_info().name()).second);
    list.set_next_page_token(page.next_page_token());
  } while (!list.next_page_token().empty());
  CHECK(names.contains(name));
  CHECK(names.contains("default"));

  auto update = in<service::UpdateNamespaceRequest>(name);
  update.mutable_update_info()->set_description("of another test");
  (*update.mutable_update_info()->mutable_data())["color"] = "red";
  update.mutable_config()->mutable_workflow_execution_retention_ttl()->set_seconds(3'600);
  const auto updated = ask<service::UpdateNamespaceResponse>(t, "UpdateNamespace", update);
  CHECK(updated.namespace_info().description() == "of another test");
  now = described(t, name);
  CHECK(now.namespace_info().description() == "of another test");
  CHECK(now.namespace_info().data().at("team") == "one");
  CHECK(now.namespace_info().data().at("color") == "red");
  CHECK(now.config().workflow_execution_retention_ttl().seconds() == 3'600);
}

TEST_CASE("a namespace that cannot be is refused", "[conformance][namespaces]") {
  Conformance t;
  auto request = registration(unique("namespace"));
  request.mutable_workflow_execution_retention_period()->set_seconds(60);
  check_invalid(tell(t, "RegisterNamespace", request), "A valid retention period is not set on request.");
  request.clear_workflow_execution_retention_period();
  check_invalid(tell(t, "RegisterNamespace", request), "A valid retention period is not set on request.");
  check_invalid(tell(t, "RegisterNamespace", registration("")));
  check_invalid(tell(t, "RegisterNamespace", registration(std::string(1001, 'n'))));
  const auto status = tell(t, "RegisterNamespace", registration("default"));
  CHECK(status.error_code() == grpc::StatusCode::ALREADY_EXISTS);
  errordetails::NamespaceAlreadyExistsFailure detail;
  CHECK(detail_of(status, detail));
  const std::string nowhere = unique("nowhere");
  check_no_namespace(tell(t, "DescribeNamespace", in<service::DescribeNamespaceRequest>(nowhere)), nowhere);
  check_no_namespace(tell(t, "UpdateNamespace", in<service::UpdateNamespaceRequest>(nowhere)), nowhere);
}

TEST_CASE("a deprecated namespace takes no new activities, and finishes its old ones", "[conformance][namespaces]") {
  Conformance t;
  const std::string name = registered(t);
  auto start = t.start_request();
  start.set_namespace_(name);
  t.start(start);
  REQUIRE(tell(t, "DeprecateNamespace", in<service::DeprecateNamespaceRequest>(name)).ok());
  CHECK(described(t, name).namespace_info().state() == enums::NAMESPACE_STATE_DEPRECATED);
  if (only_own_server("Temporal's takes new activities all the same")) {
    start.set_request_id(unique("request"));
    start.set_activity_id(unique("activity"));
    const auto status = tell(t, "StartActivityExecution", start);
    CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
    errordetails::NamespaceInvalidStateFailure detail;
    REQUIRE(detail_of(status, detail));
    CHECK(detail.state() == enums::NAMESPACE_STATE_DEPRECATED);
  }
  auto poll = in<service::PollActivityTaskQueueRequest>(name);
  poll.mutable_task_queue()->set_name(t.queue);
  const auto task = ask<service::PollActivityTaskQueueResponse>(t, "PollActivityTaskQueue", poll);
  CHECK(task.workflow_namespace() == name);
  auto done = in<service::RespondActivityTaskCompletedRequest>(name);
  done.set_task_token(task.task_token());
  CHECK(tell(t, "RespondActivityTaskCompleted", done).ok());
}

TEST_CASE("a deleted namespace is gone", "[conformance][namespaces]") {
  Conformance t;
  const std::string name = registered(t);
  auto start = t.start_request();
  start.set_namespace_(name);
  t.start(start);
  operators::DeleteNamespaceResponse deleted;
  REQUIRE(operate(t, "DeleteNamespace", in<operators::DeleteNamespaceRequest>(name), &deleted).ok());
  CHECK_THAT(deleted.deleted_namespace(), ContainsSubstring(name));
  CHECK(eventually([&] { return !tell(t, "StartActivityExecution", start).ok(); }));
  check_no_namespace(tell(t, "DescribeNamespace", in<service::DescribeNamespaceRequest>(name)), name);
  check_no_namespace(tell(t, "StartActivityExecution", start), name);
  // The name is free again, without what was in it.
  REQUIRE(tell(t, "RegisterNamespace", registration(name)).ok());
  auto describe = about<service::DescribeActivityExecutionRequest>(start.activity_id());
  describe.set_namespace_(name);
  // Parts of Temporal's server hear of it seconds later.
  CHECK(eventually(
      [&] { return !tell(t, "DescribeActivityExecution", describe).error_message().starts_with("Namespace"); }));
  check_not_found(tell(t, "DescribeActivityExecution", describe), start.activity_id());
}

TEST_CASE("namespaces know nothing of each other", "[conformance][namespaces]") {
  Conformance t;
  const std::string name = registered(t);
  auto here = t.start_request();
  auto there = here;
  there.set_namespace_(name);
  const auto run_here = t.start(here).run_id();
  const auto run_there = t.start(there).run_id();
  CHECK(run_here != run_there);

  auto describe = about<service::DescribeActivityExecutionRequest>(here.activity_id(), run_here);
  describe.set_namespace_(name);
  check_not_found(tell(t, "DescribeActivityExecution", describe), here.activity_id());
  auto cancel = about<service::RequestCancelActivityExecutionRequest>(here.activity_id());
  cancel.set_namespace_(name);
  REQUIRE(tell(t, "RequestCancelActivityExecution", cancel).ok());
  CHECK(t.describe(here.activity_id()).info().status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);

  const auto task = t.poll();
  CHECK(task.activity_run_id() == run_here);
  auto beat = in<service::RecordActivityTaskHeartbeatRequest>(name);
  beat.set_task_token(task.task_token());
  check_invalid(tell(t, "RecordActivityTaskHeartbeat", beat),
                "Operation requested with a token from a different namespace.");
  beat.clear_namespace_();
  CHECK(tell(t, "RecordActivityTaskHeartbeat", beat).ok());

  auto list = in<service::ListActivityExecutionsRequest>(name);
  CHECK(eventually([&] {
    const auto listed = ask<service::ListActivityExecutionsResponse>(t, "ListActivityExecutions", list);
    return listed.executions_size() == 1 && listed.executions(0).run_id() == run_there;
  }));
  auto workers = in<service::ListWorkersRequest>(name);
  CHECK(ask<service::ListWorkersResponse>(t, "ListWorkers", workers).workers().empty());
}
