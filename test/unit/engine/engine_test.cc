#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("an activity", "[server][engine]") {
  Room room;
  const StartReply started = room.start();
  CHECK(started.started);

  SECTION("is started, handed out, kept alive, completed, and its result read") {
    const PollTaskReply task = room.poll();
    CHECK(task.run_id == started.run_id);
    CHECK(task.namespace_name == "default");
    CHECK(task.input->input == "some input");
    CHECK(task.attempt == 1);
    CHECK(task.heartbeat_details.empty());
    const HeartbeatReply beat = room.beat(task.token, "half").get<HeartbeatReply>();
    CHECK_FALSE(beat.cancel_requested);
    CHECK(room.complete(task.token, "done").ok());
    const PollOutcomeReply outcome = room.outcome();
    CHECK(outcome.run_id == started.run_id);
    CHECK(outcome.outcome->result == "done");
    CHECK(room.state()->progress.phase == Phase::kCompleted);
    CHECK(room.engine->stats().open == 0);
    CHECK(room.engine->stats().timers == 0);
  }
  SECTION("leaves the hot table when it closes, and is read from the store afterwards") {
    room.complete(room.poll().token, "done");
    CHECK_FALSE(room.disk->content().read(Table::kProgress, 1).value());
    CHECK(room.disk->content().read(Table::kClosed, 1).value());
    CHECK(room.disk->content().read(Table::kIndex, 1).value());
    CHECK(room.describe().get<DescribeReply>().state->progress.phase == Phase::kCompleted);
  }
  SECTION("goes to a poll that was there before it") {
    room.complete(room.poll().token);
    CollectingSink& waiting = room.call(room.poll_request());
    CHECK_FALSE(waiting.answered());
    room.start("b");
    CHECK_FALSE(waiting.get<PollTaskReply>().token.empty());
  }
  SECTION("is tried again after its backoff, with the details of the failed attempt") {
    const PollTaskReply first = room.poll();
    room.beat(first.token, "half");
    CHECK(room.fail(first.token).ok());
    CollectingSink& poll = room.call(room.poll_request());
    room.pass(990ms);
    CHECK_FALSE(poll.answered());
    room.pass(20ms);
    CHECK(poll.get<PollTaskReply>().attempt == 2);
    CHECK(poll.get<PollTaskReply>().heartbeat_details == "half");
  }
  SECTION("hands over the details inside the failure report") {
    const PollTaskReply first = room.poll();
    room.beat(first.token, "half");
    FailedRequest failed = room.failed_request(first.token);
    failed.has_last_heartbeat_details = true;
    failed.last_heartbeat_details = "nearly";
    CHECK(room.call(failed).ok());
    room.pass(1s);
    CHECK(room.poll().heartbeat_details == "nearly");
  }
  SECTION("is tried again when the worker falls silent") {
    const PollTaskReply first = room.poll();
    room.beat(first.token, "half");
    room.pass(5100ms);
    CHECK(room.engine->stats().timeouts == 1);
    room.pass(1s);
    const PollTaskReply second = room.poll();
    CHECK(second.attempt == 2);
    CHECK(second.heartbeat_details == "half");
  }
  SECTION("refuses the token of an older attempt and changes nothing") {
    const PollTaskReply first = room.poll();
    room.fail(first.token);
    room.pass(1s);
    const PollTaskReply second = room.poll();
    for (CollectingSink* sink :
         {&room.beat(first.token, "late"), &room.complete(first.token, "late"), &room.fail(first.token)}) {
      CHECK(sink->refusal().code == StatusCode::kNotFound);
      CHECK(sink->refusal().message == "activity not found for ID: a");
    }
    CHECK(room.state()->heartbeat_details.empty());
    CHECK(room.complete(second.token, "done").ok());
    CHECK(room.complete(second.token, "again").refusal().code == StatusCode::kNotFound);
  }
  SECTION("is told of a cancel by the next heartbeat and closes when the worker agrees") {
    const PollTaskReply task = room.poll();
    CHECK(room.call(CanceledRequest{"default", task.token, "w1", "x"}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(CancelRequest{room.run(), "me", "c1", "enough", "reason"}).ok());
    CHECK(room.beat(task.token).get<HeartbeatReply>().cancel_requested);
    CHECK(room.call(CanceledRequest{"default", task.token, "w1", "x"}).ok());
    CHECK(room.state()->progress.phase == Phase::kCanceled);
    CHECK(room.call(CancelRequest{room.run(), "me", "c1", "enough", ""}).ok());
    CHECK(room.call(CancelRequest{room.run(), "me", "c2", "enough", ""}).refusal().code ==
          StatusCode::kFailedPrecondition);
  }
  SECTION("is canceled at once while no worker holds it, and its task is withdrawn") {
    CHECK(room.call(CancelRequest{room.run(), "me", "c1", "enough", "reason"}).ok());
    CHECK(room.state()->progress.phase == Phase::kCanceled);
    CHECK_FALSE(room.call(room.poll_request()).answered());
  }
}

