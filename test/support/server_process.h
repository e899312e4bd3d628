#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/child_process.h"

namespace longbeat::test {

/// A real longbeat-server on a loopback port, which it keeps over restarts. Ends with this object. Not thread-safe.
class ServerProcess {
 public:
  struct Options {
    /// The longbeat-server program.
    std::string binary{};
    /// Its store; empty keeps everything in memory.
    std::filesystem::path database{};
    /// Where port file and log go. Must exist.
    std::filesystem::path folder{};
    /// What else stands on its command line.
    std::vector<std::string> arguments{};
  };

  /// Starts it and returns when it listens. Throws std::runtime_error with its last words when it does not.
  explicit ServerProcess(Options options);

  /// kill -9.
  void kill();
  /// Starts it again on the same file and port. Returns the time until it listened. Throws as the constructor does.
  std::chrono::milliseconds restart();

  /// The same for a server that may kill itself (SIGKILL): false when it did so before it listened.
  bool restart_unless_it_dies();

  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  bool running() { return process_ && process_->running(); }
  /// Asks it to stop (SIGTERM); does not wait.
  void terminate() { process_->terminate(); }
  /// What it ended with by itself; nothing while it runs, or when a signal ended it.
  std::optional<int> exit_code() { return process_->exit_code(); }
  bool was_killed() { return process_->was_killed(); }
  std::chrono::nanoseconds cpu_time() const { return process_->cpu_time(); }
  pid_t pid() const { return process_->pid(); }
  std::uintmax_t resident_bytes() const { return process_->resident_bytes(); }
  std::string log_tail() const { return process_->log_tail(); }
  /// Size of the store's write-ahead log now; zero without one.
  std::uintmax_t wal_bytes() const;

 private:
  void start();
  Options options_;
  int port_ = 0;
  std::optional<ChildProcess> process_{};
};

}  // namespace longbeat::test
