// Runs "ingest" activities until SIGINT or SIGTERM.
#include <longbeat/client.h>
#include <longbeat/worker.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "command_line.h"
#include "ingest.h"
#include "package_db.h"
#include "stanza_reader.h"

namespace {

constexpr std::uint64_t kTransactionBytes = 256 * 1024;

/// Slows reading down to so many bytes a second; 0 does not.
class Pace {
 public:
  explicit Pace(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  /// Waits as long as `bytes` should take, or until there is a reason to stop.
  void wait(std::uint64_t bytes, const longbeat::ActivityContext& ctx) {
    if (bytes_per_second_ == 0) return;
    due_ += std::chrono::microseconds(bytes * 1'000'000 / bytes_per_second_);
    ctx.sleep_for(due_ - std::chrono::steady_clock::now());
  }

 private:
  std::uint64_t bytes_per_second_;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now();
};

StanzaReader open_index(const std::string& path, std::uint64_t offset) try {
  return StanzaReader(path, offset);
} catch (const std::system_error& error) {
  // Trying again will not make the file appear: fail the activity and not only this attempt.
  throw longbeat::ApplicationError(error.what(), {.type = "UnreadableFile", .non_retryable = true});
}

std::optional<Stanza> next_stanza(StanzaReader& index) try {
  return index.next();
} catch (const std::system_error& error) {
  throw longbeat::ApplicationError(error.what(), {.type = "UnreadableFile", .non_retryable = true});
}

PackageDb open_database(const std::string& path) try { return PackageDb(path); } catch (const std::exception& error) {
  throw longbeat::ApplicationError(error.what(), {.type = "UnusableDatabase", .non_retryable = true});
}

Summary run_ingest(longbeat::ActivityContext& ctx, std::string packages_file, std::string database,
                   std::uint64_t bytes_per_second) {
  auto progress = ctx.checkpoint<Progress>();  // What the last attempt saved, or a default Progress.
  PackageDb db = open_database(database);
  // The database may be ahead of the checkpoint, because a save travels up to one throttle interval later than its
  // transaction. Starting at db.offset() would do nothing twice; this sample starts at the checkpoint, which all
  // activities have, and shows what the upserts are for.
  db.note_attempt({ctx.info().attempt, progress->offset, db.offset()});
  StanzaReader index = open_index(packages_file, progress->offset);
  Pace pace(bytes_per_second);

  std::vector<Stanza> stanzas;
  std::optional<Stanza> stanza;
  do {
    Progress next = *progress;
    stanza = next_stanza(index);
    for (; stanza; stanza = next_stanza(index)) {
      next.packages += 1;
      next.dependencies += stanza->dependencies.size();
      stanzas.push_back(std::move(*stanza));
      if (index.offset() - progress->offset >= kTransactionBytes) break;
    }
    next.offset = index.offset();
    const auto bytes = next.offset - progress->offset;
    db.store(stanzas, next.offset);
    stanzas.clear();
    progress.save(next);  // After the commit: what it says is done is done.
    pace.wait(bytes, ctx);
    ctx.throw_if_stopped();
  } while (stanza);
  return {progress->packages, progress->dependencies};
}

int run(int argc, char** argv) {
  ServerFlags server;
  std::string task_queue = "files";
  CLI::App app("Runs \"ingest\" activities until SIGINT or SIGTERM.", "ingest_worker");
  server.add_to(app);
  app.add_option("--task-queue", task_queue, "Task queue to poll")->capture_default_str();
  app.add_option("--identity", server.options.identity, "Name of this worker; without it PID@HOST");
  if (const auto code = read_command_line(app, argc, argv)) return *code;

  auto client = server.connect("ingest_worker");
  if (!client) return 2;
  longbeat::Worker worker(*client, {.task_queue = task_queue, .max_concurrent_activities = 4});
  worker.serve(ingest, run_ingest);
  if (auto ended = worker.run(); !ended) {
    std::cerr << "ingest_worker: " << ended.error() << "\n";
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::cerr << "ingest_worker: " << error.what() << "\n";
  return 1;
}