TEST_CASE("a hand-out that never left the server", "[server][engine]") {
  Room room;
  room.start();
  const PollTaskReply lost = room.poll();
  room.engine->hand_out_undelivered(lost.token);
  room.step();

  SECTION("goes to the next poll as the same attempt") {
    const PollTaskReply task = room.poll();
    CHECK(task.attempt == 1);
    CHECK(task.token != lost.token);
    CHECK(room.complete(lost.token).refusal().code == StatusCode::kNotFound);
    CHECK(room.complete(task.token).ok());
  }
  SECTION("is undone once; a repeated or garbage token does nothing") {
    const PollTaskReply task = room.poll();
    room.engine->hand_out_undelivered(lost.token);
    room.engine->hand_out_undelivered("garbage");
    room.step();
    CHECK(room.beat(task.token).ok());
    CHECK(room.engine->stats().hand_outs_undone == 1);
  }
}

TEST_CASE("the engine commits", "[server][engine]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  room.beat(token, "half");
  const auto before = room.disk->commits();

  SECTION("nothing for a heartbeat that brings nothing new") {
    room.now += 1s;
    CHECK(room.beat(token, "half").ok());
    CHECK(room.state()->progress.last_heartbeat_time == room.now);
    CHECK(room.disk->commits() == before);
  }
  SECTION("once for all commands of a step, each row once") {
    for (int i = 0; i < 10; ++i) room.submit(room.start_request("b" + std::to_string(i)));
    for (int i = 0; i < 10; ++i) room.submit(HeartbeatRequest{"default", token, "w1", "details " + std::to_string(i)});
    const auto rows = room.disk->rows();
    room.step();
    CHECK(room.disk->commits() == before + 1);
    CHECK(room.disk->rows() - rows <= 10 * 2 + 2);
  }
  SECTION("nothing for reads") {
    room.describe();
    room.call(DescribeNamespaceRequest{"default", ""});
    CHECK(room.disk->commits() == before);
  }
}

TEST_CASE("a failed commit ends the engine", "[server][engine]") {
  Room room;
  room.start("b");
  CollectingSink& waiting = room.call(PollOutcomeRequest{room.run("b")});
  const auto fault = GENERATE(CommitFault::kNothingApplied, CommitFault::kAppliedButFailed);
  room.disk->fail_next_commit(fault);
  CollectingSink& read = room.submit(DescribeNamespaceRequest{"default", ""});
  CollectingSink& start = room.call(room.start_request("a"));

  CHECK_THAT(room.fatal, ContainsSubstring("injected failure"));
  CHECK(start.refusal().code == StatusCode::kUnavailable);
  CHECK(read.refusal().code == StatusCode::kUnavailable);
  CHECK(waiting.refusal().code == StatusCode::kUnavailable);
  CHECK(room.call(room.start_request("c")).refusal().code == StatusCode::kUnavailable);
  CHECK(room.engine->stats().open == 0);

  SECTION("and the next one knows what the disk knows; the repeated request finds its run or makes it") {
    room.crash_and_reopen();
    CHECK(room.start("a").started == (fault == CommitFault::kNothingApplied));
    CHECK(room.engine->stats().open == 2);
  }
}

TEST_CASE("a stopping engine answers what waits empty and refuses what comes later", "[server][engine]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  CollectingSink& poll = room.call(room.poll_request());
  CollectingSink& outcome = room.call(PollOutcomeRequest{room.run()});
  CollectingSink& accepted = room.submit(CompletedRequest{"default", token, "w1", "done"});
  room.engine->stop_accepting();
  CHECK(poll.get<PollTaskReply>().token.empty());
  CHECK_FALSE(outcome.get<PollOutcomeReply>().outcome);
  CollectingSink& later = room.submit(room.start_request("b"));
  room.step();
  CHECK(accepted.ok());
  CHECK(later.refusal().code == StatusCode::kUnavailable);
}
