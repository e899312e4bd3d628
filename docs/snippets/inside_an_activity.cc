#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

using namespace std::chrono_literals;

// Stand for a database and an encoder of yours.
bool update(const std::string& statement, std::int64_t fence);
bool encode_for_hours(const std::string& file, std::atomic<std::uint64_t>& frames);

void publish(longbeat::ActivityContext& ctx, std::string file) {
  // Beats go on as long as frames are encoded; when they stand still for a minute, the attempt fails and says so.
  std::atomic<std::uint64_t> frames{0};
  {
    const longbeat::AutoHeartbeat beats(ctx, {.stall_timeout = 1min, .progress = &frames});
    if (!encode_for_hours(file, frames)) throw longbeat::ApplicationError("not a film", {.non_retryable = true});
  }

  // A system that knows nothing of leases refuses an attempt that is not the newest any more.
  const auto fence = ctx.fencing_token();
  if (!update("UPDATE films SET ready = 1, fence = :fence WHERE fence <= :fence", fence.started_time))
    ctx.logger().warn("a newer attempt has published", {{"file", file}});

  // What must have arrived before the work goes on.
  if (const auto saved = ctx.save_now(5s, std::string("published")); !saved) ctx.logger().warn(saved.error().message);

  // Waits that end when there is a reason to stop.
  std::mutex mutex;
  std::condition_variable_any changed;
  bool approved = false;
  std::unique_lock lock(mutex);
  const auto registration = ctx.on_stop([](longbeat::StopCause) { /* for code that wants to be called */ });
  if (!ctx.wait_for(lock, changed, 10min, [&] { return approved; })) ctx.throw_if_stopped();
}
