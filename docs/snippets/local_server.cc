// What docs/guide/testing.md shows of a server inside the test, compiled and run.
// [headers]
#include <longbeat/json.h>
#include <longbeat/longbeat.h>  // Client, Worker and all the rest of longbeat::sdk.
#include <longbeat/server.h>    // LocalServer
// [end]

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.h"

// [headers]

using namespace std::chrono_literals;
// [end]

inline constexpr longbeat::Activity<int(int pages)> print_book{"print_book"};

namespace {

/// Stands for the world.
struct Printer {
  void print(int page) {
    if (page == jams_at) {
      jams_at = 0;
      throw std::runtime_error("paper jam");
    }
    pages.push_back(page);
  }
  int jams_at = 0;
  std::vector<int> pages{};
};

int run_print_book(longbeat::ActivityContext& ctx, Printer& printer, int pages) {
  auto printed = ctx.checkpoint<int>();
  while (*printed < pages) {
    printer.print(*printed + 1);
    printed.save(*printed + 1);
    ctx.sleep_for(10min);  // Let it dry.
    ctx.throw_if_stopped();
  }
  return ctx.info().attempt;
}

// [room]
/// A server, a client and a worker whose time is the test's. Made in milliseconds; nothing is shared with others.
struct Room {
  Room() {
    worker.serve(print_book,
                 [this](longbeat::ActivityContext& ctx, int pages) { return run_print_book(ctx, printer, pages); });
    worker.start().value();
  }
  longbeat::ActivityHandle<int> start(int pages) {
    return client
        .start(print_book,
               {.id = "book", .task_queue = "tests", .start_to_close_timeout = 24h, .heartbeat_timeout = 15min}, pages)
        .value();
  }

  Printer printer{};
  longbeat::LocalServer server =
      longbeat::LocalServer::start({.kind = longbeat::LocalServerKind::kManualClock}).value();
  longbeat::Client client = longbeat::Client::connect({.transport = server.transport()}).value();
  longbeat::Worker worker{client, {.task_queue = "tests", .identity = "press"}};
};
// [end]

}  // namespace

TEST_CASE("a book takes its time, and a jam costs no page", "[guide]") {
  // [retry]
  Room room;
  room.printer.jams_at = 3;
  const auto book = room.start(5);
  CHECK(book.result().value() == 2);  // Waits in virtual time: some milliseconds.
  CHECK(room.printer.pages == std::vector{1, 2, 3, 4, 5});
  CHECK(room.server.elapsed() > 50min);
  // [end]
}

TEST_CASE("a book is canceled half an hour later", "[guide]") {
  // [steps]
  Room room;
  const auto book = room.start(1'000);
  room.server.wait_for("book", longbeat::ActivityRunState::kStarted).value();
  room.server.advance(35min).value();
  CHECK(room.printer.pages.size() == 4);
  book.cancel("nobody reads it").value();
  CHECK(book.result().error().code == longbeat::ErrorCode::kActivityCanceled);
  CHECK(room.printer.pages.size() <= 5);
  // [end]
}

TEST_CASE("a worker that is cut off loses its book to the next attempt", "[guide]") {
  // [trouble]
  Room room;
  room.server.drop_requests({.identity = "press", .call = longbeat::WorkerCall::kHeartbeat}).value();
  const auto book = room.start(3);
  room.server.wait_until([&] { return room.server.stats().timeouts == 1; }).value();
  room.server.clear_faults().value();
  CHECK(book.result().value() == 2);
  // [end]
}

TEST_CASE("a book outlives the server", "[guide]") {
  // [restart]
  Room room;
  const auto book = room.start(3);
  room.server.advance(15min).value();
  room.server.kill().value();
  room.server.advance(30s).value();
  room.server.restart().value();
  CHECK(book.result().value() == 1);
  CHECK(room.printer.pages == std::vector{1, 2, 3});
  // [end]
}
