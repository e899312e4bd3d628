// Every row of the dispatch table, with every role, in the right and in another namespace, against what each call is
// for. The table below is written from that, not from the rows.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/rpc/status.pb.h>
#include <grpc/health/v1/health.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <temporal/api/errordetails/v1/message.pb.h>
#include <temporal/api/operatorservice/v1/request_response.pb.h>

#include <set>

#include "conformance/secure_room.h"
#include "rpc/dispatch_table.h"

using namespace longbeat::test;
namespace pb = google::protobuf;

namespace {

/// Whose keys a call is for.
enum class For {
  kEveryone,   ///< no key asked for
  kAnyKey,     ///< what a stock SDK asks before anything else
  kLooking,    ///< readers, clients, operators
  kAsking,     ///< clients, operators
  kWorking,    ///< workers, operators
  kOperating,  ///< operators
};
/// What a call is about.
enum class About { kServer, kAllNamespaces, kOneNamespace };
struct Purpose {
  For whom;
  About about = About::kOneNamespace;
};

const std::string kOperatorService = "/temporal.api.operatorservice.v1.OperatorService/";

const std::map<std::string, Purpose>& purposes() {
  static const auto table = [] {
    std::map<std::string, Purpose> all;
    const auto add = [&](const std::string& service, Purpose purpose, const std::vector<std::string>& names) {
      for (const std::string& name : names) all.emplace(service + name, purpose);
    };
    add("/grpc.health.v1.Health/", {For::kEveryone, About::kServer}, {"Check", "Watch"});
    add("/grpc.reflection.v1.ServerReflection/", {For::kAnyKey, About::kServer}, {"ServerReflectionInfo"});
    add("/grpc.reflection.v1alpha.ServerReflection/", {For::kAnyKey, About::kServer}, {"ServerReflectionInfo"});
    add(kWorkflowService, {For::kAnyKey, About::kServer}, {"GetSystemInfo", "GetClusterInfo"});
    add("/longbeat.server.v1.Admin/", {For::kOperating, About::kAllNamespaces}, {"Backup"});
    add(kWorkflowService, {For::kAnyKey}, {"DescribeNamespace"});
    add(kWorkflowService, {For::kLooking, About::kAllNamespaces}, {"ListNamespaces"});
    add(kWorkflowService, {For::kLooking},
        {"PollActivityExecution", "DescribeActivityExecution", "ListActivityExecutions", "CountActivityExecutions",
         "ListWorkflowExecutions", "CountWorkflowExecutions", "DescribeTaskQueue", "ListTaskQueuePartitions",
         "ListWorkers", "CountWorkers", "DescribeWorker"});
    add(kOperatorService, {For::kLooking}, {"ListSearchAttributes"});
    add(kWorkflowService, {For::kAsking},
        {"StartActivityExecution", "RequestCancelActivityExecution", "TerminateActivityExecution",
         "DeleteActivityExecution"});
    add(kWorkflowService, {For::kWorking},
        {"PollActivityTaskQueue", "RecordActivityTaskHeartbeat", "RespondActivityTaskCompleted",
         "RespondActivityTaskFailed", "RespondActivityTaskCanceled", "RecordActivityTaskHeartbeatById",
         "RespondActivityTaskCompletedById", "RespondActivityTaskFailedById", "RespondActivityTaskCanceledById",
         "RecordWorkerHeartbeat", "ShutdownWorker", "PollNexusTaskQueue", "RespondNexusTaskCompleted",
         "RespondNexusTaskFailed", "PollWorkflowTaskQueue"});
    add(kWorkflowService, {For::kOperating},
        {"PauseActivityExecution", "UnpauseActivityExecution", "ResetActivityExecution",
         "UpdateActivityExecutionOptions", "PauseActivity", "UnpauseActivity", "ResetActivity", "UpdateActivityOptions",
         "RegisterNamespace", "UpdateNamespace", "DeprecateNamespace", "UpdateTaskQueueConfig"});
    add(kOperatorService, {For::kOperating}, {"DeleteNamespace", "AddSearchAttributes", "RemoveSearchAttributes"});
    return all;
  }();
  return table;
}

enum class Expect { kPasses, kUnauthenticated, kDenied };

bool role_fits(For whom, const std::string& role) {
  switch (whom) {
    case For::kEveryone:
    case For::kAnyKey:
      return true;
    case For::kLooking:
      return role == "reader" || role == "client" || role == "operator";
    case For::kAsking:
      return role == "client" || role == "operator";
    case For::kWorking:
      return role == "worker" || role == "operator";
    case For::kOperating:
      return role == "operator";
  }
  return false;
}

/// With a key of `role` (empty: no good key) for the namespace "own" or for all of them.
Expect expected(const Purpose& purpose, const std::string& role, bool everywhere, const std::string& named) {
  if (purpose.whom == For::kEveryone) return Expect::kPasses;
  if (role.empty()) return Expect::kUnauthenticated;
  if (!role_fits(purpose.whom, role)) return Expect::kDenied;
  if (everywhere || purpose.about == About::kServer) return Expect::kPasses;
  return purpose.about == About::kOneNamespace && named == "own" ? Expect::kPasses : Expect::kDenied;
}

Expect seen(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) return Expect::kUnauthenticated;
  return status.error_code() == grpc::StatusCode::PERMISSION_DENIED ? Expect::kDenied : Expect::kPasses;
}

