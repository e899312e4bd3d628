#pragma once
#include <grpcpp/grpcpp.h>
#if __has_include(<grpcpp/impl/client_unary_call.h>)
#include <grpcpp/impl/client_unary_call.h>
#else
#include <grpcpp/impl/codegen/client_unary_call.h>
#endif
#if __has_include(<grpcpp/impl/proto_utils.h>)
#include <grpcpp/impl/proto_utils.h>
#else
#include <grpcpp/impl/codegen/proto_utils.h>
#endif
#include <google/rpc/status.pb.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace longbeat::test {

/// A gRPC client without any of longbeat's client code: protobuf messages in, protobuf messages out, nothing retried.
class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    // A connection of its own: clients of one process share them otherwise.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  struct Options {
    std::chrono::milliseconds timeout{5'000};
    bool deadline = true;
    std::map<std::string, std::string> headers{};
    grpc_compression_algorithm compression = GRPC_COMPRESS_NONE;
  };

  /// One call of "/package.Service/Method".
  template <class Request, class Response>
  grpc::Status call_method(const std::string& method, const Request& request, Response* response,
                           const Options& options, grpc::ClientContext& context) const {
    if (options.deadline) context.set_deadline(std::chrono::system_clock::now() + options.timeout);
    for (const auto& [name, value] : options.headers) context.AddMetadata(name, value);
    if (options.compression != GRPC_COMPRESS_NONE) context.set_compression_algorithm(options.compression);
    const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    return grpc::internal::BlockingUnaryCall(channel_.get(), rpc, &context, request, response);
  }

  /// One call of the WorkflowService.
  template <class Request, class Response>
  grpc::Status call(const std::string& rpc, const Request& request, Response* response, const Options& options) const {
    grpc::ClientContext context;
    return call_method("/temporal.api.workflowservice.v1.WorkflowService/" + rpc, request, response, options, context);
  }
  template <class Request, class Response>
  grpc::Status call(const std::string& rpc, const Request& request, Response* response) const {
    return call(rpc, request, response, Options{});
  }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

/// The first detail of a refusal as `Detail`; false when there is none or it is another message.
template <class Detail>
bool detail_of(const grpc::Status& status, Detail& out) {
  google::rpc::Status rich;
  return rich.ParseFromString(status.error_details()) && rich.details_size() == 1 &&
         rich.code() == status.error_code() && rich.message() == status.error_message() &&
         rich.details(0).UnpackTo(&out);
}

}  // namespace longbeat::test
