#include <grpc/health/v1/health.pb.h>

#include <string>

#include "conformance/harness.h"

using namespace longbeat::test;

namespace {

/// A call whose request is any bytes.
grpc::Status call_with_bytes(const RawClient& client, const std::string& method, const std::string& bytes) {
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  return client.call_method(method, request, &response, {}, context);
}

const std::string kService = "/temporal.api.workflowservice.v1.WorkflowService/";

}  // namespace

TEST_CASE("the server tells what it is", "[conformance]") {
  Conformance t;
  service::GetSystemInfoResponse system;
  REQUIRE(t.client.call("GetSystemInfo", service::GetSystemInfoRequest(), &system).ok());
  CHECK(!system.server_version().empty());
  CHECK(system.capabilities().internal_error_differentiation());
  CHECK(system.capabilities().activity_failure_include_heartbeat());

  service::GetClusterInfoResponse cluster;
  REQUIRE(t.client.call("GetClusterInfo", service::GetClusterInfoRequest(), &cluster).ok());
  CHECK(cluster.server_version() == system.server_version());
  CHECK(cluster.supported_clients().at("temporal-ui") == "<3.0.0");
  CHECK(!cluster.cluster_id().empty());
}

TEST_CASE("a namespace is described", "[conformance]") {
  Conformance t;
  service::DescribeNamespaceRequest request;
  request.set_namespace_("default");
  service::DescribeNamespaceResponse response;
  REQUIRE(t.client.call("DescribeNamespace", request, &response).ok());
  CHECK(response.namespace_info().name() == "default");
  CHECK(response.namespace_info().state() == enums::NAMESPACE_STATE_REGISTERED);
  CHECK(response.namespace_info().capabilities().standalone_activities());
  CHECK(response.namespace_info().limits().blob_size_limit_error() == 2'097'152);
  CHECK(response.config().workflow_execution_retention_ttl().seconds() > 0);

  request.clear_namespace_();
  request.set_id(response.namespace_info().id());
  service::DescribeNamespaceResponse by_id;
  REQUIRE(t.client.call("DescribeNamespace", request, &by_id).ok());
  CHECK(by_id.namespace_info().name() == "default");
}

TEST_CASE("health is told to whoever asks", "[conformance]") {
  Conformance t;
  const auto check = [&](const std::string& name, grpc::health::v1::HealthCheckResponse& response) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(name);
    grpc::ClientContext context;
    return t.client.call_method("/grpc.health.v1.Health/Check", request, &response, {}, context);
  };
  grpc::health::v1::HealthCheckResponse response;
  for (const char* name : {"", "temporal.api.workflowservice.v1.WorkflowService"}) {
    REQUIRE(check(name, response).ok());
    CHECK(response.status() == grpc::health::v1::HealthCheckResponse::SERVING);
  }
  CHECK(check("nothing.Here", response).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("calls that make no sense are refused, and the server goes on", "[conformance]") {
  Conformance t;
  SECTION("an unknown method") {
    CHECK(call_with_bytes(t.client, kService + "NoSuchThing", "").error_code() == grpc::StatusCode::UNIMPLEMENTED);
    CHECK(call_with_bytes(t.client, "/no.such.Service/Thing", "").error_code() == grpc::StatusCode::UNIMPLEMENTED);
  }
  SECTION("bytes that are no request") {
    for (const char* rpc : {"StartActivityExecution", "PollActivityTaskQueue", "RecordActivityTaskHeartbeat",
                            "RespondActivityTaskCompleted", "RespondActivityTaskFailed", "RespondActivityTaskCanceled",
                            "PollActivityExecution", "GetSystemInfo", "DescribeActivityExecution",
                            "RequestCancelActivityExecution", "DescribeNamespace", "GetClusterInfo"}) {
      CAPTURE(rpc);
      CHECK(call_with_bytes(t.client, kService + rpc, "\xff\xff\xff\xff garbage").error_code() ==
            grpc::StatusCode::INTERNAL);
    }
  }
  SECTION("a message nested without end") {
    // Each level is a Failure whose cause (field 4) is the next.
    std::string bytes;
    for (int i = 0; i < 50'000; ++i) {
      std::string length;
      for (std::size_t n = bytes.size(); true; n >>= 7) {
        length += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        if (n <= 0x7f) break;
      }
      if (bytes.size() > 200'000) break;
      bytes.insert(0, "\x22" + length);
    }
    std::string request = "\x12";  // RespondActivityTaskFailedRequest.failure
    for (std::size_t n = bytes.size(); true; n >>= 7) {
      request += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
      if (n <= 0x7f) break;
    }
    CHECK(call_with_bytes(t.client, kService + "RespondActivityTaskFailed", request + bytes).error_code() ==
          grpc::StatusCode::INTERNAL);
  }
  SECTION("an empty request") {
    CHECK(call_with_bytes(t.client, kService + "StartActivityExecution", "").error_code() ==
          grpc::StatusCode::INVALID_ARGUMENT);
  }
  SECTION("a message beyond the limit, in the words SDKs look for") {
    auto request = t.start_request();
    request.mutable_input()->add_payloads()->set_data(std::string(5 * 1024 * 1024, 'x'));
    service::StartActivityExecutionResponse response;
    const auto status = t.client.call("StartActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    CHECK(status.error_message().rfind("grpc: received message larger than max", 0) == 0);
  }
  SECTION("a message far beyond the limit") {
    CHECK(call_with_bytes(t.client, kService + "StartActivityExecution", std::string(20 * 1024 * 1024, 'x'))
              .error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  service::GetSystemInfoResponse system;
  CHECK(t.client.call("GetSystemInfo", service::GetSystemInfoRequest(), &system).ok());
}

TEST_CASE("compressed requests are understood", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_input()->mutable_payloads(0)->set_data(std::string(100'000, 'x'));
  service::StartActivityExecutionResponse response;
  REQUIRE(t.client.call("StartActivityExecution", request, &response, {.compression = GRPC_COMPRESS_GZIP}).ok());
  CHECK(t.poll().input().payloads(0).data().size() == 100'000);
}

TEST_CASE("an error text is cut where it becomes unreasonable", "[conformance]") {
  Conformance t;
  service::DescribeNamespaceRequest request;
  request.set_namespace_(std::string(900, 'n'));
  service::DescribeNamespaceResponse response;
  const auto status = t.client.call("DescribeNamespace", request, &response);
  CHECK(!status.ok());
  CHECK(status.error_message().size() <= 4'000);
}