/// The bytes of a request of this call that names the namespace and nothing else.
std::string request_of(const std::string& method, const std::string& named) {
  if (method.starts_with("/grpc.reflection.")) {
    grpc::reflection::v1::ServerReflectionRequest request;
    request.set_list_services("");
    return request.SerializeAsString();
  }
  std::string name = method.substr(1);
  name[name.find('/')] = '.';
  const auto* call = pb::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (call == nullptr) return "";  // Health: an empty request asks about the whole server.
  const std::unique_ptr<pb::Message> request(
      pb::MessageFactory::generated_factory()->GetPrototype(call->input_type())->New());
  if (const auto* field = call->input_type()->FindFieldByName("namespace"); field != nullptr) {
    request->GetReflection()->SetString(request.get(), field, named);
  }
  return request->SerializeAsString();
}

std::string secret_of(const std::string& name) {
  return "lbk_" + name + std::string(40, 'x');
}

struct Room : SecureRoom {
  Room() {
    // Without TLS: who may do what does not depend on it, and a thousand calls take less time.
    for (const std::string role : {"reader", "client", "worker", "operator"}) {
      const Roles roles{longbeat::server::role_named(role).value()};
      options.access.keys.push_back(api_key(role, secret_of(role), roles, {"own"}));
      options.access.keys.push_back(api_key(role + "-everywhere", secret_of(role + "-everywhere"), roles));
    }
    options.access.keys.push_back(api_key("expired", secret_of("expired"), {Role::kOperator}));
    options.access.keys.back().expires = longbeat::internal::WallTime(1s);
    REQUIRE(start().empty());
  }
};

}  // namespace

TEST_CASE("the purposes of this test and the rows of the server are the same calls", "[conformance][security]") {
  std::set<std::string> rows, known;
  for (const auto& rpc : longbeat::server::all_rpcs()) rows.insert(std::string(rpc.method));
  for (const auto& [method, purpose] : purposes()) known.insert(method);
  CHECK(rows == known);
}

TEST_CASE("every call with every role, in its own and in another namespace, and without a key",
          "[conformance][security]") {
  Room room;
  const ByteClient client(room.address, {});
  std::uint64_t refused = 0;
  for (const auto& row : purposes()) {
    const auto& method = row.first;  // No structured binding: clang 14 does not capture those.
    const auto& purpose = row.second;
    CAPTURE(method);
    // Left out, it is no other namespace's call either.
    for (const std::string named : {"own", "other", ""}) {
      CAPTURE(named);
      const std::string bytes = request_of(method, named);
      const auto check = [&](const std::string& header, const std::string& role, bool everywhere) {
        CAPTURE(role, everywhere);
        const auto status = client.call_with(header, method, bytes, nullptr, 700ms);
        const Expect wanted = expected(purpose, role, everywhere, named);
        INFO(status.error_message());
        CHECK(static_cast<int>(seen(status)) == static_cast<int>(wanted));
        if (wanted != Expect::kPasses) ++refused;
        CHECK(status.error_message().find("xxxx") == std::string::npos);
        temporal::api::errordetails::v1::PermissionDeniedFailure detail;
        google::rpc::Status rich;
        const bool has_reason = rich.ParseFromString(status.error_details()) && rich.details_size() == 1 &&
                                rich.details(0).UnpackTo(&detail) && !detail.reason().empty();
        CHECK(has_reason == (wanted == Expect::kDenied));
      };
      for (const std::string role : {"reader", "client", "worker", "operator"}) {
        // What it may delete or take out of use is still to be asked for by the next ones.
        const bool spoils = method.ends_with("DeleteNamespace") || method.ends_with("DeprecateNamespace");
        if (spoils && role == "operator" && !named.empty()) continue;
        check("Bearer " + secret_of(role), role, false);
        check("Bearer " + secret_of(role + "-everywhere"), role, true);
      }
      check("", "", false);
      check("Bearer " + secret_of("nobody"), "", false);
      check("Bearer " + secret_of("expired"), "", false);
      check("Basic b3BlcmF0b3I6", "", false);
    }
  }
  CHECK(room.server->stats().access.total() == refused);
}

