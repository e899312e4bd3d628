#include "rpc/server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <future>
#include <limits>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "outbound/http_outbound.h"
#include "rpc/completion.h"
#include "rpc/event_loop.h"
#include "rpc/failure_codec.h"

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

/// gRPC takes whole milliseconds as an int, and its largest int for "never".
int channel_milliseconds(std::chrono::nanoseconds time) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<int>(std::min<std::int64_t>(count, std::numeric_limits<int>::max() - 1));
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
  if (limits.connection_age_max > std::chrono::nanoseconds::zero()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, channel_milliseconds(limits.connection_age_max));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, channel_milliseconds(limits.connection_age_grace));
  }
}

StatusOr<std::unique_ptr<Store>> open_store(ServerOptions& options) {
  if (options.store) return std::move(options.store);
  if (options.database.empty()) return make_memory_store();
  return open_sqlite_store({.path = options.database});
}

/// gRPC says only that it could not listen; the system says why to who asks again.
std::string why_not_listening(const std::string& ip, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(ip.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "this is no IP address";
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, ::freeaddrinfo);
  const int descriptor = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::generic_category().message(errno);
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool works = ::bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 && ::listen(descriptor, 1) == 0;
  const int error = works ? 0 : errno;
  ::close(descriptor);
  switch (error) {
    case 0:
      return "the port was in use a moment ago";
    case EADDRINUSE:
      return "the port is in use by another program";
    case EADDRNOTAVAIL:
      return "the address is not one of this machine's";
    case EACCES:
      return "no permission for this port (ports below 1024 are the system's)";
    default:
      return std::generic_category().message(error);
  }
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
  const RpcLimits& limits = options_.rpc_limits;

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
                    "cannot listen on " + address + ": " + why_not_listening(options_.ip, options_.port),
                    nullptr,
                    {}});
  }

  auto store = open_store(options_);
  if (!store) return give_up(to_error(store.error()));
  EngineOptions engine_options{
      .namespaces = options_.namespaces, .retentions = options_.retentions, .limits = options_.limits};
  engine_options.on_fatal = [loop = running->loop.get(), report = options_.on_fatal](const std::string& reason) {
    loop->facts().serving = false;
    internal::log(internal::LogLevel::kError, "the engine has ended: " + reason);
    if (report) report(reason);
  };
  auto visibility = open_visibility({.path = options_.database.empty() ? "" : options_.database + ".visibility"},
                                    [loop = running->loop.get()](CallId call, StatusOr<Answer> answer) {
                                      // A loop that is closing owes no answers any more.
                                      loop->post([loop, call, answer = std::move(answer)]() mutable {
                                        loop->engine().answered(call, std::move(answer));
                                      });
                                    });
  if (!visibility) return give_up(to_error(visibility.error()));
  engine_options.visibility = std::move(*visibility);
  engine_options.outbound =
      make_http_outbound(options_.outbound, [loop = running->loop.get()](std::uint64_t ticket, OutboundResult result) {
        // A loop that is closing hears no more; what it does not know of is sent again by the next server.
        loop->post([loop, ticket, result = std::move(result)]() mutable {
          loop->engine().callback_done(ticket, std::move(result));
        });
      });
  engine_options.make_completion = make_completion;
  engine_options.cut_failure = cut_failure;
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
  const auto begin = std::chrono::system_clock::now();
  EventLoop& loop = *running_->loop;
  const auto answered = std::make_shared<std::promise<void>>();
  loop.post([&loop, answered] { loop.stop_accepting([answered] { answered->set_value(); }); });
  // First the answers, then the end of the connections. gRPC says goodbye with a ping, and once that has come back it
  // closes a connection as soon as no call is left on it. The other way round, an answer written after the ping is lost
  // when requests lie unread in the socket: closing it then resets the connection. A tenth of the grace is left to
  // the goodbyes, should a caller not read its answer.
  answered->get_future().wait_for(grace - grace / 10);
  // Blocks until all calls have ended, so it must not run on the loop, which goes on ending them.
  running_->server->Shutdown(begin + grace);
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
