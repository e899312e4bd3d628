// longbeat-server: flags, log, signals, exit codes. The only place that may end the process.
#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <grpcpp/version_info.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "longbeat/export.h"
#include "rpc/json_text.h"
#include "rpc/server.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitBadFlags = 2;
constexpr std::chrono::seconds kStopGrace{10};

struct Flags {
  std::string ip = "127.0.0.1";
  std::uint16_t port = 7233;
  std::string port_file{};
  std::string database{};
  std::vector<std::string> namespaces{};
  std::string log_level = "warn";
  std::string log_format = "text";
};

/// The exit code when there is nothing more to do: help, version, bad flags.
std::optional<int> parse_flags(int argc, char** argv, Flags& flags) {
  CLI::App app("Durable activities: the longbeat server.", "longbeat-server");
  app.set_version_flag("--version", std::string("longbeat-server ") + LONGBEAT_VERSION);
  app.add_option("--ip", flags.ip, "Address to listen on")->capture_default_str()->check(CLI::ValidIPV4);
  app.add_option("-p,--port", flags.port, "Port to listen on; 0: any free one")->capture_default_str();
  app.add_option("--port-file", flags.port_file, "Write the port in use to this file once calls are served");
  app.add_option("-f,--db-filename", flags.database,
                 "Database file, created when missing; without it everything is in memory")
      ->check([](const std::string& name) { return name.empty() ? "a database file needs a name" : std::string(); });
  app.add_option("-n,--namespace", flags.namespaces, "Namespace to create besides \"default\"; repeatable")
      ->check([](const std::string& name) { return name.empty() ? "a namespace needs a name" : std::string(); });
  app.add_option("--log-level", flags.log_level, "Lines to write")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "never"}));
  app.add_option("--log-format", flags.log_format, "How lines look")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return app.exit(error);  // --help, --version
    std::cerr << "longbeat-server: " << error.what() << " (--help lists the flags)\n";
    return kExitBadFlags;
  }
  return std::nullopt;
}

spdlog::level::level_enum to_spdlog(longbeat::internal::LogLevel level) {
  switch (level) {
    case longbeat::internal::LogLevel::kDebug:
      return spdlog::level::debug;
    case longbeat::internal::LogLevel::kInfo:
      return spdlog::level::info;
    case longbeat::internal::LogLevel::kWarn:
      return spdlog::level::warn;
    case longbeat::internal::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

void set_up_log(const Flags& flags) {
  auto logger = spdlog::stderr_logger_mt("longbeat");
  const bool json = flags.log_format == "json";
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%v})"
                           : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(flags.log_level == "never" ? spdlog::level::off : spdlog::level::from_str(flags.log_level));
  logger->flush_on(spdlog::level::warn);
  longbeat::internal::set_log_sink([logger, json](longbeat::internal::LogLevel level, std::string_view line) {
    logger->log(to_spdlog(level), "{}", json ? longbeat::server::json_quoted(line) : std::string(line));
  });
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
  // gRPC's own lines are for those who look for faults; newer releases log through absl.
  gpr_set_log_function([](gpr_log_func_args* args) {
    longbeat::internal::log(longbeat::internal::LogLevel::kDebug, std::string("grpc: ") + args->message);
  });
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

/// Waits for SIGINT and SIGTERM, which are blocked everywhere: the first asks for the end, a second ends the process at
/// once. Its destructor ends the waiting.
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
    for (int received = 0;; ++received) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0 || over_) return;
      if (received > 0) std::_Exit(128 + signal);
      ending.ask(std::nullopt);
    }
  }

  std::atomic<bool> over_{false};
  std::thread thread_;
};

int fail(const std::string& reason) {
  std::cerr << "longbeat-server: " << reason << std::endl;
  return kExitFailed;
}

/// Whole or not at all: who waits for the file never reads half a number.
bool write_port_file(const std::string& path, std::uint16_t port) {
  const std::string temporary = path + ".new";
  std::ofstream out(temporary, std::ios::trunc);
  out << port << '\n';
  out.close();
  if (!out) return false;
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  return !error;
}

int serve(const Flags& flags, const sigset_t& signals) {
  Ending ending;
  const SignalThread signal_thread(signals, ending);
  longbeat::server::ServerOptions options;
  options.ip = flags.ip;
  options.port = flags.port;
  options.database = flags.database;
  options.namespaces = flags.namespaces;
  options.on_fatal = [&ending](const std::string& reason) { ending.ask(reason); };
  longbeat::server::Server server(std::move(options));
  const auto port = server.start();
  if (!port) return fail(port.error().message);
  std::cout << "longbeat-server " << LONGBEAT_VERSION << " listening on " << flags.ip << ':' << *port << ", database "
            << (flags.database.empty() ? "memory" : flags.database) << std::endl;
  if (!flags.port_file.empty() && !write_port_file(flags.port_file, *port)) {
    return fail("cannot write the port file " + flags.port_file);
  }
  const auto failure = ending.wait();
  longbeat::internal::log(longbeat::internal::LogLevel::kInfo, "stopping");
  server.stop(kStopGrace);
  return failure ? fail("ended by a fault: " + *failure) : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  if (const auto code = parse_flags(argc, argv, flags)) return *code;
  // Before any thread exists, so that all inherit it and only sigwait sees these signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // Debian's build checks every mutex for lock-order cycles, at a cost that grows with parked calls.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  try {
    set_up_log(flags);
    return serve(flags, signals);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
