// A worker in a process of its own, to be frozen by the test: fault_worker ADDRESS. Tells on stdout what happens to it.
#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <thread>

namespace {

using namespace std::chrono_literals;

/// As in fault_room.h, which is the other side's.
constexpr longbeat::Activity<int(int)> count_up{"count_up"};

template <class... Values>
void tell(const char* format, Values... values) {
  std::printf(format, values...);
  std::fflush(stdout);
}

int count_until_stopped(longbeat::ActivityContext& context) {
  auto progress = context.checkpoint<int>();
  while (context.sleep_for(10ms)) {
    if (progress.save_now(*progress + 1, 10s)) tell("saved %d\n", *progress);
  }
  for (const auto cause : context.stop_causes()) tell("stopped: %d\n", static_cast<int>(cause));
  return -1;  // Nobody may ever see it.
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) return 2;
  const auto client = longbeat::Client::connect({.address = arguments[1]}).value();
  longbeat::Worker worker(client, {.task_queue = "q", .max_concurrent_activities = 1});
  worker.serve(count_up, [](longbeat::ActivityContext& context, int) { return count_until_stopped(context); });
  worker.start().value();
  tell("ready\n");
  while (worker.stats().attempts_started == 0 || worker.stats().slots_used > 0) std::this_thread::sleep_for(5ms);
  const auto stats = worker.stats();
  const auto dropped = stats.abandoned + stats.reports_stale + stats.reports_unknown;
  tell("ended: completed %d, dropped %d\n", static_cast<int>(stats.completed), static_cast<int>(dropped));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "fault_worker: %s\n", error.what());
  return 1;
}
