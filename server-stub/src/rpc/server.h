#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "engine/engine.h"
#include "longbeat/result.h"
#include "outbound/http_outbound.h"
#include "rpc/limits.h"

namespace longbeat::server {

class EventLoop;

struct ServerOptions {
  /// Address of one interface of this machine.
  std::string ip = "127.0.0.1";
  /// 0: any free port.
  std::uint16_t port = 0;
  /// Database file, created when missing; empty: memory, gone with the server.
  std::string database{};
  /// Used instead of `database` when set: tests, and stores of another kind.
  std::unique_ptr<Store> store{};
  /// Namespaces that exist besides "default".
  std::vector<std::string> namespaces{};
  /// Retention of these namespaces from this start on, whatever was set before.
  std::map<std::string, Duration> retentions{};
  EngineLimits limits{};
  RpcLimits rpc_limits{};
  HttpOutboundOptions outbound{};
  /// The engine has ended (failed commit, broken invariant): the server goes on answering UNAVAILABLE until it is
  /// stopped. Runs on the loop's thread; must neither block nor call the server.
  std::function<void(const std::string& reason)> on_fatal{};
};

/// Calls and activities, since the start.
struct ServerStats {
  std::uint64_t calls = 0, unknown_methods = 0, undecodable = 0, oversized = 0, refused_overload = 0, exceptions = 0;
  std::uint64_t callers_gone = 0, undelivered = 0;
  std::size_t open_calls = 0;
  EngineStats engine{};
};

/// The whole server behind one port: store, engine, event loop. Starts once. start() and stop() belong to one thread;
/// stats() to any.
class Server {
 public:
  explicit Server(ServerOptions options);
  /// Stops, with a second of grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Returns once calls are served: the port in use, or one clear line why not (address, port taken, file).
  Result<std::uint16_t> start();
  /// Answers parked calls, refuses new ones, lets running ones end for up to `grace`, then cancels them and closes the
  /// file. Does nothing the second time or without a start.
  void stop(std::chrono::milliseconds grace);

  /// As of now; after stop(), as of then.
  ServerStats stats() const;

 private:
  struct Running;
  ServerOptions options_;
  std::unique_ptr<Running> running_;
  // For stats(), which may come from any thread while stop() runs.
  internal::Guarded<std::shared_ptr<EventLoop>> loop_{};
  internal::Guarded<ServerStats> last_stats_{};
};

}  // namespace longbeat::server
