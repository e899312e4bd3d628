// Clients that only ping: a plain gRPC server cuts them off, ours must not. Both stand side by side, so that the test
// shows that it can fail.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/program.h"
#include "support/raw_client.h"
#include "support/server_process.h"
#include "support/wire_methods.h"

namespace longbeat::crash {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// Stock clients ping every 10 s or less often. The server's own minimum is 5 s; the closer to it, the shorter the test.
constexpr seconds kKeepalive{6};
// gRPC forgives the first ping and two more that come too early, so the fourth is answered with GOAWAY. Ours lives to
// see two more than that.
constexpr seconds kLength = 6 * kKeepalive + seconds(2);

/// gRPC with default settings: takes connections, answers nothing.
class PlainServer {
 public:
  PlainServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (!server_) throw std::runtime_error("the plain server cannot listen");
    thread_ = std::thread([this] {
      void* tag = nullptr;
      bool ok = false;
      while (queue_->Next(&tag, &ok)) continue;
    });
  }
  ~PlainServer() {
    server_->Shutdown(std::chrono::system_clock::now());
    queue_->Shutdown();
    thread_.join();
  }
  PlainServer(const PlainServer&) = delete;
  PlainServer& operator=(const PlainServer&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  grpc::AsyncGenericService service_{};
  std::unique_ptr<grpc::ServerCompletionQueue> queue_{};
  std::unique_ptr<grpc::Server> server_{};
  std::thread thread_{};
};

std::shared_ptr<grpc::Channel> connect_pinging(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(kKeepalive.count() * 1000));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + seconds(10))) {
    throw std::runtime_error("cannot connect to " + address);
  }
  return channel;
}

/// How long a connection without calls lives; nothing when it outlives the test.
std::optional<Clock::duration> life_without_calls(const std::string& address) {
  const auto channel = connect_pinging(address);
  const auto begin = Clock::now();
  if (!channel->WaitForStateChange(GRPC_CHANNEL_READY, std::chrono::system_clock::now() + kLength)) return std::nullopt;
  return Clock::now() - begin;
}

/// The same with one poll that waits all the time and says nothing either.
std::optional<Clock::duration> life_with_a_poll(const std::string& address) {
  const auto channel = connect_pinging(address);
  const auto begin = Clock::now();
  test::wire::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("nothing comes here");
  test::wire::PollActivityTaskQueueResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kLength);
  const grpc::internal::RpcMethod method(test::kPollTask.path, grpc::internal::RpcMethod::NORMAL_RPC);
  const auto status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &response);
  const auto lived = Clock::now() - begin;
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return lived;
  if (!status.ok()) throw std::runtime_error("the poll ended oddly: " + status.error_message());
  return std::nullopt;
}

/// Prints it too.
bool was_cut_off(const char* what, const std::optional<Clock::duration>& life) {
  if (life) {
    std::printf("%s: cut off after %.1f s\n", what, std::chrono::duration<double>(*life).count());
  } else {
    std::printf("%s: not cut off within %lld s\n", what, static_cast<long long>(kLength.count()));
  }
  return life.has_value();
}

int run(const std::string& binary) {
  const test::TempFolder folder;
  test::ServerProcess ours({.binary = binary, .database = {}, .folder = folder.path()});
  PlainServer plain;
  const auto observe = [](auto how, const std::string& address) {
    return std::async(std::launch::async, how, address);
  };
  auto plain_idle = observe(life_without_calls, plain.address());
  auto plain_polling = observe(life_with_a_poll, plain.address());
  auto our_idle = observe(life_without_calls, ours.address());
  auto our_polling = observe(life_with_a_poll, ours.address());
  std::printf("pings every %lld s\n", static_cast<long long>(kKeepalive.count()));
  const bool can_fail_idle = was_cut_off("plain gRPC, no calls", plain_idle.get());
  const bool can_fail_polling = was_cut_off("plain gRPC, one poll", plain_polling.get());
  const bool idle = was_cut_off("longbeat-server, no calls", our_idle.get());
  const bool polling = was_cut_off("longbeat-server, one poll", our_polling.get());
  if (idle || polling) throw std::runtime_error("the server cuts clients off that only ping");
  if (!can_fail_idle || !can_fail_polling) {
    throw std::runtime_error("a plain gRPC server did not cut them off either: this shows nothing any more");
  }
  return 0;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("keepalive_test", "", [&] {
    if (count != 2) throw std::invalid_argument("usage: keepalive_test SERVER");
    return longbeat::crash::run(arguments[1]);
  });
}
