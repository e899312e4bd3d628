#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

/// How a LocalServer runs. Every field has a usable default.
struct LocalServerOptions {
  /// Database file, created when missing. Empty: everything in memory, gone with the server.
  std::string database{};
  /// Namespaces that exist besides "default", which always does.
  std::vector<std::string> namespaces{};
  /// Port on the loopback interface. 0: any free one.
  std::uint16_t port = 0;
};

/// What a LocalServer has counted since its start.
struct LocalServerStats {
  std::uint64_t calls = 0;               ///< gRPC calls that came in
  std::uint64_t activities_started = 0;  ///< new runs
  std::uint64_t tasks_handed_out = 0;    ///< attempts that went to a worker
  std::uint64_t hand_outs_undone = 0;    ///< of these, taken back because the reply never left
  std::uint64_t heartbeats = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed_attempts = 0;
  std::uint64_t timeouts = 0;
  std::size_t open_activities = 0;
  std::size_t parked_polls = 0;  ///< worker polls that wait for a task
};

/// The whole durable server inside this process, for tests and single programs: one thread, one loopback port, in
/// memory or on a file, gone with its scope. Movable. start(), stop() and the destructor belong to one thread;
/// address() and stats() to any.
class LONGBEAT_EXPORT LocalServer {
 public:
  /// Returns once calls are served. kUnavailable: the port is taken; other codes: the file is in use, unreadable or not
  /// longbeat's. The message says which in one line.
  static Result<LocalServer> start(LocalServerOptions options = {});

  LocalServer(LocalServer&&) noexcept;
  LocalServer& operator=(LocalServer&&) noexcept;
  /// Stops.
  ~LocalServer();

  /// "127.0.0.1:PORT": what Client::connect takes. Stays the same after stop().
  const std::string& address() const noexcept;

  /// Answers waiting calls, ends what runs within a second, closes the file. May come twice.
  void stop();

  /// As of now; after stop(), as of then.
  LocalServerStats stats() const;

 private:
  struct Impl;
  explicit LocalServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

LONGBEAT_END
