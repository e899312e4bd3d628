#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <string>

#include "../common/command_line.h"

using namespace std::chrono_literals;

struct Progress {
  int done = 0, total = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, done, total)

inline constexpr longbeat::Activity<std::string(int chapters)> print_book{"print_book"};

std::string run_print_book(longbeat::ActivityContext& ctx, int chapters) {
  for (int chapter = 1; chapter <= chapters; ++chapter) {
    ctx.throw_if_stopped();
    ctx.sleep_for(500ms);  // Stands for work.
    // heartbeat() costs nothing and is throttled; save_now() sends at once and waits, so that each chapter is seen.
    ctx.save_now(5s, Progress{chapter, chapters}).value();
  }
  return "a book";
}

/// One line for what somebody who watches wants to know.
std::string line_of(const longbeat::ActivityDescription& activity) {
  if (!activity.open()) return std::string(to_string(activity.status));
  const auto progress = activity.heartbeat_details<Progress>().value();
  if (!progress) return std::string(to_string(activity.run_state));
  return std::to_string(progress->done) + " of " + std::to_string(progress->total) + " chapters";
}

int main(int argc, char** argv) try {
  const auto client = longbeat::Client::connect({.address = address_of(argc, argv)}).value();
  longbeat::Worker worker(client, {.task_queue = "watch"});
  worker.serve(print_book, run_print_book);
  worker.start().value();

  const longbeat::StartOptions options{
      .id = "book-1",
      .task_queue = "watch",
      .start_to_close_timeout = 1min,
      .heartbeat_timeout = 10s,
  };
  const auto handle = client.start(print_book, options, 3).value();
  std::string last;
  for (const auto& activity : handle.watch({.timeout = 30s})) {  // A row for each change, until it has closed.
    const auto line = line_of(activity.value());
    if (line != last) std::cout << line << std::endl;
    last = line;
  }
  std::cout << handle.result().value() << "\n";
} catch (const longbeat::ResultError& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
