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
}
