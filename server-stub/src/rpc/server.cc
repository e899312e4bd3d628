#include "rpc/server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <future>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "rpc/event_loop.h"

namespace longbeat::server {

namespace {

Error to_error(const Status& status) {
  ErrorCode code = ErrorCode::kInternal;
  switch (status.code) {
    case internal::StatusCode::kInvalidArgument:
      code = ErrorCode::kInvalidArgument;
      break;
    case internal::StatusCode::kNotFound:
      code = ErrorCode::kNotFound;
      break;
    case internal::StatusCode::kFailedPrecondition:
      code = ErrorCode::kFailedPrecondition;
      break;
    case internal::StatusCode::kPermissionDenied:
      code = ErrorCode::kPermissionDenied;
      break;
    case internal::StatusCode::kResourceExhausted:
      code = ErrorCode::kResourceExhausted;
      break;
    case internal::StatusCode::kUnavailable:
      code = ErrorCode::kUnavailable;
      break;
    default:
      break;
  }
  return {code, status.message, nullptr, {}};
}

void set_channel_arguments(grpc::ServerBuilder& builder, const RpcLimits& limits) {
  // gRPC lets two servers share a port by default; both would "work".
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Our own limit answers with the text SDKs know; this one, far above, only bounds memory.
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.receive_bytes_max * 4));
  // Clients ping every 10 s or more, also without calls; gRPC's default of 5 min would cut them off. Half of it,
  // because pings arrive bunched after a slow moment.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Finds pollers whose machine has vanished, so that no task is handed to them.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

StatusOr<std::unique_ptr<Store>> open_store(ServerOptions& options) {
  if (options.store) return std::move(options.store);
  if (options.database.empty()) return make_memory_store();
  return open_sqlite_store({.path = options.database});
}

}  // namespace

struct Server::Running {
  internal::ServerClock clock{internal::system_clock()};
  grpc::AsyncGenericService service{};
  std::unique_ptr<grpc::Server> server{};
  std::shared_ptr<EventLoop> loop{};
};

Server::Server(ServerOptions options) : options_(std::move(options)) {}

Server::~Server() {
  stop(std::chrono::seconds(1));
}

Result<std::uint16_t> Server::start() {
  if (running_) return Error{ErrorCode::kFailedPrecondition, "the server has been started already", nullptr, {}};
  auto running = std::make_unique<Running>();
  const RpcLimits limits;

  // The port first: a second server is refused before it touches the file.
  const std::string address = (options_.ip.find(':') == std::string::npos ? options_.ip : "[" + options_.ip + "]") +
                              ":" + std::to_string(options_.port);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterAsyncGenericService(&running->service);
  set_channel_arguments(builder, limits);
  auto queue = builder.AddCompletionQueue();
  running->server = builder.BuildAndStart();
  running->loop = std::make_shared<EventLoop>(std::move(queue), running->service, limits,
                                              ServerFacts{{}, options_.database.empty() ? "memory" : "sqlite", true},
                                              running->clock);
  const auto give_up = [&](Error error) {
    if (running->server) running->server->Shutdown(std::chrono::system_clock::now());
    running->loop->close();
    return error;
  };
  if (!running->server || port == 0) {
    return give_up({ErrorCode::kUnavailable,
                    "cannot listen on " + address + ": the port is taken, or the address is not one of this machine's",
                    nullptr,
                    {}});
  }

  auto store = open_store(options_);
  if (!store) return give_up(to_error(store.error()));
  EngineOptions engine_options{.namespaces = options_.namespaces, .limits = options_.limits};
  engine_options.on_fatal = [loop = running->loop.get(), report = options_.on_fatal](const std::string& reason) {
    loop->facts().serving = false;
    internal::log(internal::LogLevel::kError, "the engine has ended: " + reason);
    if (report) report(reason);
  };
  auto engine = Engine::open(std::move(*store), std::move(engine_options), running->clock.now());
  if (!engine) return give_up(to_error(engine.error()));

  running->loop->facts().cluster_id = (*engine)->cluster_id();
  running->loop->start(std::move(*engine));
  loop_.with([&](auto& loop) { return loop = running->loop; });
  running_ = std::move(running);
  return static_cast<std::uint16_t>(port);
}

void Server::stop(std::chrono::milliseconds grace) {
  if (!running_ || !running_->server) return;
  EventLoop& loop = *running_->loop;
  loop.post([&loop] { loop.stop_accepting(); });
  // Blocks until all calls have ended, so it must not run on the loop, which goes on ending them.
  running_->server->Shutdown(std::chrono::system_clock::now() + grace);
  const ServerStats last = stats();
  last_stats_.with([&](ServerStats& stats) { return stats = last; });
  loop_.with([](auto& shared) { return std::exchange(shared, nullptr); });
  loop.close();
  running_->server.reset();
  running_->loop.reset();
}

ServerStats Server::stats() const {
  const auto last = [this] { return last_stats_.with([](const ServerStats& stats) { return stats; }); };
  const auto loop = loop_.with([](const auto& shared) { return shared; });
  if (!loop) return last();
  auto answer = std::make_shared<std::promise<ServerStats>>();
  auto future = answer->get_future();
  const bool posted = loop->post([loop = loop.get(), answer] {
    const RpcStats rpc = loop->stats();
    answer->set_value({rpc.calls, rpc.unknown_methods, rpc.undecodable, rpc.oversized, rpc.refused_overload,
                       rpc.exceptions, rpc.callers_gone, rpc.undelivered, rpc.open_calls, loop->engine().stats()});
  });
  // Posted work is run even when the loop closes meanwhile.
  return posted ? future.get() : last();
}

}  // namespace longbeat::server
