// longbeat-server: flags, log, signals, exit codes. The only place that may end the process.
#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <grpcpp/version_info.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "flags.h"
#include "longbeat/export.h"
#include "longbeat/spdlog.h"
#include "port_file.h"
#include "rpc/grpc_log.h"
#include "rpc/json_text.h"
#include "rpc/protobuf_log.h"
#include "rpc/server.h"

namespace {

constexpr int kExitFailed = 1;
/// A signal that comes sooner after the first is the same wish twice: timeout(1) sends it to the group and the child.
constexpr std::chrono::seconds kSecondSignalAfter{1};

using longbeat::server::Config;

longbeat::internal::LogLevel least_level(const std::string& name) {
  using longbeat::internal::LogLevel;
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  return name == "warn" ? LogLevel::kWarn : LogLevel::kError;
}

void set_up_log(const Config& config) {
  auto logger = spdlog::stderr_logger_mt("longbeat");
  const bool json = config.log_format == "json";
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%v})"
                           : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(config.log_level == "never" ? spdlog::level::off : spdlog::level::from_str(config.log_level));
  logger->flush_on(spdlog::level::warn);
  longbeat::internal::set_log_sink(
      [logger, json](const longbeat::LogRecord& record) {
        logger->log(longbeat::internal::to_spdlog(record.level), "{}",
                    json ? longbeat::server::json_quoted(record.message) : to_string(record));
      },
      least_level(config.log_level));
  longbeat::internal::log_on_own_thread();  // A terminal or pipe that takes no more must not stop the server.
  longbeat::server::log_protobuf_lines();
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
  // gRPC's own lines are for those who look for faults; newer releases log through absl.
  gpr_set_log_function([](gpr_log_func_args* args) { longbeat::server::log_grpc_line(args->message); });
#endif
}

/// Why main goes on from waiting.
class Ending {
 public:
  void ask(std::optional<std::string> failure) {
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = std::move(failure);
    asked_ = true;
    condition_.notify_all();
  }
  /// Returns what failed, or nothing: somebody wants the server to stop.
  std::optional<std::string> wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return asked_; });
    return failure_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool asked_ = false;
  std::optional<std::string> failure_{};
};

/// Waits for SIGINT and SIGTERM, which are blocked everywhere: the first asks for the end, one that comes
/// kSecondSignalAfter or more later ends the process at once. Its destructor ends the waiting.
class SignalThread {
 public:
  SignalThread(const sigset_t& signals, Ending& ending) : thread_([this, signals, &ending] { run(signals, ending); }) {}
  ~SignalThread() {
    over_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  void run(const sigset_t& signals, Ending& ending) {
    std::optional<longbeat::internal::TimePoint> first;
    for (;;) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0 || over_) return;
      const auto now = longbeat::internal::system_clock().now();
      if (first && now - *first >= kSecondSignalAfter) std::_Exit(128 + signal);
      if (!first) first = now;
      ending.ask(std::nullopt);
    }
  }

  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// As many open files as the system lets this process have: each connection takes one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // If that fails, the acceptor says how many connections are left.
}

int fail(const std::string& reason) {
  std::cerr << "longbeat-server: " << reason << std::endl;
  return kExitFailed;
}

/// The one line on stdout: where calls are served, and what becomes of the state.
std::string greeting(const Config& config, std::uint16_t port, const longbeat::server::ServerStats& stats) {
  const bool is_ipv6 = config.ip.find(':') != std::string::npos;
  std::string line = std::string("longbeat-server ") + LONGBEAT_VERSION + " listening on " +
                     (is_ipv6 ? "[" + config.ip + "]" : config.ip) + ':' + std::to_string(port) + ", ";
  if (config.database.empty()) return line + "state in memory only, lost at exit (--db-filename FILE keeps it)";
  std::error_code none;  // The file has just been opened.
  const auto path = std::filesystem::canonical(config.database, none);
  return line + "database '" + (none ? config.database : path.string()) +
         "', activities recovered: " + std::to_string(stats.engine.open) + " open, " +
         std::to_string(stats.engine.closed) + " closed";
}

/// The keys of the configuration file as it is now.
longbeat::internal::StatusOr<longbeat::server::AccessRules> read_access(const std::string& file) {
  Config config;
  const auto problems = longbeat::server::read_config(file, config);
  if (!problems.empty()) {
    const std::string more = problems.size() > 1 ? " (and " + std::to_string(problems.size() - 1) + " more)" : "";
    return longbeat::internal::invalid_argument(problems.front() + more);
  }
  return longbeat::server::access_rules(config);
}

int serve(const Config& config, const sigset_t& signals) {
  Ending ending;
  const SignalThread signal_thread(signals, ending);
  longbeat::server::ServerOptions options;
  options.ip = config.ip;
  options.port = config.port;
  options.database = config.database;
  options.disk_reserve_bytes = config.disk_reserve;
  options.limits = config.limits;
  options.rpc_limits = config.rpc;
  options.outbound = config.outbound;
  options.tls = config.tls;
  options.access = longbeat::server::access_rules(config);
  options.insecure_listen = config.insecure_listen;
  if (!config.file.empty()) {
    options.access_file = config.file;
    options.read_access = [file = config.file] { return read_access(file); };
  }
  for (const auto& [name, space] : config.namespaces) {
    options.namespaces.push_back(name);
    if (space.retention) options.retentions[name] = *space.retention;
  }
  options.on_fatal = [&ending](const std::string& reason) { ending.ask(reason); };
  longbeat::server::Server server(std::move(options));
  const auto port = server.start();
  if (!port) return fail(port.error().message);
  std::optional<longbeat::server::PortFile> port_file;
  if (!config.port_file.empty()) {
    port_file.emplace(config.port_file, *port);
    if (const auto failure = port_file->failure()) return fail(*failure);
  }
  std::cout << greeting(config, *port, server.stats()) << std::endl;
  if (port_file) {
    port_file->publish();
    if (const auto failure = port_file->failure()) return fail(*failure);
  }
  const auto failure = ending.wait();
  longbeat::internal::log(longbeat::internal::LogLevel::kInfo, "stopping");
  server.stop(std::chrono::duration_cast<std::chrono::milliseconds>(config.stop_grace));
  return failure ? fail("ended by a fault: " + *failure) : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Config config;
  if (const auto code = longbeat::server::parse_flags(argc, argv, config)) return *code;
  // Before any thread exists, so that all inherit it and only sigwait sees these signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // A file that may not grow (ulimit -f) is a failed write, which is told.
  raise_file_limit();
  // Debian's build checks every mutex for lock-order cycles, at a cost that grows with parked calls.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  try {
    set_up_log(config);
    return serve(config, signals);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
