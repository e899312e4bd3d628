#include <google/protobuf/descriptor.h>
#include <temporal/api/operatorservice/v1/service.pb.h>
#include <temporal/api/workflowservice/v1/service.pb.h>

#include <set>

#include "unit/server_rpc/filled.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

namespace pb = google::protobuf;

// What a client of a real server may call.
const std::vector<std::string> kNeeded = {
    "GetSystemInfo",
    "GetClusterInfo",
    "DescribeNamespace",
    "ListNamespaces",
    "RegisterNamespace",
    "UpdateNamespace",
    "DeprecateNamespace",
    "PollActivityTaskQueue",
    "RecordActivityTaskHeartbeat",
    "RespondActivityTaskCompleted",
    "RespondActivityTaskFailed",
    "RespondActivityTaskCanceled",
    "RecordActivityTaskHeartbeatById",
    "RespondActivityTaskCompletedById",
    "RespondActivityTaskFailedById",
    "RespondActivityTaskCanceledById",
    "ShutdownWorker",
    "RecordWorkerHeartbeat",
    "ListWorkers",
    "CountWorkers",
    "DescribeWorker",
    "DescribeTaskQueue",
    "ListTaskQueuePartitions",
    "UpdateTaskQueueConfig",
    "PollWorkflowTaskQueue",
    "PollNexusTaskQueue",
    "RespondNexusTaskCompleted",
    "RespondNexusTaskFailed",
    "StartActivityExecution",
    "DescribeActivityExecution",
    "PollActivityExecution",
    "ListActivityExecutions",
    "CountActivityExecutions",
    "RequestCancelActivityExecution",
    "TerminateActivityExecution",
    "DeleteActivityExecution",
    "PauseActivityExecution",
    "UnpauseActivityExecution",
    "ResetActivityExecution",
    "UpdateActivityExecutionOptions",
    "PauseActivity",
    "UnpauseActivity",
    "ResetActivity",
    "UpdateActivityOptions",
    "ListWorkflowExecutions",
    "CountWorkflowExecutions",
};
const std::vector<std::string> kNeededOfOperators = {"ListSearchAttributes", "AddSearchAttributes",
                                                     "RemoveSearchAttributes", "DeleteNamespace"};

std::vector<std::string> needed() {
  std::vector<std::string> methods{"/grpc.health.v1.Health/Check"};
  for (const auto& name : kNeeded) methods.push_back(kWorkflowService + name);
  for (const auto& name : kNeededOfOperators) methods.push_back(kOperatorService + name);
  return methods;
}

/// The declared call of "/package.Service/Method"; null when there is none.
const pb::MethodDescriptor* declared(std::string method) {
  // Named here, so that a static link keeps the files that hold only services.
  for (const char* file : {descriptor_table_temporal_2fapi_2fworkflowservice_2fv1_2fservice_2eproto.filename,
                           descriptor_table_temporal_2fapi_2foperatorservice_2fv1_2fservice_2eproto.filename}) {
    REQUIRE(pb::DescriptorPool::generated_pool()->FindFileByName(file) != nullptr);
  }
  method.erase(0, 1);
  method[method.find('/')] = '.';
  return pb::DescriptorPool::generated_pool()->FindMethodByName(method);
}

}  // namespace

TEST_CASE("every call of the protocol has a row", "[rpc][table]") {
  for (const std::string& method : needed()) {
    CAPTURE(method);
    const Rpc* rpc = find_rpc(method);
    REQUIRE(rpc != nullptr);
    CHECK(rpc->method == method);
    CHECK((rpc->local != nullptr) != (rpc->decode != nullptr && rpc->encode != nullptr));
  }
}

TEST_CASE("every declared call has a row", "[rpc][table]") {
  REQUIRE(declared(kWorkflowService + kNeeded.front()) != nullptr);
  for (const char* name :
       {"temporal.api.workflowservice.v1.WorkflowService", "temporal.api.operatorservice.v1.OperatorService"}) {
    const auto* service = pb::DescriptorPool::generated_pool()->FindServiceByName(name);
    REQUIRE(service != nullptr);
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method = "/" + std::string(name) + "/" + std::string(service->method(i)->name());
      CAPTURE(method);
      CHECK(find_rpc(method) != nullptr);
    }
  }
}

TEST_CASE("what has no row is unknown", "[rpc][table]") {
  CHECK(find_rpc(std::string(kWorkflowService) + "StartWorkflowExecution") == nullptr);
  CHECK(find_rpc("") == nullptr);
}

TEST_CASE("a row names the namespace field if its request has one", "[rpc][table]") {
  for (const std::string& method : needed()) {
    CAPTURE(method);
    const auto* call = declared(method);
    const bool has_field = call != nullptr && call->input_type()->FindFieldByName("namespace") != nullptr;
    CHECK((row(method).namespace_field == "namespace") == has_field);
  }
}

TEST_CASE("long polls are marked, and nothing else is", "[rpc][table]") {
  const std::set<std::string> long_polls{"PollActivityTaskQueue", "PollActivityExecution", "DescribeActivityExecution",
                                         "PollWorkflowTaskQueue", "PollNexusTaskQueue"};
  for (const std::string& name : kNeeded) {
    CAPTURE(name);
    CHECK((row(kWorkflowService + name).kind == Kind::kLongPoll) == long_polls.contains(name));
  }
}

TEST_CASE("every row takes an empty request and a full one, and refuses bytes that are none", "[rpc][table]") {
  for (const std::string& method : needed()) {
    const Rpc& rpc = row(method);
    if (rpc.decode == nullptr) continue;
    CAPTURE(method);
    const auto* call = declared(method);
    REQUIRE(call != nullptr);
    const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(call->input_type());
    const std::unique_ptr<pb::Message> message(prototype->New());
    CHECK(decode(rpc, ""));
    fill(*message);
    CHECK(decode(rpc, message->SerializeAsString()));
    CHECK_FALSE(decode(rpc, "\xff"));
    CHECK_FALSE(decode(rpc, message->SerializeAsString() + "\x0a"));
  }
}

TEST_CASE("the older commands on activities of workflows find no workflow", "[rpc][table]") {
  Scratch scratch;
  for (const char* name : {"PauseActivity", "UnpauseActivity", "ResetActivity", "UpdateActivityOptions"}) {
    CAPTURE(name);
    const auto* call = declared(std::string(kWorkflowService) + name);
    const auto* prototype = pb::MessageFactory::generated_factory()->GetPrototype(call->input_type());
    const std::unique_ptr<pb::Message> message(prototype->New());
    const auto refusal = [&] {
      const grpc::Slice slice(message->SerializeAsString());
      const grpc::ByteBuffer bytes(&slice, 1);
      const auto answer = row(std::string(kWorkflowService) + name).local({bytes, scratch, ServerFacts{}});
      return answer ? std::string("answered") : to_string(answer.error());
    };
    CHECK(refusal() == "INVALID_ARGUMENT: Namespace is empty.");
    message->GetReflection()->SetString(message.get(), call->input_type()->FindFieldByName("namespace"), "default");
    CHECK(refusal() == "INVALID_ARGUMENT: WorkflowId is not set on request.");
    fill(*message);
    CHECK(refusal() == "NOT_FOUND: workflow not found for ID: workflow_id");
  }
}
