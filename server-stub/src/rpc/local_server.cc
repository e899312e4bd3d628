#include <chrono>
#include <utility>

#include "longbeat/server.h"
#include "rpc/in_process_link.h"
#include "rpc/local_server_impl.h"

LONGBEAT_BEGIN

namespace {

/// Goes by a port, as everybody from outside.
class PortTransport final : public Transport {
 public:
  explicit PortTransport(std::string address) : address_(std::move(address)) {}
  std::string address() const override { return address_; }
  std::shared_ptr<internal::TransportLink> open() override { return nullptr; }

 private:
  const std::string address_;
};

class InProcessTransport final : public Transport {
 public:
  InProcessTransport(std::shared_ptr<server::StageThread> stage, std::weak_ptr<server::InProcessServer> server)
      : stage_(std::move(stage)), server_(std::move(server)) {}
  std::shared_ptr<internal::TransportLink> open() override {
    return std::make_shared<server::InProcessLink>(stage_, server_);
  }

 private:
  const std::shared_ptr<server::StageThread> stage_;
  const std::weak_ptr<server::InProcessServer> server_;
};

LocalServerStats public_stats(std::uint64_t calls, const server::EngineStats& from) {
  LocalServerStats to;
  to.calls = calls;
  to.activities_started = from.started;
  to.tasks_handed_out = from.handed_out;
  to.hand_outs_undone = from.hand_outs_undone;
  to.heartbeats = from.heartbeats;
  to.completed = from.completed;
  to.failed_attempts = from.failed_attempts;
  to.timeouts = from.timeouts;
  to.open_activities = from.open;
  to.parked_polls = from.parked_polls;
  return to;
}

}  // namespace

Result<LocalServer> LocalServer::start(LocalServerOptions options) {
  if (options.kind < LocalServerKind::kPort || options.kind > LocalServerKind::kManualClock) {
    return Error{ErrorCode::kInvalidArgument,
                 "LocalServerOptions.kind is " + std::to_string(static_cast<int>(options.kind)) +
                     ", which is no LocalServerKind",
                 nullptr,
                 {}};
  }
  auto impl = std::make_unique<Impl>();
  if (options.kind == LocalServerKind::kPort) {
    server::ServerOptions server_options;
    server_options.port = options.port;
    server_options.database = std::move(options.database);
    server_options.namespaces = std::move(options.namespaces);
    impl->started = internal::system_clock().now();
    impl->on_port = std::make_unique<server::Server>(std::move(server_options));
    auto port = impl->on_port->start();
    if (!port) return std::move(port).error();
    impl->address = "127.0.0.1:" + std::to_string(*port);
    return LocalServer(std::move(impl));
  }
  impl->stage = std::make_shared<server::StageThread>(options.kind == LocalServerKind::kManualClock);
  impl->started = impl->stage->stage().clock()->now();
  impl->in_process = std::make_shared<server::InProcessServer>(
      impl->stage, server::InProcessOptions{std::move(options.database), std::move(options.namespaces)});
  impl->in_process->after_step = [raw = impl.get()] { raw->look(); };
  if (auto opened = impl->in_process->open(); !opened) return server::to_error(opened.error());
  return LocalServer(std::move(impl));
}

LocalServer::LocalServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
LocalServer::LocalServer(LocalServer&&) noexcept = default;
LocalServer& LocalServer::operator=(LocalServer&& other) noexcept {
  if (this == &other) return *this;
  stop();
  impl_ = std::move(other.impl_);
  return *this;
}
LocalServer::~LocalServer() {
  stop();
}

const std::string& LocalServer::address() const noexcept {
  return impl_->address;
}

std::shared_ptr<Transport> LocalServer::transport() const {
  if (impl_->on_port) return std::make_shared<PortTransport>(impl_->address);
  return std::make_shared<InProcessTransport>(impl_->stage, impl_->in_process);
}

void LocalServer::stop() {
  if (!impl_) return;
  if (impl_->on_port) return impl_->on_port->stop(std::chrono::seconds(1));
  if (impl_->stopped) return;
  impl_->last_stats = stats();
  impl_->stopped = true;  // What follows is posted, so every wait looks once more, and ends.
  impl_->in_process->stop();
}

LocalServerStats LocalServer::stats() const {
  return impl_->stats();
}

LocalServerStats LocalServer::Impl::stats() {
  if (on_port) {
    const server::ServerStats from = on_port->stats();
    return public_stats(from.calls, from.engine);
  }
  const auto read = [&server = *in_process] {
    return public_stats(server.calls(), server.engine() != nullptr ? server.engine()->stats() : server::EngineStats{});
  };
  return on_stage(read, true).value_or(last_stats);
}

LONGBEAT_END
