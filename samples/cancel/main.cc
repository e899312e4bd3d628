#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "../common/command_line.h"

using namespace std::chrono_literals;

inline constexpr longbeat::Activity<int(std::string path)> render{"render"};

int run_render(longbeat::ActivityContext& ctx, const std::string& path) try {
  std::ofstream draft(path);
  int frame = 0;
  for (; frame < 10'000; ++frame) {
    if (!(draft << "frame " << frame << "\n")) throw std::runtime_error("cannot write '" + path + "'");
    ctx.heartbeat(frame);    // A request to cancel comes with the answer to a heartbeat.
    ctx.throw_if_stopped();  // Unwinds: what has a destructor is released, whatever the cause.
    ctx.sleep_for(10ms);     // Stands for work; a stop cuts it short.
  }
  return frame;
} catch (const longbeat::ActivityStopped&) {
  // After a pause, a shutdown or a lost lease another attempt goes on, and may be at this file already: only a
  // cancellation throws work away.
  const auto causes = ctx.stop_causes();
  if (std::ranges::count(causes, longbeat::StopCause::kCanceled) > 0) {
    std::error_code failed;  // What this threw would be a failure, in place of the cancellation.
    std::filesystem::remove(path, failed);
    if (failed) ctx.logger().warn("a draft stays behind", {{"path", path}, {"why", failed.message()}});
  }
  throw;  // The activity closes as canceled.
}

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "cancel"});
  worker.serve(render, run_render);
  worker.start().value();

  const std::string path = "longbeat-movie.part";
  const longbeat::StartOptions options{
      .id = "render-1",
      .task_queue = "cancel",
      .start_to_close_timeout = 10min,
      .heartbeat_timeout = 1s,  // Also how soon it hears of the cancellation, at the latest.
  };
  const auto handle = client.start(render, options, path).value();
  for (const auto& activity : handle.watch({.timeout = 10s})) {
    const auto frame = activity.value().heartbeat_details<int>().value();
    if (frame) break;  // At work. Its worker's first heartbeat comes sooner, and without details.
  }
  std::cout << "the draft is " << (std::filesystem::exists(path) ? "there" : "not there") << "\n";

  handle.cancel("the film is not made").value();  // Asks; the activity decides when it ends, and how.
  const auto frames = handle.result({.timeout = 10s});
  if (frames) {
    std::cout << "it was faster: " << *frames << " frames\n";
  } else if (frames.error().code == longbeat::ErrorCode::kActivityCanceled) {
    std::cout << "canceled: " << handle.describe().value().canceled_reason << "\n";
  } else {
    std::cerr << frames.error() << "\n";
    return 1;
  }
  std::cout << "the draft is " << (std::filesystem::exists(path) ? "there" : "gone") << "\n";
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
