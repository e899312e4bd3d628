#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("a poll for a task", "[server][engine][longpoll]") {
  Room room;
  SECTION("must say how long it waits, and wait at least two seconds") {
    CHECK(room.call(room.poll_request(), std::nullopt).refusal() ==
          Status{StatusCode::kInvalidArgument, "Context timeout is not set.", {}});
    CHECK(room.call(room.poll_request(), 1999ms).refusal() ==
          Status{StatusCode::kFailedPrecondition, "Context timeout is too short.", {}});
  }
  SECTION("is answered empty a second before its caller gives up") {
    CollectingSink& poll = room.call(room.poll_request(), 10s);
    room.pass(8999ms);
    CHECK_FALSE(poll.answered());
    room.pass(1ms);
    CHECK(poll.get<PollTaskReply>().token.empty());
  }
  SECTION("is answered empty after a minute at the latest") {
    CollectingSink& poll = room.call(room.poll_request(), 1h);
    room.pass(59s);
    CHECK_FALSE(poll.answered());
    room.pass(1s);
    CHECK(poll.get<PollTaskReply>().token.empty());
  }
  SECTION("takes no task once its caller has gone") {
    CollectingSink& poll = room.call(room.poll_request());
    room.engine->caller_gone(room.last_call);
    room.start();
    CHECK(poll.refusal().code == StatusCode::kCancelled);
    CHECK(room.poll().attempt == 1);
  }
  SECTION("whose caller is unknown is ignored") {
    room.engine->caller_gone(4711);
    room.step();
    CHECK(room.engine->stats().parked_polls == 0);
  }
  SECTION("gets the task only when the start delay has passed") {
    StartRequest start = room.start_request();
    start.start_delay = RawDuration{3, 0};
    room.call(start);
    CollectingSink& poll = room.call(room.poll_request());
    room.pass(2999ms);
    CHECK_FALSE(poll.answered());
    room.pass(1ms);
    CHECK(poll.get<PollTaskReply>().current_attempt_scheduled_time == kStart + 3s);
  }
}

TEST_CASE("a wait for the outcome", "[server][engine][longpoll]") {
  Room room;
  room.start();
  SECTION("wakes every waiter when the activity closes") {
    CollectingSink& one = room.call(PollOutcomeRequest{room.run()});
    CollectingSink& two = room.call(PollOutcomeRequest{room.run()});
    const std::string token = room.poll().token;
    room.beat(token, "half");
    CHECK_FALSE(one.answered());
    room.complete(token, "done");
    CHECK(one.get<PollOutcomeReply>().outcome->result == "done");
    CHECK(two.get<PollOutcomeReply>().outcome->result == "done");
    CHECK(one.get<PollOutcomeReply>().outcome == two.get<PollOutcomeReply>().outcome);  // One copy for all.
    CHECK(room.engine->stats().parked_waits == 0);
  }
  SECTION("is entirely empty after 30 s without a deadline") {
    CollectingSink& wait = room.call(PollOutcomeRequest{room.run()}, std::nullopt);
    room.pass(29999ms);
    CHECK_FALSE(wait.answered());
    room.pass(1ms);
    CHECK_FALSE(wait.get<PollOutcomeReply>().outcome);
    CHECK(wait.get<PollOutcomeReply>().run_id.empty());
  }
  SECTION("is answered at once when the caller has no second to spare") {
    CHECK_FALSE(room.call(PollOutcomeRequest{room.run()}, 500ms).get<PollOutcomeReply>().outcome);
  }
}

TEST_CASE("a Describe with a long-poll token", "[server][engine][longpoll]") {
  Room room;
  const std::string run_id = room.start().run_id;
  const std::string token = room.describe().get<DescribeReply>().long_poll_token;

  SECTION("waits for the next change, heartbeats too") {
    CollectingSink& wait = room.describe("a", run_id, token);
    CHECK_FALSE(wait.answered());
    const std::string task = room.poll().token;
    const DescribeReply first = wait.get<DescribeReply>();
    CHECK(first.state->progress.phase == Phase::kStarted);
    CollectingSink& next = room.describe("a", run_id, first.long_poll_token);
    CHECK_FALSE(next.answered());
    room.beat(task, "");
    CHECK(next.get<DescribeReply>().long_poll_token != first.long_poll_token);
  }
  SECTION("is answered at once when something has changed since") {
    room.poll();
    CHECK(room.describe("a", run_id, token).get<DescribeReply>().state);
  }
  SECTION("is empty when nothing changes") {
    CollectingSink& wait = room.describe("a", run_id, token);
    room.pass(60s);
    CHECK_FALSE(wait.get<DescribeReply>().state);
  }
  SECTION("waits in vain for a closed activity") {
    room.complete(room.poll().token);
    const std::string last = room.describe().get<DescribeReply>().long_poll_token;
    CollectingSink& wait = room.describe("a", run_id, last);
    CHECK_FALSE(wait.answered());
    room.pass(60s);
    CHECK_FALSE(wait.get<DescribeReply>().state);
  }
  SECTION("needs the run ID, and a token that is one and of this run") {
    CHECK_THAT(room.describe("a", "", token).refusal().message, ContainsSubstring("run id is required"));
    CHECK_THAT(room.describe("a", "", "junk").refusal().message, ContainsSubstring("run id is required"));
    CHECK_THAT(room.describe("a", run_id, "junk").refusal().message, ContainsSubstring("invalid long poll token"));
    const std::string other = room.start("b").run_id;
    CHECK(room.describe("b", other, token).refusal().message == "long poll token does not match execution");
    CHECK(room.describe("c", other, token).refusal().code == StatusCode::kNotFound);
  }
}
