#include <atomic>
#include <chrono>

#include "kit_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Heartbeats each second, ten of them, and tells which attempt got through.
int beats(ActivityContext& ctx, int) {
  for (int second = 0; second < 10; ++second) {
    ctx.heartbeat(second);
    ctx.sleep_for(1s);
    ctx.throw_if_stopped();
  }
  return ctx.info().attempt;
}

}  // namespace

TEST_CASE("requests that are lost", "[local][trouble]") {
  KitRoom room(beats);
  SECTION("of heartbeats cost the lease, and the next attempt goes on") {
    room.server.drop_requests({.identity = "worker", .call = WorkerCall::kHeartbeat}).value();
    const auto handle = room.start("a", {.heartbeat_timeout = 5s});
    room.server.wait_until([&] { return room.server.stats().timeouts == 1; }).value();
    CHECK(room.server.stats().heartbeats == 0);
    room.server.clear_faults().value();
    CHECK(handle.result().value() > 1);
  }
  SECTION("of another worker are no matter") {
    room.server.drop_requests({.identity = "another"}).value();
    CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 1);
  }
  SECTION("of a report are sent again") {
    room.server.drop_requests({.call = WorkerCall::kReport, .times = 1}).value();
    CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 1);
    CHECK(room.server.elapsed() > 10s);  // Its own timeout told the worker.
  }
  SECTION("of a poll leave the activity waiting until the poll is over") {
    room.server.wait_until([&] { return room.server.stats().parked_polls == 5; }).value();
    room.server.drop_requests({.call = WorkerCall::kPoll}).value();
    room.server.advance(2min).value();
    CHECK(room.server.stats().parked_polls == 0);
    const auto handle = room.start("a");
    room.server.advance(1s).value();
    CHECK(handle.describe().value().run_state == ActivityRunState::kScheduled);
    room.server.clear_faults().value();
    CHECK(handle.result().value() == 1);
  }
}

TEST_CASE("replies that are lost", "[local][trouble]") {
  KitRoom room;
  room.worker.serve(work, beats);
  SECTION("of a report: it counted, and saying it again does no harm") {
    room.worker.start().value();
    room.server.drop_replies({.call = WorkerCall::kReport, .times = 1}).value();
    CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 1);
    CHECK(room.server.stats().completed == 1);
  }
  SECTION("of a poll: its task is lost until the timeout") {
    room.server.drop_replies({.call = WorkerCall::kPoll, .times = 5}).value();
    room.worker.start().value();
    const auto handle = room.start("a", {.heartbeat_timeout = 5s});
    CHECK(handle.result().value() > 1);
  }
}

TEST_CASE("calls that are late", "[local][trouble]") {
  KitRoom room(beats);
  room.server.delay({.call = WorkerCall::kReport, .times = 1}, 300ms).value();
  CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 1);
  CHECK(room.server.elapsed() == 10s + 300ms);
  CHECK(room.server.delay({}, 0s).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("calls that fail", "[local][trouble]") {
  KitRoom room(beats);
  SECTION("for a while are repeated") {
    room.server.fail({.call = WorkerCall::kReport, .times = 3}, ErrorCode::kUnavailable).value();
    CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 1);
  }
  SECTION("for good end an attempt: the server does not know it") {
    room.server.fail({.call = WorkerCall::kHeartbeat, .times = 1}, ErrorCode::kNotFound).value();
    CHECK(room.start("a", {.heartbeat_timeout = 5s}).result().value() == 2);
  }
  SECTION("only with what a server answers, and not zero times") {
    CHECK(room.server.fail({}, ErrorCode::kLeaseLost).error().code == ErrorCode::kInvalidArgument);
    CHECK(room.server.fail({}, ErrorCode::kAlreadyStarted).error().code == ErrorCode::kInvalidArgument);
    const auto never = room.server.fail({.times = 0}, ErrorCode::kUnavailable);
    CHECK(never.error().code == ErrorCode::kInvalidArgument);
    CHECK(never.error().message.find("CallFault.times is 0") != std::string::npos);
  }
}
