#include "rpc/server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <future>
#include <limits>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "outbound/http_outbound.h"
#include "rpc/acceptor.h"
#include "rpc/completion.h"
#include "rpc/event_loop.h"
#include "rpc/failure_codec.h"
#include "rpc/protection.h"

namespace longbeat::server {

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

namespace {

/// gRPC takes whole milliseconds as an int, and its largest int for "never".
int channel_milliseconds(std::chrono::nanoseconds time) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<int>(std::min<std::int64_t>(count, std::numeric_limits<int>::max() - 1));
}

void set_channel_arguments(grpc::ServerBuilder& builder, const RpcLimits& limits) {
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits.calls_per_connection_max));
  // Who connects and says nothing is not waited for any longer.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, channel_milliseconds(limits.request_wait_max));
  // Our own limit answers with the text SDKs know; this one, far above, only bounds memory.
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.receive_bytes_max * 4));
  // Clients ping every 10 s or more, also without calls; gRPC's default of 5 min would cut them off. Half of it,
  // because pings arrive bunched after a slow moment.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, channel_milliseconds(limits.keepalive_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, channel_milliseconds(limits.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  if (limits.connection_age_max > std::chrono::nanoseconds::zero()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, channel_milliseconds(limits.connection_age_max));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, channel_milliseconds(limits.connection_age_grace));
  }
}

StatusOr<std::unique_ptr<Store>> open_store(ServerOptions& options) {
  if (options.store) return std::move(options.store);
  if (options.database.empty()) return make_memory_store();
  return open_sqlite_store({.path = options.database, .reserve_bytes = options.disk_reserve_bytes});
}

/// The engine with all that belongs to it, from what the store holds. The first time for the start, later again when it
/// has ended because the disk was full.
StatusOr<std::unique_ptr<Engine>> make_engine(ServerOptions& options, EventLoop& loop,
                                              const internal::ServerClock& clock,
                                              const std::function<void(const std::string&)>& fatal) {
  const bool can_reopen = !options.store && !options.database.empty();
  auto store = open_store(options);
  if (!store) return store.error();
  EngineOptions engine_options{
      .namespaces = options.namespaces, .retentions = options.retentions, .limits = options.limits};
  engine_options.on_fatal = fatal;
  if (can_reopen) {
    engine_options.on_disk_full = [&loop](const std::string& reason) {
      internal::log(internal::LogLevel::kError, "the engine starts anew, its disk was full: " + reason);
      loop.replace_engine_soon();
    };
  }
  // A loop that is closing owes no answers any more; and those to an older engine are of no use to this one.
  const auto post = [&loop, number = loop.engine_number()](auto work) {
    loop.post([&loop, number, work = std::move(work)]() mutable {
      if (loop.engine_number() == number) work(loop.engine());
    });
  };
  auto visibility = open_visibility(
      {.path = options.database.empty() ? "" : options.database + ".visibility"},
      [post](CallId call, StatusOr<Answer> answer) {
        post([call, answer = std::move(answer)](Engine& engine) mutable { engine.answered(call, std::move(answer)); });
      });
  if (!visibility) return visibility.error();
  engine_options.visibility = std::move(*visibility);
  // What a closing loop does not hear of is sent again by the next server.
  engine_options.outbound = make_http_outbound(options.outbound, [post](std::uint64_t ticket, OutboundResult result) {
    post([ticket, result = std::move(result)](Engine& engine) mutable {
      engine.callback_done(ticket, std::move(result));
    });
  });
  engine_options.make_completion = make_completion;
  engine_options.cut_failure = cut_failure;
  return Engine::open(std::move(*store), std::move(engine_options), clock.now());
}

}  // namespace

struct Server::Running {
  internal::ServerClock clock{internal::system_clock()};
  std::unique_ptr<Protection> protection{};
  std::unique_ptr<Acceptor> acceptor{};
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
  auto protection = Protection::prepare(options_, running->clock);
  if (!protection) return to_error(protection.error());
  running->protection = std::move(*protection);

  // The port first: a second server is refused before it touches the file.
  auto acceptor = Acceptor::listen(options_.ip, options_.port);
  if (!acceptor) return to_error(acceptor.error());
  running->acceptor = std::move(*acceptor);
  grpc::ServerBuilder builder;
  using Source = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  auto connections =
      builder.experimental().AddExternalConnectionAcceptor(Source::FROM_FD, running->protection->credentials());
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
  if (!running->server) return give_up({ErrorCode::kInternal, "gRPC does not start its server", nullptr, {}});
  running->loop->watch_connections(*running->acceptor);

  EventLoop* const loop = running->loop.get();
  const auto fatal = [loop, report = options_.on_fatal](const std::string& reason) {
    loop->facts().serving = false;
    internal::log(internal::LogLevel::kError, "the engine has ended: " + reason);
    if (report) report(reason);
  };
  const auto make = [this, loop, fatal, &clock = running->clock] { return make_engine(options_, *loop, clock, fatal); };
  auto engine = make();
  if (!engine) return give_up(to_error(engine.error()));

  running->loop->facts().cluster_id = (*engine)->cluster_id();
  running->loop->gate().set(running->protection->rules());
  running->loop->start(std::move(*engine), make, fatal);
  running->protection->watch(*loop);
  loop_.with([&](auto& shared) { return shared = running->loop; });
  const std::uint16_t port = running->acceptor->port();
  running->acceptor->start(std::move(connections), limits.connections_max);
  running_ = std::move(running);
  return port;
}

void Server::stop(std::chrono::milliseconds grace) {
  if (!running_ || !running_->server) return;
  const auto begin = std::chrono::system_clock::now();
  EventLoop& loop = *running_->loop;
  running_->protection->stop();
  const auto answered = std::make_shared<std::promise<void>>();
  loop.post([&loop, answered] { loop.stop_accepting([answered] { answered->set_value(); }); });
  // First the answers, then the end of the connections. gRPC says goodbye with a ping, and once that has come back it
  // closes a connection as soon as no call is left on it. The other way round, an answer written after the ping is lost
  // when requests lie unread in the socket: closing it then resets the connection. A tenth of the grace is left to
  // the goodbyes, should a caller not read its answer.
  answered->get_future().wait_for(grace - grace / 10);
  running_->acceptor->stop();
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
                       rpc.exceptions, rpc.callers_gone, rpc.undelivered, rpc.open_calls, loop->engine().stats(),
                       rpc.access, rpc.certificates_renewed, rpc.shed, rpc.cut_off, rpc.connections,
                       rpc.connections_closed_at_once});
  });
  // Posted work is run even when the loop closes meanwhile.
  return posted ? future.get() : last();
}

}  // namespace longbeat::server
