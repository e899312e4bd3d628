#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <iostream>
#include <stop_token>
#include <string>

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<std::string(std::string path)> checksum{"checksum"};
std::string checksum_of(const std::string& path);

// [run]
int run_worker(const longbeat::Client& client) {
  longbeat::Worker worker(client, {.task_queue = "files", .max_concurrent_activities = 8});
  worker.serve(checksum, checksum_of);
  if (const auto ended = worker.run(); !ended) {  // Until SIGINT or SIGTERM.
    std::cerr << ended.error() << "\n";
    return 1;
  }
  return 0;
}
// [end]

// [embedded]
longbeat::Result<> beside_other_work(const longbeat::Client& client, std::stop_token stop) {
  longbeat::Worker worker(client, {.task_queue = "files", .graceful_shutdown_timeout = 30s});
  worker.serve(checksum, checksum_of);
  return worker.run(stop);  // Touches no signal. Or: start(), and later stop(within).
}
// [end]

void log_lines() {
  // [log]
  longbeat::set_log_sink([](const longbeat::LogRecord& line) { std::clog << to_string(line) << "\n"; });
  // [end]
}

longbeat::Result<longbeat::Client> secured(const std::string& key) {
  // [tls]
  auto client = longbeat::Client::connect({.address = "longbeat.example:7233",
                                           .tls = longbeat::TlsOptions{.ca = "/etc/longbeat/ca.pem"},
                                           .api_key = key,
                                           .namespace_name = "billing"});
  // [end]
  return client;
}
