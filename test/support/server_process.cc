#include "support/server_process.h"

#include <stdexcept>
#include <system_error>
#include <vector>

namespace longbeat::test {

ServerProcess::ServerProcess(Options options) : options_(std::move(options)) {
  start();
}

void ServerProcess::kill() {
  process_->kill();
}

std::chrono::milliseconds ServerProcess::restart() {
  kill();
  const auto begin = std::chrono::steady_clock::now();
  start();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

bool ServerProcess::restart_unless_it_dies() {
  kill();
  try {
    start();
    return true;
  } catch (const std::runtime_error&) {
    if (!process_ || process_->running() || !process_->was_killed()) throw;
    return false;
  }
}

void ServerProcess::start() {
  const auto port_file = options_.folder / "server.port";
  std::filesystem::remove(port_file);
  std::vector<std::string> arguments{
      options_.binary,    "--ip",        "127.0.0.1", "--port", std::to_string(port_), "--port-file",
      port_file.string(), "--log-level", "warn"};
  if (!options_.database.empty()) arguments.insert(arguments.end(), {"--db-filename", options_.database.string()});
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  process_.emplace(arguments, options_.folder / "server.log");
  port_ = process_->wait_for_port(port_file, std::chrono::seconds(30));
}

std::uintmax_t ServerProcess::wal_bytes() const {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(options_.database.string() + "-wal", missing);
  return missing ? 0 : bytes;
}

}  // namespace longbeat::test
