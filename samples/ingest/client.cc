// Starts an "ingest" activity, shows its progress and waits for its result.
#include <longbeat/client.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <thread>

#include "arguments.h"
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
  Arguments arguments(argc, argv);
  const auto address = arguments.text("--address", "127.0.0.1:7233");
  const auto id = arguments.text("--id", "packages");
  const auto task_queue = arguments.text("--task-queue", "files");
  const auto packages_file = arguments.text("--file");
  const auto database = arguments.text("--database");
  const auto rate = arguments.number("--rate", 2'000'000);
  const auto heartbeat_seconds = arguments.number("--heartbeat-timeout", 5);
  arguments.end();

  if (heartbeat_seconds < 1 || heartbeat_seconds > 3'600) {
    throw std::invalid_argument("option --heartbeat-timeout is " + std::to_string(heartbeat_seconds) +
                                ", must be 1 to 3600 seconds");
  }
  auto client = longbeat::Client::connect({.address = address}).value();
  auto handle = client.start(ingest,
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
  return 2;
}
