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
#include "security/access.h"
#include "security/certificates.h"

namespace longbeat::server {

class EventLoop;

struct ServerOptions {
  /// Address of one interface of this machine.
  std::string ip = "127.0.0.1";
  /// 0: any free port.
  std::uint16_t port = 0;
  /// Database file, created when missing; empty: memory, gone with the server.
  std::string database{};
  /// Kept free beside the database (`<database>.reserve`), so that with a full disk what runs can end and what is
  /// closed can be deleted. 0: nothing.
  std::uint64_t disk_reserve_bytes = 32ULL * 1024 * 1024;
  /// Used instead of `database` when set: tests, and stores of another kind.
  std::unique_ptr<Store> store{};
  /// Namespaces that exist besides "default".
  std::vector<std::string> namespaces{};
  /// Retention of these namespaces from this start on, whatever was set before.
  std::map<std::string, Duration> retentions{};
  EngineLimits limits{};
  RpcLimits rpc_limits{};
  HttpOutboundOptions outbound{};
  /// Files for TLS; none: plain HTTP/2. Read again when they change; connections go on with what they began with.
  TlsFiles tls{};
  /// Who may call what.
  AccessRules access{};
  /// The file that holds the rules, watched when set; and what reads it again, on the housekeeping thread. A refusal is
  /// logged, and the old rules stay.
  std::string access_file{};
  std::function<internal::StatusOr<AccessRules>()> read_access{};
  /// How often these files are looked at. A change is taken up when two looks in a row find the same.
  std::chrono::milliseconds watch_interval{1'000};
  /// Listens beyond the loopback interface also without TLS and authentication.
  bool insecure_listen = false;
  /// The engine has ended (failed commit, broken invariant): the server goes on answering UNAVAILABLE until it is
  /// stopped. Runs on the loop's thread; must neither block nor call the server. A full disk is no such end: with a
  /// `database`, the server goes on from what the file holds, and refuses only what is new until there is room again.
  std::function<void(const std::string& reason)> on_fatal{};
};

/// Calls and activities, since the start.
struct ServerStats {
  std::uint64_t calls = 0, unknown_methods = 0, undecodable = 0, oversized = 0, refused_overload = 0, exceptions = 0;
  std::uint64_t callers_gone = 0, undelivered = 0;
  std::size_t open_calls = 0;
  EngineStats engine{};
  AccessRefusals access{};
  std::uint64_t certificates_renewed = 0;
  std::uint64_t shed = 0;     ///< new work refused because the server could not keep up
  std::uint64_t cut_off = 0;  ///< calls whose callers neither sent nor read for too long
  std::size_t connections = 0;
  std::uint64_t connections_closed_at_once = 0;  ///< because there were far too many
};

/// How a start that failed looks to users.
Error to_error(const internal::Status& status);

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
