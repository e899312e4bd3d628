#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a running attempt is not failed", "[server][engine][time]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;

  SECTION("while a report sent in time may still lie in the queue") {
    room.pass(4950ms);
    room.now += 90ms;  // The deadline is at 5 s; the queue was last seen empty before it.
    room.engine->step({room.now, kStart + 4990ms});
    CHECK(room.engine->stats().timeouts == 0);
    CHECK(room.engine->next_wakeup() >= room.now + 5ms);  // Until then it may have been seen empty.
    CHECK(room.beat(token, "in time").ok());
    room.pass(1s);
    CHECK(room.state()->progress.attempt == 1);
  }
  SECTION("because the server itself stood still, and the time lost is counted") {
    room.pass(4s);
    room.now += 30s;  // As after SIGSTOP.
    room.step();
    CHECK(room.engine->stats().timeouts == 0);
    CHECK(room.engine->stats().grace_added == 1);
    room.pass(500ms);
    CHECK(room.beat(token, "still here").ok());
    room.pass(4900ms);
    CHECK(room.state()->progress.attempt == 1);
  }
  SECTION("by steps that come late but within what is normal") {
    for (int i = 0; i < 40; ++i) {
      room.now += 90ms;
      CHECK(room.beat(token).ok());
    }
    CHECK(room.engine->stats().grace_added == 0);
  }
}

TEST_CASE("a silent attempt is failed also when the queue is never seen empty", "[server][engine][time]") {
  Room room;
  room.start();
  room.poll();
  const Time last_seen_empty = room.now;
  while (room.now < kStart + 6990ms) {
    room.now += 10ms;
    room.engine->step({room.now, last_seen_empty});
  }
  CHECK(room.engine->stats().timeouts == 0);
  for (int i = 0; i < 10; ++i) {
    room.now += 10ms;
    room.engine->step({room.now, last_seen_empty});
  }
  CHECK(room.engine->stats().timeouts == 1);
}

TEST_CASE("the time lost counts against no end of the attempt, beats or not", "[server][engine][time]") {
  Room room;
  StartRequest start = room.start_request();
  start.start_to_close = RawDuration{10, 0};
  room.call(start);
  const std::string token = room.poll().token;
  room.pass(2s);
  room.now += 6s + 100ms;  // As after SIGSTOP: six seconds are lost.
  room.step();
  const auto beat_for = [&](int beats) {
    for (int i = 0; i < beats; ++i) {
      room.pass(1s);
      room.beat(token);
    }
  };
  beat_for(7);  // 15.1 s after the hand-out, 9.1 s of them with a server.
  CHECK(room.engine->stats().timeouts == 0);
  SECTION("until its own time is over") {
    room.pass(1s);
    CHECK(room.engine->stats().timeouts == 1);
    CHECK(room.state()->last_failure->timeout == TimeoutType::kStartToClose);
  }
  SECTION("and a completion in that time counts") {
    CHECK(room.complete(token, "done").ok());
  }
}

TEST_CASE("silence after a beat counts in full, whatever was lost before the beat", "[server][engine][time]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  room.pass(4s);
  room.now += 30s;
  room.step();
  room.pass(500ms);
  CHECK(room.beat(token).ok());
  room.pass(4900ms);
  CHECK(room.engine->stats().timeouts == 0);
  room.pass(200ms);
  CHECK(room.engine->stats().timeouts == 1);
}

TEST_CASE("a silent attempt is failed", "[server][engine][time]") {
  Room room;
  room.start();
  room.poll();
  SECTION("soon after its deadline, never before") {
    room.pass(5s);
    CHECK(room.state()->progress.attempt == 1);
    room.pass(60ms);
    CHECK(room.state()->progress.attempt == 2);
  }
  SECTION("later by just the time the server stood still") {
    room.pass(1s);
    room.now += 2100ms;
    room.step();
    room.pass(3900ms);  // Seven seconds after the start; two of them were lost.
    CHECK(room.state()->progress.attempt == 1);
    room.pass(150ms);
    CHECK(room.state()->progress.attempt == 2);
  }
}

