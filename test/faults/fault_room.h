#pragma once
#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.h"
#include "support/eventually.h"
#include "support/flaky_proxy.h"
#include "support/server_process.h"

namespace longbeat::faults {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Wall = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Counts up from its checkpoint and returns where it ends.
inline constexpr Activity<int(int)> count_up{"count_up"};

inline double in_seconds(Steady::duration time) {
  return std::chrono::duration<double>(time).count();
}

using test::eventually;

inline StartOptions start_options(std::string id, std::chrono::nanoseconds heartbeat_timeout) {
  StartOptions options;
  options.id = std::move(id);
  options.task_queue = "q";
  options.start_to_close_timeout = 2min;
  options.heartbeat_timeout = heartbeat_timeout;
  options.retry_policy = RetryPolicy{.initial_interval = 10ms, .backoff_coefficient = 1.0};
  return options;
}

inline Client connect(const std::string& address) {
  return Client::connect({.address = address}).value();
}

/// TCP connections on this machine that are open to this port now, as the kernel counts them.
inline std::size_t connections_to(std::uint16_t port) {
  std::size_t count = 0;
  for (const auto* name : {"/proc/net/tcp", "/proc/net/tcp6"}) {  // gRPC uses sockets of the latter for both.
    std::ifstream table(name);
    std::string slot, local, remote, state, rest;
    std::getline(table, rest);  // Names of the columns.
    while (table >> slot >> local >> remote >> state && std::getline(table, rest)) {
      constexpr auto kEstablished = "01";
      const auto remote_port = remote.substr(remote.find(':') + 1);
      if (state == kEstablished && std::stoul(remote_port, nullptr, 16) == port) ++count;
    }
  }
  return count;
}

/// A server of our own, the way to it that fails, and the one that does not.
struct Room {
  /// `settings` is a configuration file.
  explicit Room(const std::string& settings = {}, bool durable = false)
      : server({.binary = LONGBEAT_SERVER_PROGRAM,
                .database = durable ? folder.path() / "server.db" : std::filesystem::path(),
                .folder = folder.path(),
                .arguments = arguments(settings)}) {}

  test::TempFolder folder{};
  test::ServerProcess server;
  test::FlakyProxy proxy{server.port()};
  Client through = connect(proxy.address());
  Client direct = connect(server.address());

 private:
  std::vector<std::string> arguments(const std::string& settings) const {
    if (settings.empty()) return {};
    const auto file = folder.path() / "server.toml";
    std::ofstream(file) << settings;
    return {"--config", file.string()};
  }
};

}  // namespace longbeat::faults
