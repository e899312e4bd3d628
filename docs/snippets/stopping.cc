#include <longbeat/longbeat.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

using namespace std::chrono_literals;

void step();
std::string next_file();
struct Transfer {
  void abort();
};

// [simple]
void work(longbeat::ActivityContext& ctx) {
  while (true) {
    step();
    ctx.heartbeat();         // A cancellation, a pause and a reset come with the answer.
    ctx.throw_if_stopped();  // Let it pass: the worker reports what fits the cause.
  }
}
// [end]

// [clean_up]
void build(longbeat::ActivityContext& ctx, const std::string& folder) {
  try {
    work(ctx);
  } catch (const longbeat::ActivityStopped&) {
    // After a shutdown, a pause or a lost lease another attempt goes on: only a cancellation throws work away.
    const auto causes = ctx.stop_causes();
    if (std::ranges::count(causes, longbeat::StopCause::kCanceled) > 0) std::filesystem::remove_all(folder);
    throw;
  }
}
// [end]

// [record]
void at_good_places(longbeat::ActivityContext& ctx) {
  for (std::string file = next_file(); !file.empty(); file = next_file()) {
    if (ctx.shutting_down()) throw longbeat::ApplicationError("the worker is going", {.next_retry_delay = 1ms});
    step();
  }
}
// [end]

// [waits]
void wait_for_approval(longbeat::ActivityContext& ctx, std::mutex& mutex, std::condition_variable_any& changed,
                       const bool& approved) {
  if (!ctx.sleep_for(10s)) ctx.throw_if_stopped();
  std::unique_lock lock(mutex);
  if (!ctx.wait_for(lock, changed, 10min, [&] { return approved; })) ctx.throw_if_stopped();
}

void copy(longbeat::ActivityContext& ctx, int socket, Transfer& transfer) {
  const auto registration = ctx.on_stop([&](longbeat::StopCause) { transfer.abort(); });  // Called by a thread of ours.
  pollfd descriptors[] = {{socket, POLLIN, 0}, {ctx.stop_fd(), POLLIN, 0}};
  ::poll(descriptors, 2, -1);
  ctx.throw_if_stopped();
}
// [end]

longbeat::Result<> caller(const longbeat::ActivityHandle<void>& handle) {
  // [cancel]
  if (auto asked = handle.cancel("superseded"); !asked) return asked;
  const auto result = handle.result({.timeout = 1min});
  if (result) return {};  // It was done before it heard of it.
  if (result.error().code == longbeat::ErrorCode::kActivityCanceled) return {};
  return result.error();
  // [end]
}
