// Starts an "ingest" activity, shows its progress and waits for its result.
#include <longbeat/client.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <thread>

#include "command_line.h"
#include "ingest.h"

namespace {

using namespace std::chrono_literals;

/// A bar that redraws itself on a terminal, a plain line a second elsewhere.
class ProgressBar {
 public:
  explicit ProgressBar(std::uint64_t total) : total_(total), terminal_(::isatty(STDOUT_FILENO) == 1) {}

  void show(const Progress& progress, std::int32_t attempt, const std::string& where) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ && now < next_) return;
    next_ = now + 1s;
    const auto percent = total_ == 0 ? 100 : progress.offset * 100 / total_;
    std::string bar(40, '.');
    for (std::size_t i = 0; i < bar.size() && i * 100 < percent * bar.size(); ++i) bar[i] = '#';
    std::printf("%s[%s] %3d %%  %5.1f of %.1f MB, %llu packages, attempt %d %s%s", terminal_ ? "\r\033[K" : "",
                bar.c_str(), static_cast<int>(percent), megabytes(progress.offset), megabytes(total_),
                static_cast<unsigned long long>(progress.packages), attempt, where.c_str(), terminal_ ? "" : "\n");
    std::fflush(stdout);
  }
  void end() const {
    if (terminal_) std::printf("\n");
  }

 private:
  static double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

  std::uint64_t total_;
  bool terminal_;
  std::chrono::steady_clock::time_point next_{};
};

int run(int argc, char** argv) {
  ServerFlags server;
  std::string id = "packages";
  std::string task_queue = "files";
  std::string packages_file;
  std::string database;
  std::uint64_t rate = 2'000'000;
  std::int64_t heartbeat_seconds = 5;
  CLI::App app("Starts an \"ingest\" activity, shows its progress and waits for its result.", "ingest_client");
  server.add_to(app);
  app.add_option("--id", id, "ID of the activity")->capture_default_str();
  app.add_option("--task-queue", task_queue, "Task queue its workers poll")->capture_default_str();
  app.add_option("--file", packages_file, "Debian package index to read")->required()->check(CLI::ExistingFile);
  app.add_option("--database", database, "SQLite file to write, created when missing")
      ->required()
      ->check(check_folder_exists);
  app.add_option("--rate", rate, "Bytes to read a second; 0: as fast as it can")
      ->capture_default_str()
      ->check(check_number(0, 1'000'000'000'000));
  app.add_option("--heartbeat-timeout", heartbeat_seconds,
                 "Seconds without a heartbeat after which an attempt has failed")
      ->capture_default_str()
      ->check(check_number(1, 3'600));
  if (const auto code = read_command_line(app, argc, argv)) return *code;

  auto client = server.connect("ingest_client");
  if (!client) return 2;
  auto handle = client->start(ingest,
                              {.id = id,
                               .task_queue = task_queue,
                               .start_to_close_timeout = 1h,
                               .heartbeat_timeout = std::chrono::seconds(heartbeat_seconds)},
                              // The worker may run in another directory.
                              std::filesystem::absolute(packages_file).string(),
                              std::filesystem::absolute(database).string(), rate);
  if (!handle) {
    std::cerr << "ingest_client: " << handle.error() << "\n";
    if (handle.error().code == longbeat::ErrorCode::kAlreadyStarted) std::cerr << "Choose another one with --id.\n";
    return 1;
  }

  std::string last_failure;
  ProgressBar bar(std::filesystem::is_regular_file(packages_file) ? std::filesystem::file_size(packages_file) : 0);
  for (;; std::this_thread::sleep_for(200ms)) {
    const auto seen = handle->describe();
    if (!seen) {
      // The server may be away for a moment. The activity does not mind; neither do we.
      const auto code = seen.error().code;
      if (code == longbeat::ErrorCode::kUnavailable || code == longbeat::ErrorCode::kDeadlineExceeded) continue;
      std::cerr << "ingest_client: " << seen.error() << "\n";
      return 1;
    }
    if (seen->status != longbeat::ActivityStatus::kRunning) break;
    if (const auto failure = seen->last_failure ? to_string(*seen->last_failure) : ""; failure != last_failure) {
      last_failure = failure;
      bar.end();
      std::cout << "attempt " << seen->attempt - 1 << " ended: " << failure << std::endl;
    }
    const auto progress = seen->heartbeat_details<Progress>();
    if (!progress || !*progress) continue;
    const bool waits = seen->run_state == longbeat::ActivityRunState::kScheduled;
    bar.show(**progress, seen->attempt, waits ? "waits for a worker" : "on " + seen->last_worker_identity);
  }
  bar.end();

  const auto summary = handle->result();
  if (!summary) {
    std::cerr << "ingest_client: " << summary.error() << "\n";
    return 1;
  }
  std::cout << "ingested " << summary->packages << " packages with " << summary->dependencies << " dependencies\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::cerr << "ingest_client: " << error.what() << "\n";
  return 1;
}