TEST_CASE("the deadline of the whole activity needs the same proof while an attempt runs", "[server][engine][time]") {
  Room room;
  StartRequest start = room.start_request();
  start.schedule_to_close = RawDuration{10, 0};
  start.start_to_close = RawDuration{10, 0};
  start.heartbeat.reset();
  room.call(start);
  const std::string token = room.poll().token;
  room.pass(9950ms);
  room.now += 90ms;
  SECTION("a completion from before it still counts") {
    room.engine->step({room.now, kStart + 9990ms});
    CHECK(room.complete(token, "done").ok());
  }
  SECTION("it fires once the queue was seen empty after it") {
    room.step();
    CHECK(room.state()->progress.phase == Phase::kTimedOut);
    CHECK(room.complete(token, "late").refusal().code == StatusCode::kNotFound);
  }
}

TEST_CASE("an activity that nobody takes times out", "[server][engine][time]") {
  Room room;
  StartRequest start = room.start_request();
  start.schedule_to_start = RawDuration{10, 0};
  room.call(start);
  CollectingSink& outcome = room.call(PollOutcomeRequest{room.run()});
  room.pass(9999ms);
  CHECK_FALSE(outcome.answered());
  room.pass(2ms);
  CHECK(outcome.get<PollOutcomeReply>().outcome->failure.timeout == TimeoutType::kScheduleToStart);
}

TEST_CASE("the engine wakes up", "[server][engine][time]") {
  Room room;
  room.step();
  SECTION("never while nothing is open") {
    CHECK_FALSE(room.engine->next_wakeup());
  }
  SECTION("at once when something was submitted") {
    room.submit(room.start_request());
    CHECK(room.engine->next_wakeup() <= room.now);
  }
  SECTION("not for a task that waits without a deadline") {
    room.start();
    CHECK_FALSE(room.engine->next_wakeup());
  }
  SECTION("twenty times a second while an attempt runs, to know when it stood still") {
    room.start();
    const std::string token = room.poll().token;
    CHECK(room.engine->next_wakeup() <= room.now + 50ms);
    SECTION("and no more once it has ended") {
      CHECK(room.complete(token).ok());
      CHECK(room.engine->next_wakeup() >= room.now + 1s);
    }
  }
}

TEST_CASE("a flood of timers that are due at once", "[server][engine][time]") {
  constexpr int kFlood = 5000;
  constexpr std::size_t kPerStep = 500, kBesideCalls = 100;
  Room room;
  for (int i = 0; i < kFlood; ++i) {
    StartRequest start = room.start_request("f" + std::to_string(i));
    start.schedule_to_start = RawDuration{10, kFlood - i};  // The last one is due first.
    room.submit(start);
  }
  room.step();
  room.now += 1h;
  const auto is_open = [&](int i) { return !is_closed(room.state("f" + std::to_string(i))->progress.phase); };
  SECTION("is worked off in slices, the earliest deadline first") {
    for (std::size_t left = kFlood; left > 0; left -= kPerStep) {
      CHECK(room.engine->stats().open == left);
      CHECK(is_open(static_cast<int>(left) - 1));
      CHECK(room.engine->next_wakeup() <= room.now);
      room.step();
      CHECK_FALSE(is_open(static_cast<int>(left - kPerStep)));
    }
    CHECK(room.engine->stats().open == 0);
    CHECK(room.engine->stats().timeouts == kFlood);
  }
  SECTION("leaves room for the calls that come meanwhile: each is answered by its own step") {
    for (int i = 0; i < 20; ++i) {
      CHECK(room.start("new" + std::to_string(i)).started);
      CHECK(room.engine->stats().timeouts == kBesideCalls * static_cast<std::size_t>(i + 1));
    }
    room.step();
    CHECK(room.engine->stats().timeouts == kBesideCalls * 20 + kPerStep);
  }
  SECTION("goes on where it was after another restart") {
    room.step();
    room.crash_and_reopen();
    CHECK(room.engine->stats().open == kFlood - kPerStep);
    for (int i = 0; i < 9; ++i) room.step();
    CHECK(room.engine->stats().open == 0);
  }
}

TEST_CASE("heartbeats cost no timers", "[server][engine][time]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  for (int i = 0; i < 1000; ++i) {
    room.now += 10ms;
    room.beat(token, std::to_string(i));
  }
  CHECK(room.engine->stats().timers == 1);
}