TEST_CASE("an operator may take its own namespace out of use, and no other one", "[conformance][security]") {
  Room room;
  const ByteClient client(room.address, {.key = secret_of("operator")});
  temporal::api::operatorservice::v1::DeleteNamespaceRequest remove;
  const auto ask = [&](const std::string& name) {
    remove.set_namespace_(name);
    return client.call(kOperatorService + "DeleteNamespace", remove.SerializeAsString()).error_code();
  };
  CHECK(ask("other") == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(ask("own") == grpc::StatusCode::OK);
}

TEST_CASE("a namespace's number opens no other namespace", "[conformance][security]") {
  Room room;
  const ByteClient everywhere(room.address, {.key = secret_of("reader-everywhere")}),
      own(room.address, {.key = secret_of("operator")});
  service::DescribeNamespaceRequest request;
  service::DescribeNamespaceResponse response;
  request.set_namespace_("other");
  REQUIRE(everywhere.ask("DescribeNamespace", request, &response).ok());
  request.set_id(response.namespace_info().id());
  request.clear_namespace_();
  CHECK(own.ask("DescribeNamespace", request, &response).error_code() == grpc::StatusCode::PERMISSION_DENIED);
  request.set_namespace_("own");
  CHECK(own.ask("DescribeNamespace", request, &response).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  temporal::api::operatorservice::v1::DeleteNamespaceRequest remove;
  remove.set_namespace_id(request.id());
  CHECK(own.call(kOperatorService + "DeleteNamespace", remove.SerializeAsString()).error_code() ==
        grpc::StatusCode::PERMISSION_DENIED);
  remove.set_namespace_("own");
  CHECK(own.call(kOperatorService + "DeleteNamespace", remove.SerializeAsString()).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("another namespace's task token is of no use", "[conformance][security]") {
  Room room;
  const ByteClient everywhere(room.address, {.key = secret_of("operator-everywhere")}),
      worker(room.address, {.key = secret_of("worker")});
  service::StartActivityExecutionRequest start;
  start.set_namespace_("other");
  start.set_activity_id("a");
  start.set_request_id("r");
  start.mutable_activity_type()->set_name("t");
  start.mutable_task_queue()->set_name("q");
  start.mutable_start_to_close_timeout()->set_seconds(30);
  service::StartActivityExecutionResponse started;
  REQUIRE(everywhere.ask("StartActivityExecution", start, &started).ok());
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("other");
  poll.mutable_task_queue()->set_name("q");
  service::PollActivityTaskQueueResponse task;
  REQUIRE(everywhere.ask("PollActivityTaskQueue", poll, &task).ok());
  REQUIRE_FALSE(task.task_token().empty());

  service::RespondActivityTaskCompletedRequest report;
  service::RespondActivityTaskCompletedResponse done;
  report.set_task_token(task.task_token());
  const auto as_worker = [&](const std::string& named) {
    report.set_namespace_(named);
    return worker.ask("RespondActivityTaskCompleted", report, &done).error_code();
  };
  CHECK(as_worker("own") == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(as_worker("other") == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(as_worker("") == grpc::StatusCode::PERMISSION_DENIED);
  report.set_namespace_("other");
  CHECK(everywhere.ask("RespondActivityTaskCompleted", report, &done).ok());
}

TEST_CASE("refusals are counted by reason and logged without the key", "[conformance][security]") {
  Lines lines;
  Room room;
  const auto refused = [&](const std::string& secret, const std::string& named) {
    const ByteClient client(room.address, {.key = secret});
    service::ListActivityExecutionsRequest request;
    request.set_namespace_(named);
    service::ListActivityExecutionsResponse ignored;
    CHECK_FALSE(client.ask("ListActivityExecutions", request, &ignored).ok());
  };
  refused("", "own");
  refused("", "own");
  refused(secret_of("nobody"), "own");
  refused(secret_of("expired"), "own");
  refused(secret_of("worker"), "own");
  refused(secret_of("reader"), "other");
  const auto counted = room.server->stats().access;
  CHECK(counted.no_key == 2);
  CHECK(counted.unknown_key == 1);
  CHECK(counted.expired == 1);
  CHECK(counted.wrong_role == 1);
  CHECK(counted.wrong_namespace == 1);
  const std::string text = lines.text();
  INFO(text);
  CHECK(
      text.find("call refused: the API key 'reader' may not call ListActivityExecutions in namespace 'other' (from ") !=
      std::string::npos);
  CHECK(text.find("call refused: ListActivityExecutions needs an API key") != std::string::npos);
  CHECK(text.find("call refused: ListActivityExecutions needs an API key") ==
        text.rfind("call refused: ListActivityExecutions needs an API key"));
  CHECK(text.find("xxxx") == std::string::npos);
  CHECK(text.find("Bearer lbk") == std::string::npos);
}

TEST_CASE("a server without keys asks nobody", "[conformance][security]") {
  SecureRoom room;
  REQUIRE(room.start().empty());
  CHECK(ByteClient(room.address, {}).describe_namespace("own").ok());
  CHECK(ByteClient(room.address, {.key = "whatever"}).describe_namespace("own").ok());
  CHECK(room.server->stats().access.total() == 0);
}
