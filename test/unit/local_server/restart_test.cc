#include <chrono>

#include "kit_room.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

int sleeps(ActivityContext& ctx, int seconds) {
  for (int second = 0; second < seconds; ++second) {
    ctx.heartbeat(second);
    ctx.sleep_for(1s);
    ctx.throw_if_stopped();
  }
  return ctx.info().attempt;
}

}  // namespace

TEST_CASE("a killed server goes on with what it had acknowledged", "[local][restart]") {
  KitRoom room(sleeps);
  const auto done = room.start("done", {}, 1);
  CHECK(done.result().value() == 1);
  const auto running = room.start("running", {.heartbeat_timeout = 20s}, 30);
  room.server.advance(10s).value();
  room.server.kill().value();
  room.server.kill().value();
  CHECK(room.server.stats().open_activities == 0);  // Nobody is there to say.

  SECTION("the attempt goes on") {
    room.server.advance(5s).value();
    room.server.restart().value();
    CHECK(room.server.stats().open_activities == 1);
    CHECK(running.result().value() == 1);
    CHECK(done.result().value() == 1);
  }
  SECTION("calls fail meanwhile") {
    const auto refused = running.describe({.call = {.timeout = 3s}});
    REQUIRE(!refused);
    CHECK((refused.error().code == ErrorCode::kUnavailable || refused.error().code == ErrorCode::kDeadlineExceeded));
    room.server.restart().value();
    CHECK(running.describe().value().status == ActivityStatus::kRunning);
  }
  SECTION("an attempt whose lease was lost meanwhile is followed by another one") {
    room.server.advance(1min).value();
    room.server.restart().value();
    CHECK(running.result().value() == 2);
  }
  SECTION("and runs only once at a time") {
    room.server.restart().value();
    CHECK(room.server.restart().error().code == ErrorCode::kFailedPrecondition);
  }
}

TEST_CASE("a server on a file is killed and started like one in memory", "[local][restart]") {
  const TemporaryDirectory directory;
  auto server = LocalServer::start({.kind = LocalServerKind::kManualClock, .database = directory.file("db")}).value();
  const auto client = Client::connect({.transport = server.transport()}).value();
  const auto handle =
      client.start(work, {.id = "a", .task_queue = "tests", .schedule_to_close_timeout = 1h}, 1).value();
  server.kill().value();
  server.advance(30min).value();
  server.restart().value();
  CHECK(handle.describe().value().status == ActivityStatus::kRunning);
  CHECK(client.count().value().count == 1);
  CHECK(handle.result().error().code == ErrorCode::kActivityTimedOut);
  CHECK(server.elapsed() >= 1h);
  CHECK(server.elapsed() < 1h + 1min);
  server.stop();
  const auto again = LocalServer::start({.database = directory.file("db")});
  CHECK(again);  // The file is free.
}
