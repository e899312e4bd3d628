// The demo: runs server, workers and client as processes of their own, kills a worker and the server on the way, and
// checks that nothing was lost. demo.sh prepares the package index and starts it.
#include <longbeat/client.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "command_line.h"
#include "ingest.h"
#include "package_db.h"
#include "process.h"
#include "report.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr char kActivityId[] = "packages";
constexpr auto kLook = 50ms;
constexpr auto kServerBackWithin = 3s;
constexpr std::uint64_t kTransactionBytes = (256 + 64) * 1024;  // As in worker.cc, and room for its last stanza.

struct Settings {
  std::string server, worker, client;  // Programs.
  std::string directory;               // For everything this run writes.
  std::string packages_file;
  std::uint64_t expected_packages = 0;  // Counted by somebody else.
  std::uint64_t rate = 2'000'000;
  std::chrono::seconds heartbeat_timeout{};

  std::string in_directory(const std::string& name) const { return directory + "/" + name; }
  /// Workers send at most one heartbeat in this time.
  std::chrono::milliseconds throttle() const { return heartbeat_timeout * 8 / 10; }
  template <class Duration>
  std::uint64_t bytes_in(Duration time) const {
    return rate * static_cast<std::uint64_t>(std::chrono::milliseconds(time).count()) / 1'000;
  }
};

/// What DescribeActivityExecution told.
struct Seen {
  bool open = true;
  Progress progress{};
  std::int32_t attempt = 0;
  std::string worker{};
};

class Demo {
 public:
  explicit Demo(Settings settings)
      : settings_(std::move(settings)),
        total_(std::filesystem::file_size(settings_.packages_file)),
        give_up_(Clock::now() + 60s + std::chrono::seconds(2 * total_ / settings_.rate)) {}

  /// True when everything came out as it must.
  bool run() {
    start_processes();
    kill_running_worker();
    await_second_attempt();
    kill_and_restart_server();
    const bool client_is_content = await_client();
    report_.print_time_line();
    check_outcome(client_is_content);
    return report_.all_right();
  }

 private:
  void start_processes();
  void start_server(const std::string& port);
  void start_worker(const std::string& identity);
  void kill_running_worker();
  void await_second_attempt();
  void kill_and_restart_server();
  bool await_client();
  void check_outcome(bool client_is_content);

  std::string address() const { return "127.0.0.1:" + port_; }
  auto handle() { return client_->handle<Summary>(kActivityId); }
  /// Nothing while the server is away.
  std::optional<Seen> look();
  /// Looks until done(seen); throws when the activity closes or time is up first.
  template <class Done>
  Seen look_until(const std::string& what, Done done);
  /// The next acknowledged heartbeat with at least this offset, at the moment it shows.
  Seen await_beat(std::uint64_t offset);
  std::string at(std::uint64_t offset) const;

  Settings settings_;
  std::uint64_t total_;
  Clock::time_point give_up_;
  Report report_;
  std::string port_;
  std::unique_ptr<Process> server_;
  std::map<std::string, std::unique_ptr<Process>> workers_;  // By identity.
  std::unique_ptr<Process> client_process_;
  std::optional<longbeat::Client> client_;
  std::string killed_worker_;
  Seen at_worker_kill_;
  Seen at_server_kill_;
  Seen after_restart_;
  std::chrono::milliseconds server_away_{};
};

std::string Demo::at(std::uint64_t offset) const {
  return std::to_string(offset * 100 / total_) + " % (byte " + std::to_string(offset) + ")";
}

void Demo::start_processes() {
  start_server("0");
  report_.event("server runs on ", address(), " (pid ", server_->pid(), "), its data in ",
                settings_.in_directory("server.db"));
  client_ = longbeat::Client::connect({.address = address(), .call_timeout = 500ms}).value();
  start_worker("worker-A");
  start_worker("worker-B");
  client_process_ = std::make_unique<Process>(std::vector<std::string>{
      settings_.client, "--address", address(), "--id", kActivityId, "--file", settings_.packages_file, "--database",
      settings_.in_directory("packages.db"), "--rate", std::to_string(settings_.rate), "--heartbeat-timeout",
      std::to_string(settings_.heartbeat_timeout.count())});
  report_.event("client starts activity '", kActivityId, "' (pid ", client_process_->pid(),
                "): ", static_cast<double>(total_) / 1e6, " MB, slowed down to ",
                static_cast<double>(settings_.rate) / 1e6, " MB/s; heartbeat timeout ",
                settings_.heartbeat_timeout.count(), " s");
}

