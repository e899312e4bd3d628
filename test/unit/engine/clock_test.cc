#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a clock that was set while the server was down", "[server][engine][time]") {
  Room room;
  room.start("running");
  const auto task = room.poll();
  StartRequest waiting = room.start_request("waiting");
  waiting.start_delay = RawDuration{30, 0};
  room.call(std::move(waiting)).get<StartReply>();

  SECTION("forward by ten minutes takes no attempt from its worker, and what waits is due") {
    room.crash_and_reopen(10min);
    room.pass(4s);
    CHECK(room.poll().input->activity_id == "waiting");
    CHECK(room.complete(task.token).ok());
  }
  SECTION("back by ten minutes takes no attempt from its worker, and what waits waits so much longer") {
    room.crash_and_reopen(-10min);
    CHECK(room.beat(task.token, "details").ok());
    CHECK(room.complete(task.token).ok());
    CollectingSink& poll = room.submit(room.poll_request(), 3600s);
    room.pass(10min);
    if (poll.answered()) CHECK(poll.get<PollTaskReply>().token.empty());
    room.pass(31s);
    CHECK(room.poll().input->activity_id == "waiting");
  }
  SECTION("back by ten minutes lets nobody wait longer for the notice that a worker has died") {
    REQUIRE(room.beat(task.token, "details").ok());
    room.crash_and_reopen(-10min);
    SECTION("while the server was down") {
      room.pass(9s);
      CHECK(room.state("running")->progress.attempt == 1);
      room.pass(2s);
    }
    SECTION("after one more beat") {
      room.pass(8s);
      REQUIRE(room.beat(task.token).ok());
      room.pass(4s);
      CHECK(room.state("running")->progress.attempt == 1);
      room.pass(2s);
    }
    REQUIRE(room.state("running")->progress.attempt == 2);
    room.pass(2s);  // The retry's interval.
    REQUIRE(room.poll().attempt == 2);
    room.pass(4s);
    CHECK(room.state("running")->progress.attempt == 2);
    room.pass(2s);
    CHECK(room.state("running")->progress.attempt == 3);
  }
  SECTION("back by ten minutes makes no later attempt longer, though its fencing token only grows") {
    StartRequest request = room.start_request("silent");
    request.start_to_close = RawDuration{60, 0};
    request.heartbeat.reset();
    request.retry = StartRequest::Retry{.initial_interval = RawDuration{1, 0}};
    room.call(std::move(request)).get<StartReply>();
    const auto first = room.poll();
    REQUIRE(first.input->activity_id == "silent");
    room.crash_and_reopen(-10min);
    REQUIRE(room.fail(first.token).ok());
    room.pass(2s);
    const auto second = room.poll();
    REQUIRE(second.attempt == 2);
    CHECK(second.started_time > first.started_time);
    room.pass(59s);
    CHECK(room.state("silent")->progress.attempt == 2);
    room.pass(2s);
    CHECK(room.state("silent")->progress.attempt == 3);
  }
}
