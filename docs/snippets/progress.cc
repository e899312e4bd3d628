#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

using namespace std::chrono_literals;

// [type]
struct Progress {
  std::uint64_t offset = 0;
  std::uint64_t records = 0;  // Newer than offset: missing in what older programs saved.
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Progress, offset, records)
// [end]

// Stand for files, a database and an encoder of yours.
struct Reader {
  Reader(const std::string& path, std::uint64_t offset);
  bool next(std::string& record);
  std::uint64_t offset() const;
};
void store(const std::string& record);
bool encode_for_hours(const std::string& file, std::atomic<std::uint64_t>& frames);

void readme(longbeat::ActivityContext& ctx, const Progress& next) {
  // [readme]
  auto progress = ctx.checkpoint<Progress>();  // What the last attempt saved, or a default Progress.
  // ... work from progress->offset on, then:
  progress.save(next);     // Never blocks; the newest acknowledged value survives a crash.
  ctx.throw_if_stopped();  // Canceled, shutting down, or another worker has it.
  // [end]
}

// [checkpoint]
void ingest(longbeat::ActivityContext& ctx, const std::string& path) {
  auto progress = ctx.checkpoint<Progress>();
  Reader reader(path, progress->offset);
  std::string record;
  while (reader.next(record)) {
    store(record);  // Twice for some records after a crash: see idempotence.
    progress.save({reader.offset(), progress->records + 1});
    ctx.throw_if_stopped();
  }
}
// [end]

void commit_step(longbeat::ActivityContext& ctx, longbeat::Checkpoint<Progress>& progress, const Progress& next) {
  // [save_now]
  if (const auto saved = progress.save_now(next, 5s); !saved) {
    if (saved.error().code != longbeat::ErrorCode::kDeadlineExceeded) ctx.throw_if_stopped();
    ctx.logger().warn("not saved yet", {{"why", saved.error().message}});
  }
  // [end]
}

// [unreadable]
std::uint64_t where_to_begin(longbeat::ActivityContext& ctx) {
  const auto progress = ctx.try_checkpoint<Progress>();
  if (progress) return (*progress)->offset;
  ctx.logger().warn("begins again", {{"why", progress.error().message}});
  return 0;
}
// [end]

// [auto]
void encode(longbeat::ActivityContext& ctx, const std::string& file) {
  std::atomic<std::uint64_t> frames{0};  // Counted by the encoder.
  const longbeat::AutoHeartbeat beats(ctx, {.stall_timeout = 1min, .progress = &frames});
  if (!encode_for_hours(file, frames)) throw longbeat::ApplicationError("not a film", {.non_retryable = true});
}
// [end]
