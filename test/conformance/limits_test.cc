// Limits as a caller meets them: code, detail and headers, and only in the namespace that has them.
#include <grpc/health/v1/health.pb.h>
#include <grpcpp/support/sync_stream.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include "conformance/raw_calls.h"
#include "rpc/server.h"
#include "support/eventually.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

ServerOptions small_namespace(RequestLimits limits) {
  ServerOptions options;
  options.namespaces = {"small"};
  options.limits.namespaces["small"] = std::move(limits);
  return options;
}

std::string started(Server& server) {
  return "127.0.0.1:" + std::to_string(server.start().value());
}

struct RefusedCall {
  grpc::Status status;
  std::string cause, scope;  ///< its headers
};

RefusedCall describe_namespace(const RawClient& client, const std::string& name) {
  service::DescribeNamespaceRequest request;
  request.set_namespace_(name);
  service::DescribeNamespaceResponse response;
  grpc::ClientContext context;
  RefusedCall refusal;
  refusal.status = client.call_method("/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace", request,
                                      &response, {}, context);
  for (const auto& [name_of_header, value] : context.GetServerInitialMetadata()) {
    if (name_of_header == "x-resource-exhausted-cause") refusal.cause = std::string(value.data(), value.size());
    if (name_of_header == "x-resource-exhausted-scope") refusal.scope = std::string(value.data(), value.size());
  }
  return refusal;
}

/// Watches the server's health until it goes.
class Watch {
 public:
  explicit Watch(const RawClient& client) {
    context_.set_deadline(std::chrono::system_clock::now() + 10s);
    using Factory = grpc::internal::ClientReaderFactory<grpc::health::v1::HealthCheckResponse>;
    stream_.reset(Factory::Create(client.channel().get(), method_, &context_, grpc::health::v1::HealthCheckRequest()));
  }
  bool is_told() {
    grpc::health::v1::HealthCheckResponse response;
    return stream_->Read(&response);
  }
  /// How the server ended it.
  grpc::Status end() { return stream_->Finish(); }
  void go() {
    context_.TryCancel();
    CHECK(end().error_code() == grpc::StatusCode::CANCELLED);
  }

 private:
  const grpc::internal::RpcMethod method_{"/grpc.health.v1.Health/Watch", grpc::internal::RpcMethod::SERVER_STREAMING};
  grpc::ClientContext context_{};
  std::unique_ptr<grpc::ClientReader<grpc::health::v1::HealthCheckResponse>> stream_{};
};

}  // namespace

TEST_CASE("calls that need no key shut out only one another", "[rpc][limits]") {
  ServerOptions options;
  options.rpc_limits.calls_max = 2;
  options.rpc_limits.probe_calls_max = 4;
  Server server(std::move(options));
  const RawClient client(started(server));
  {
    std::vector<std::unique_ptr<Watch>> watches;
    for (int i = 0; i < 4; ++i) {
      watches.push_back(std::make_unique<Watch>(client));
      CHECK(watches.back()->is_told());
    }
    CHECK(describe_namespace(client, "default").status.ok());
    Watch another(client);
    CHECK_FALSE(another.is_told());
    const grpc::Status refused = another.end();
    CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    CHECK(refused.error_message() == "too many calls at once");
    for (const auto& watch : watches) watch->go();
  }
  CHECK(eventually([&] { return server.stats().open_calls == 0; }));
  Watch later(client);
  CHECK(later.is_told());
  later.go();
}

TEST_CASE("calls beyond a namespace's rate are refused with cause and scope, in detail and headers", "[rpc][limits]") {
  RequestLimits limits;
  limits.requests_per_second = 1;
  Server server(small_namespace(limits));
  const RawClient client(started(server));
  CHECK(describe_namespace(client, "small").status.ok());
  const RefusedCall refusal = describe_namespace(client, "small");
  CHECK(refusal.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(refusal.status.error_message() == "namespace rate limit exceeded");
  CHECK(refusal.cause == "RpsLimit");
  CHECK(refusal.scope == "Namespace");
  google::rpc::Status status;
  REQUIRE(status.ParseFromString(refusal.status.error_details()));
  REQUIRE(status.details_size() == 1);
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  REQUIRE(status.details(0).UnpackTo(&detail));
  CHECK(detail.cause() == 1);
  CHECK(detail.scope() == 1);
  CHECK(describe_namespace(client, "default").status.ok());
}

TEST_CASE("the largest request and its refusal follow the limit", "[rpc][limits]") {
  ServerOptions options;
  options.rpc_limits.receive_bytes_max = 64 * 1024;
  Server server(std::move(options));
  const RawClient client(started(server));
  const RefusedCall refusal = describe_namespace(client, std::string(70'000, 'n'));
  CHECK(refusal.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(refusal.status.error_message(), ContainsSubstring("grpc: received message larger than max (70"));
  CHECK(describe_namespace(client, "default").status.ok());
}