void Demo::start_server(const std::string& port) {
  const auto port_file = settings_.in_directory("port");
  std::filesystem::remove(port_file);
  server_ = std::make_unique<Process>(
      std::vector<std::string>{settings_.server, "--ip", "127.0.0.1", "--port", port, "--port-file", port_file,
                               "--db-filename", settings_.in_directory("server.db")},
      settings_.in_directory("server.log"));
  for (; Clock::now() < give_up_; std::this_thread::sleep_for(10ms)) {
    if (std::ifstream(port_file) >> port_) return;
    if (server_->ended()) break;
  }
  throw std::runtime_error("the server did not start; see " + settings_.in_directory("server.log"));
}

void Demo::start_worker(const std::string& identity) {
  auto& worker = workers_[identity] = std::make_unique<Process>(
      std::vector<std::string>{settings_.worker, "--address", address(), "--identity", identity},
      settings_.in_directory(identity + ".log"));
  report_.event(identity, " runs (pid ", worker->pid(), ")");
}

std::optional<Seen> Demo::look() {
  const auto told = handle().describe();
  if (!told) {
    switch (told.error().code) {
      case longbeat::ErrorCode::kUnavailable:
      case longbeat::ErrorCode::kDeadlineExceeded:
      case longbeat::ErrorCode::kNotFound:  // The client has not started it yet.
        return std::nullopt;
      default:
        throw longbeat::ResultError(told.error());
    }
  }
  Seen seen{.open = told->status == longbeat::ActivityStatus::kRunning,
            .attempt = told->attempt,
            .worker = told->last_worker_identity};
  if (const auto progress = told->heartbeat_details<Progress>().value()) seen.progress = *progress;
  return seen;
}

template <class Done>
Seen Demo::look_until(const std::string& what, Done done) {
  for (; Clock::now() < give_up_; std::this_thread::sleep_for(kLook)) {
    const auto seen = look();
    if (!seen) {
      if (client_process_->ended().value_or(0) != 0) throw std::runtime_error("the client failed");
      continue;
    }
    if (done(*seen)) return *seen;
    if (!seen->open) throw std::runtime_error("the activity closed before " + what);
  }
  throw std::runtime_error("waited too long for " + what);
}

Seen Demo::await_beat(std::uint64_t offset) {
  std::optional<std::uint64_t> before;
  return look_until("a heartbeat at " + at(offset), [&](const Seen& seen) {
    const bool moved = before && seen.progress.offset > *before;
    before = seen.progress.offset;
    return moved && seen.progress.offset >= offset;
  });
}

/// At about 40 %: a second or more after an acknowledged heartbeat and after a later commit, so that some work is in
/// the database that no checkpoint knows of; before the next heartbeat could change that.
void Demo::kill_running_worker() {
  std::optional<PackageDb> db;  // Opened once the worker has made it.
  std::uint64_t beat_offset = 0;
  Clock::time_point beat_seen;
  const auto victim = look_until("40 %", [&](const Seen& seen) {
    if (seen.progress.offset != beat_offset) {
      beat_offset = seen.progress.offset;
      beat_seen = Clock::now();
    }
    if (beat_offset == 0) return false;
    if (!db) db.emplace(settings_.in_directory("packages.db"));
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - beat_seen);
    return since >= 1s && since < settings_.throttle() - 500ms && db->offset() > beat_offset &&
           beat_offset + settings_.bytes_in(since) >= total_ * 40 / 100;
  });
  killed_worker_ = victim.worker;
  const auto worker = workers_.find(killed_worker_);
  if (worker == workers_.end()) throw std::runtime_error("unknown worker '" + killed_worker_ + "' runs the activity");
  worker->second->kill();
  at_worker_kill_ = look_until("what the server knows", [](const Seen&) { return true; });
  report_.event("kill -9 of ", killed_worker_, " with the database at ", at(db->offset()), ", the last checkpoint at ",
                at(at_worker_kill_.progress.offset));
}

void Demo::await_second_attempt() {
  const auto second = look_until("the second attempt", [this](const Seen& seen) {
    return seen.attempt > at_worker_kill_.attempt && seen.worker != killed_worker_;
  });
  report_.event("the heartbeat timeout has passed; ", second.worker, " goes on, attempt ", second.attempt);
}

/// At about 70 %: at the heartbeat nearest to it, as soon as it is acknowledged.
void Demo::kill_and_restart_server() {
  at_server_kill_ = await_beat(total_ * 70 / 100 - std::min(settings_.bytes_in(settings_.throttle()) / 2, total_ / 4));
  server_->kill();
  const auto killed = Clock::now();
  report_.event("kill -9 of the server just after it acknowledged ", at(at_server_kill_.progress.offset));
  start_server(port_);
  after_restart_ = look_until("the restarted server", [](const Seen&) { return true; });
  server_away_ = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - killed);
  report_.event("the server is back on the same file and port after ", server_away_.count(), " ms (pid ",
                server_->pid(), "), its checkpoint at ", at(after_restart_.progress.offset));
}

