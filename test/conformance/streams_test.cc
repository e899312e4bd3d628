#include <google/protobuf/descriptor.pb.h>
#include <grpc/health/v1/health.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <grpcpp/support/sync_stream.h>

#include "conformance/operations.h"

using namespace longbeat::test;
namespace health = grpc::health::v1;
namespace reflection = grpc::reflection::v1;

namespace {

const std::string kService = "temporal.api.workflowservice.v1.WorkflowService";

/// One conversation with the server about its own interface.
class Reflection {
 public:
  Reflection(const Conformance& t, const std::string& version)
      : name_("/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo"),
        method_(name_.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING) {
    context_.set_deadline(std::chrono::system_clock::now() + 5s);
    using Factory = grpc::internal::ClientReaderWriterFactory<reflection::ServerReflectionRequest,
                                                              reflection::ServerReflectionResponse>;
    stream_.reset(Factory::Create(t.client.channel().get(), method_, &context_));
  }
  reflection::ServerReflectionResponse ask(const reflection::ServerReflectionRequest& request) {
    reflection::ServerReflectionResponse response;
    REQUIRE(stream_->Write(request));
    REQUIRE(stream_->Read(&response));
    return response;
  }
  reflection::ServerReflectionResponse file_of(const std::string& symbol) {
    reflection::ServerReflectionRequest request;
    request.set_file_containing_symbol(symbol);
    return ask(request);
  }
  grpc::Status end() {
    stream_->WritesDone();
    reflection::ServerReflectionResponse none;
    CHECK_FALSE(stream_->Read(&none));
    return stream_->Finish();
  }

 private:
  std::string name_;
  grpc::internal::RpcMethod method_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<reflection::ServerReflectionRequest, reflection::ServerReflectionResponse>>
      stream_;
};

}  // namespace

TEST_CASE("the server tells its interface", "[conformance][reflection]") {
  Conformance t;
  Reflection talk(t, GENERATE("v1", "v1alpha"));
  reflection::ServerReflectionRequest list;
  list.set_list_services("");
  std::set<std::string> names;
  const auto listed = talk.ask(list);
  for (const auto& each : listed.list_services_response().service()) names.insert(each.name());
  for (const std::string& name :
       {kService, std::string("temporal.api.operatorservice.v1.OperatorService"), std::string("grpc.health.v1.Health"),
        std::string("grpc.reflection.v1.ServerReflection")}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }

  if (own_server()) {
    CHECK(names.contains("longbeat.server.v1.Admin"));
    CHECK(talk.file_of("longbeat.server.v1.Admin").file_descriptor_response().file_descriptor_proto_size() == 1);
  }

  const auto found = talk.file_of(kService);
  REQUIRE(found.file_descriptor_response().file_descriptor_proto_size() > 0);
  google::protobuf::FileDescriptorProto file;
  REQUIRE(file.ParseFromString(found.file_descriptor_response().file_descriptor_proto(0)));
  CHECK(file.package() == "temporal.api.workflowservice.v1");
  REQUIRE(file.service_size() == 1);
  CHECK(file.service(0).name() == "WorkflowService");
  // Whatever a file imports can be asked for by its name.
  for (const std::string& import : file.dependency()) {
    reflection::ServerReflectionRequest request;
    request.set_file_by_filename(import);
    CHECK(talk.ask(request).has_file_descriptor_response());
  }
  CHECK(talk.file_of(kService + ".StartActivityExecution").has_file_descriptor_response());
  CHECK(talk.file_of("temporal.api.activity.v1.ActivityExecutionInfo").has_file_descriptor_response());

  const auto unknown = talk.file_of("no.such.Thing");
  CHECK(unknown.error_response().error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(unknown.original_request().file_containing_symbol() == "no.such.Thing");
  CHECK(talk.file_of(kService).has_file_descriptor_response());  // The conversation goes on.
  CHECK(talk.end().ok());
}

TEST_CASE("health is watched", "[conformance][health]") {
  Conformance t;
  const auto watch = [&](const std::string& name) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 5s);
    health::HealthCheckRequest request;
    request.set_service(name);
    const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Watch", grpc::internal::RpcMethod::SERVER_STREAMING);
    const std::unique_ptr<grpc::ClientReader<health::HealthCheckResponse>> stream(
        grpc::internal::ClientReaderFactory<health::HealthCheckResponse>::Create(t.client.channel().get(), method,
                                                                                 &context, request));
    health::HealthCheckResponse response;
    REQUIRE(stream->Read(&response));
    context.TryCancel();
    health::HealthCheckResponse more;
    CHECK_FALSE(stream->Read(&more));
    CHECK(stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
    return response.status();
  };
  CHECK(watch("") == health::HealthCheckResponse::SERVING);
  CHECK(watch(kService) == health::HealthCheckResponse::SERVING);
  CHECK(watch("nothing.Here") == health::HealthCheckResponse::SERVICE_UNKNOWN);
}
