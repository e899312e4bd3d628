#include <longbeat/client.h>
#include <longbeat/json.h>
#include <longbeat/server.h>
#include <longbeat/worker.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

// What is to be tested: usually in files of its own, which the worker uses too.

struct Progress {
  int printed = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, printed)

inline constexpr longbeat::Activity<int(int pages)> print_book{"print_book"};

/// What the activity works on: the real one in the worker, another one in tests.
struct Printer {
  virtual ~Printer() = default;
  virtual void print(int page) = 0;
};

int run_print_book(longbeat::ActivityContext& ctx, Printer& printer, int pages) {
  auto progress = ctx.checkpoint<Progress>();
  for (int page = progress->printed + 1; page <= pages; ++page) {
    printer.print(page);
    progress.save({page});
    ctx.throw_if_stopped();
  }
  return ctx.info().attempt;
}

// The tests. Yours go by the rules of your framework.

// [room]
/// A server in memory, a worker and a client: a world for one test, made in milliseconds. Nothing is shared with
/// others.
struct Room {
  explicit Room(Printer& printer) {
    worker.serve(print_book,
                 [&](longbeat::ActivityContext& ctx, int pages) { return run_print_book(ctx, printer, pages); });
    worker.start().value();
  }
  longbeat::ActivityHandle<int> start(int pages) {
    return client
        .start(print_book,
               {.id = "book",
                .task_queue = "tests",
                .start_to_close_timeout = 30s,
                .heartbeat_timeout = 200ms,  // A request to stop is heard this soon.
                .retry_policy = longbeat::RetryPolicy{.initial_interval = 1ms}},
               pages)
        .value();
  }

  longbeat::LocalServer server = longbeat::LocalServer::start().value();
  longbeat::Client client = longbeat::Client::connect({.address = server.address()}).value();
  longbeat::Worker worker{client, {.task_queue = "tests", .graceful_shutdown_timeout = 0ms}};
};
// [end]

void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("not so: " + what);
  std::cout << "ok: " << what << "\n";
}

// [retry]
void the_next_attempt_goes_on_where_the_last_one_was() {
  struct JamsOnce final : Printer {
    void print(int page) override {
      if (page == 3 && !jammed) {
        jammed = true;
        throw std::runtime_error("paper jam");
      }
      pages.push_back(page);
    }
    std::vector<int> pages{};
    bool jammed = false;
  } printer;
  Room room(printer);
  const int attempts = room.start(5).result({.timeout = 10s}).value();
  check(attempts == 2 && printer.pages == std::vector{1, 2, 3, 4, 5}, "a jam costs one attempt and no page");
}
// [end]

// [cancel]
void a_cancellation_stops_it() {
  struct Endless final : Printer {
    void print(int) override { std::this_thread::sleep_for(1ms); }
  } printer;
  Room room(printer);
  const auto handle = room.start(1'000'000);
  for (const auto& book : handle.watch({.timeout = 10s})) {
    if (book.value().heartbeat_count > 0) break;  // It runs.
  }
  handle.cancel("nobody reads it").value();
  const auto ended = handle.result({.timeout = 10s});
  check(!ended && ended.error().code == longbeat::ErrorCode::kActivityCanceled, "a cancellation stops it");
}
// [end]

int main() try {
  the_next_attempt_goes_on_where_the_last_one_was();
  a_cancellation_stops_it();
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
