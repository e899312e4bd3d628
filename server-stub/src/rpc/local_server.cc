#include <chrono>
#include <utility>

#include "longbeat/server.h"
#include "rpc/server.h"

LONGBEAT_BEGIN

struct LocalServer::Impl {
  explicit Impl(server::ServerOptions options) : server(std::move(options)) {}
  server::Server server;
  std::string address{};
};

Result<LocalServer> LocalServer::start(LocalServerOptions options) {
  server::ServerOptions server_options;
  server_options.port = options.port;
  server_options.database = std::move(options.database);
  server_options.namespaces = std::move(options.namespaces);
  auto impl = std::make_unique<Impl>(std::move(server_options));
  auto port = impl->server.start();
  if (!port) return std::move(port).error();
  impl->address = "127.0.0.1:" + std::to_string(*port);
  return LocalServer(std::move(impl));
}

LocalServer::LocalServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
LocalServer::LocalServer(LocalServer&&) noexcept = default;
LocalServer& LocalServer::operator=(LocalServer&&) noexcept = default;
LocalServer::~LocalServer() = default;

const std::string& LocalServer::address() const noexcept {
  return impl_->address;
}

void LocalServer::stop() {
  if (impl_) impl_->server.stop(std::chrono::seconds(1));
}

LocalServerStats LocalServer::stats() const {
  const server::ServerStats from = impl_->server.stats();
  LocalServerStats to;
  to.calls = from.calls;
  to.activities_started = from.engine.started;
  to.tasks_handed_out = from.engine.handed_out;
  to.hand_outs_undone = from.engine.hand_outs_undone;
  to.heartbeats = from.engine.heartbeats;
  to.completed = from.engine.completed;
  to.failed_attempts = from.engine.failed_attempts;
  to.timeouts = from.engine.timeouts;
  to.open_activities = from.engine.open;
  to.parked_polls = from.engine.parked_polls;
  return to;
}

LONGBEAT_END
