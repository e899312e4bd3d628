#include "bench/echo_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <memory>

namespace longbeat::bench {
namespace {

constexpr int kArmedCalls = 64;

/// One call from its arrival to its end; its own tag, for one operation at a time.
class EchoCall {
 public:
  EchoCall(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) {
    service_.RequestCall(&context_, &stream_, &queue_, &queue_, this);
  }

  void proceed(bool ok) {
    if (step_ == Step::kArrive && ok) {
      new EchoCall(service_, queue_);  // Another one waits in its place; it owns itself as this one does.
      step_ = Step::kRead;
      stream_.Read(&bytes_, this);
    } else if (step_ == Step::kRead && ok) {
      step_ = Step::kEnd;
      stream_.WriteAndFinish(bytes_, {}, grpc::Status::OK, this);
    } else {
      delete this;
    }
  }

 private:
  enum class Step { kArrive, kRead, kEnd };
  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_{};
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer bytes_{};
  Step step_ = Step::kArrive;
};

}  // namespace

int run_echo_server(const std::filesystem::path& port_file) {
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::fprintf(stderr, "echo server: cannot listen on a loopback port\n");
    return 1;
  }
  for (int i = 0; i < kArmedCalls; ++i) new EchoCall(service, *queue);
  std::ofstream(port_file) << port << '\n';
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<EchoCall*>(tag)->proceed(ok);
  return 0;
}

}  // namespace longbeat::bench
