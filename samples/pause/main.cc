#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <string_view>

#include "../common/command_line.h"

using namespace std::chrono_literals;
using longbeat::ActivityDescription;
using longbeat::ActivityRunState;

inline constexpr longbeat::Activity<int(int up_to)> count{"count"};

int run_count(longbeat::ActivityContext& ctx, int up_to) {
  auto counted = ctx.checkpoint<int>();  // Where the attempt that was paused has got to.
  while (*counted < up_to) {
    ctx.throw_if_stopped();  // Also when paused: this attempt ends, and the next one waits for unpause().
    counted.save(*counted + 1);
    ctx.sleep_for(20ms);
  }
  return *counted;
}

void print(std::string_view when, const ActivityDescription& activity) {
  std::cout << when << ": " << to_string(activity.status) << ", " << to_string(activity.run_state) << "\n";
}

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "pause"});
  worker.serve(count, run_count);
  worker.start().value();

  const longbeat::StartOptions options{
      .id = "count-1",
      .task_queue = "pause",
      .start_to_close_timeout = 10min,
      .heartbeat_timeout = 1s,  // Also how soon a worker hears of the pause, at the latest.
  };
  const auto handle = client.start(count, options, 100).value();
  for (const auto& activity : handle.watch({.timeout = 10s})) {
    if (activity.value().heartbeat_count == 0) continue;
    print("at work", *activity);
    break;
  }

  // From here on as an operator would, who has only the ID: client.handle<int>("count-1").
  handle.pause({.reason = "the disk is full"}).value();
  for (const auto& activity : handle.watch({.timeout = 10s})) {
    if (activity.value().run_state != ActivityRunState::kPaused) continue;  // kPauseRequested: the attempt still runs.
    print("paused", *activity);
    break;
  }
  handle.unpause().value();
  const int counted = handle.result({.timeout = 30s}).value();
  const auto activity = handle.describe().value();
  print("unpaused", activity);
  std::cout << "counted to " << counted << " in " << activity.attempt << " attempts\n";
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