bool Demo::await_client() {
  for (; Clock::now() < give_up_; std::this_thread::sleep_for(kLook)) {
    if (const auto code = client_process_->ended()) {
      report_.event("the client has its result");
      return *code == 0;
    }
  }
  throw std::runtime_error("waited too long for the client");
}

void Demo::check_outcome(bool client_is_content) {
  const auto summary = handle().result().value();
  const auto last = look_until("the outcome", [](const Seen& seen) { return !seen.open; });
  PackageDb db(settings_.in_directory("packages.db"));
  const auto attempts = db.attempts();

  std::cout << "\nOutcome\n";
  report_.check(client_is_content, "the client got a result and ended with 0");
  report_.check(summary.packages == settings_.expected_packages, summary.packages, " packages in the result, ",
                settings_.expected_packages, " counted by grep");
  report_.check(db.package_count() == summary.packages && db.dependency_count() == summary.dependencies,
                db.package_count(), " packages and ", db.dependency_count(), " dependencies in the database, ",
                summary.packages, " and ", summary.dependencies, " in the result");
  report_.check(db.offset() == total_, "the database has reached byte ", db.offset(), " of ", total_);
  report_.check(last.attempt == 2 && attempts.size() == 2, "attempts: ", last.attempt, ", one for each worker");
  report_.check(after_restart_.attempt == at_server_kill_.attempt,
                "the same attempt goes on after the server's restart: ", at_server_kill_.attempt, ", then ",
                after_restart_.attempt);
  report_.check(after_restart_.progress.offset >= at_server_kill_.progress.offset,
                "the server lost nothing it had acknowledged: byte ", at_server_kill_.progress.offset, ", then byte ",
                after_restart_.progress.offset);
  report_.check(server_away_ <= kServerBackWithin, "the server was away for ", server_away_.count(), " ms, at most ",
                std::chrono::milliseconds(kServerBackWithin).count());
  if (attempts.size() < 2) return;
  const auto& resumed = attempts[1];
  report_.check(resumed.checkpoint_offset == at_worker_kill_.progress.offset,
                "attempt 2 began at the checkpoint, byte ", resumed.checkpoint_offset,
                "; the last acknowledged heartbeat said byte ", at_worker_kill_.progress.offset);
  const auto twice = resumed.database_offset - resumed.checkpoint_offset;
  const auto most = settings_.bytes_in(settings_.throttle()) + kTransactionBytes;
  report_.check(resumed.database_offset > resumed.checkpoint_offset && twice < most, "bytes done twice: ", twice,
                " (database at byte ", resumed.database_offset,
                "), less than one heartbeat interval and a transaction: ", most);
}

/// The exit code when there is nothing to run.
std::optional<int> read_settings(int argc, char** argv, Settings& settings) {
  CLI::App app("Kills a worker and the server while they ingest a file; demo.sh prepares the file and calls it.",
               "demo");
  app.add_option("--server", settings.server, "longbeat-server")->required()->check(CLI::ExistingFile);
  app.add_option("--worker", settings.worker, "ingest_worker")->required()->check(CLI::ExistingFile);
  app.add_option("--client", settings.client, "ingest_client")->required()->check(CLI::ExistingFile);
  app.add_option("--directory", settings.directory, "Folder for logs and databases")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--file", settings.packages_file, "Debian package index to read")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--expect", settings.expected_packages, "Packages in it, counted by somebody else")
      ->required()
      ->check(check_number(1, 1'000'000'000));
  app.add_option("--rate", settings.rate, "Bytes to read a second")
      ->capture_default_str()
      ->check(check_number(1'000, 1'000'000'000'000));
  std::int64_t heartbeat_seconds = 5;
  app.add_option("--heartbeat-timeout", heartbeat_seconds, "Seconds")
      ->capture_default_str()
      ->check(check_number(3, 60));
  const auto code = read_command_line(app, argc, argv);
  settings.heartbeat_timeout = std::chrono::seconds(heartbeat_seconds);
  return code;
}

}  // namespace

int main(int argc, char** argv) try {
  Settings settings;
  if (const auto code = read_settings(argc, argv, settings)) return *code;
  Demo demo(std::move(settings));
  const bool all_right = demo.run();
  std::cout << (all_right ? "\nNothing was lost.\n" : "\nSomething is WRONG, see above.\n");
  return all_right ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "demo: " << error.what() << "\n";
  return 1;
}
