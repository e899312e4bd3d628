// A worker in a process of its own, for the test to freeze or to send signals to. Tells on stdout what happens to it.
//   fault_worker ADDRESS            saves what it counts until it is stopped
//   fault_worker ADDRESS stubborn   goes on whatever it is told
#include <longbeat/json.h>
#include <longbeat/longbeat.h>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>

#include "support/program.h"

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

int ignore_everything(longbeat::ActivityContext& context) {
  tell("begun\n");
  while (!context.shutting_down()) std::this_thread::sleep_for(10ms);
  tell("asked to end\n");
  for (;;) std::this_thread::sleep_for(1h);
}

int run_stubborn(longbeat::Worker& worker) {
  worker.serve(count_up, [](longbeat::ActivityContext& context, int) { return ignore_everything(context); });
  worker.run().value();
  tell("ended\n");
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return longbeat::test::run_program("fault_worker", "", [&] {
    if (count < 2) return 2;
    const auto client = longbeat::Client::connect({.address = arguments[1]}).value();
    longbeat::Worker worker(client, {.task_queue = "q", .max_concurrent_activities = 1});
    if (count == 3 && std::string_view(arguments[2]) == "stubborn") return run_stubborn(worker);
    worker.serve(count_up, [](longbeat::ActivityContext& context, int) { return count_until_stopped(context); });
    worker.start().value();
    tell("ready\n");
    while (worker.stats().attempts_started == 0 || worker.stats().slots_used > 0) std::this_thread::sleep_for(5ms);
    const auto stats = worker.stats();
    const auto dropped = stats.abandoned + stats.reports_stale + stats.reports_unknown;
    tell("ended: completed %d, dropped %d\n", static_cast<int>(stats.completed), static_cast<int>(dropped));
    return 0;
  });
}
