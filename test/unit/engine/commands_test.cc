// Worker commands: a cancel reaches the worker between two heartbeats.
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

const std::string kControl = "/temporal-sys/worker-commands/default/key";

EngineOptions switched_on() {
  EngineOptions options;
  options.limits.requests.worker_commands = true;
  return options;
}

PollTaskRequest poll_task(const Room& room) {
  PollTaskRequest request = room.poll_request();
  request.worker_control_task_queue = kControl;
  return request;
}

PollCommandsRequest poll_commands(const std::string& worker = {}) {
  return {"default", kControl, "w1", worker};
}

CancelRequest cancel(const std::string& id = "a") {
  return {{"default", id, {}}, "me", "cancel of " + id, "why", {}};
}

std::string run_one(Room& room, const std::string& id = "a") {
  room.start(id);
  return room.call(poll_task(room)).get<PollTaskReply>().token;
}

}  // namespace

TEST_CASE("a cancel of a running activity", "[server][engine][commands]") {
  Room room(switched_on());
  const std::string token = run_one(room);

  SECTION("reaches the worker's control queue at once, with the token of its attempt") {
    CollectingSink& listening = room.call(poll_commands());
    CHECK_FALSE(listening.answered());
    CHECK(room.call(cancel()).ok());
    const auto& got = listening.get<CommandsReply>();
    CHECK(got.canceled_task_tokens == std::vector<std::string>{token});
    CHECK(got.scheduled_time == room.now);
    REQUIRE_FALSE(got.token.empty());
    CHECK(room.call(CommandsDoneRequest{"default", "w1", got.token, false}).ok());
    CHECK(room.beat(token).get<HeartbeatReply>().cancel_requested);
    CollectingSink& again = room.call(poll_commands());
    room.pass(40s);
    CHECK_FALSE(again.answered());
  }
  SECTION("waits for the control queue's next poll, together with others") {
    const std::string second = run_one(room, "b");
    room.call(cancel()), room.call(cancel("b")), room.call(cancel());
    room.pass(9s);
    CHECK(room.call(poll_commands()).get<CommandsReply>().canceled_task_tokens ==
          std::vector<std::string>{token, second});
  }
  SECTION("is told in one answer when several come in one step") {
    const std::string second = run_one(room, "b");
    CollectingSink& listening = room.call(poll_commands());
    room.submit(cancel()), room.submit(cancel("b"));
    room.step();
    CHECK(listening.get<CommandsReply>().canceled_task_tokens.size() == 2);
  }
  SECTION("is told no more after ten seconds") {
    room.call(cancel());
    room.pass(10s);
    CHECK_FALSE(room.call(poll_commands()).answered());
  }
  SECTION("is told again when nobody confirms it, three times in all") {
    room.call(cancel());
    for (int i = 0; i < 3; ++i) {
      CollectingSink& listening = room.call(poll_commands());
      room.pass(10s);
      CHECK(listening.get<CommandsReply>().canceled_task_tokens.size() == 1);
    }
    CHECK_FALSE(room.call(poll_commands()).answered());
  }
  SECTION("is told again when the worker failed to take it") {
    room.call(cancel());
    const auto got = room.call(poll_commands()).get<CommandsReply>();
    CHECK(room.call(CommandsDoneRequest{"default", "w1", got.token, true}).ok());
    CHECK(room.call(poll_commands()).get<CommandsReply>().canceled_task_tokens == got.canceled_task_tokens);
  }
  SECTION("goes to the worker of the attempt that runs, not of one before") {
    room.fail(token);
    room.pass(2s);
    const auto next = room.poll();
    CHECK(next.attempt == 2);
    CollectingSink& listening = room.call(poll_commands());
    room.call(cancel());
    CHECK_FALSE(listening.answered());
  }
  SECTION("after a crash waits for the heartbeat") {
    room.crash_and_reopen();
    CollectingSink& listening = room.call(poll_commands());
    CHECK(room.call(cancel()).ok());
    CHECK_FALSE(listening.answered());
    CHECK(room.beat(token).get<HeartbeatReply>().cancel_requested);
  }
  SECTION("does not go to a caller who has gone") {
    CollectingSink& gone = room.call(poll_commands());
    room.engine->caller_gone(room.last_call);
    room.step();
    CHECK(gone.refusal().code == StatusCode::kCancelled);
    room.call(cancel());
    CHECK(room.call(poll_commands()).get<CommandsReply>().canceled_task_tokens.size() == 1);
  }
  SECTION("tells nothing when nobody held an attempt") {
    room.start("idle");
    CollectingSink& listening = room.call(poll_commands());
    room.call(cancel("idle"));
    CHECK_FALSE(listening.answered());
  }
}

TEST_CASE("a poll for commands", "[server][engine][commands]") {
  Room room(switched_on());
  SECTION("is answered empty when its time is over") {
    CollectingSink& listening = room.call(poll_commands(), 10s);
    room.pass(8999ms);
    CHECK_FALSE(listening.answered());
    room.pass(1ms);
    CHECK(listening.get<CommandsReply>().token.empty());
    CHECK(room.engine->stats().parked_waits == 0);
  }
  SECTION("is answered empty when its worker shuts down") {
    CollectingSink& listening = room.call(poll_commands("w"));
    ShutdownWorkerRequest request;
    request.namespace_name = "default";
    request.worker_instance_key = "w";
    request.task_queue = kControl;
    room.call(request);
    CHECK(listening.get<CommandsReply>().token.empty());
    CHECK(room.call(poll_commands("w")).get<CommandsReply>().token.empty());
  }
  SECTION("must name a queue and say how long it waits") {
    CHECK(room.call(PollCommandsRequest{"default", "", "w1", ""}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(poll_commands(), std::nullopt).refusal().message == "Context timeout is not set.");
    CHECK(room.call(PollCommandsRequest{"nowhere", kControl, "w1", ""}).refusal().code == StatusCode::kNotFound);
  }
  SECTION("sees nothing of another namespace") {
    RegisterNamespaceRequest space;
    space.namespace_name = "other";
    space.retention = RawDuration{86400, 0};
    REQUIRE(room.call(space).ok());
    run_one(room);
    CollectingSink& there = room.call(PollCommandsRequest{"other", kControl, "w1", ""});
    room.call(cancel());
    CHECK_FALSE(there.answered());
    const auto got = room.call(poll_commands()).get<CommandsReply>();
    CHECK(room.call(CommandsDoneRequest{"other", "w1", got.token, false}).refusal().message ==
          "Operation requested with a token from a different namespace.");
  }
}

TEST_CASE("the answer to commands", "[server][engine][commands]") {
  Room room(switched_on());
  run_one(room);
  room.call(cancel());
  const auto got = room.call(poll_commands()).get<CommandsReply>();

  SECTION("may come twice, late, or after a crash") {
    CHECK(room.call(CommandsDoneRequest{"default", "w1", got.token, false}).ok());
    CHECK(room.call(CommandsDoneRequest{"default", "w1", got.token, false}).ok());
    room.crash_and_reopen();
    CHECK(room.call(CommandsDoneRequest{"default", "w1", got.token, true}).ok());
  }
  SECTION("is refused without a token, or with one that is none") {
    CHECK(room.call(CommandsDoneRequest{"default", "w1", "", false}).refusal().message ==
          "Task token not set on request.");
    for (const std::string bad : {"x", "commands:", "commands:1", "commands:1:", "commands:1:2x", "commands:x:2"}) {
      CAPTURE(bad);
      CHECK(room.call(CommandsDoneRequest{"default", "w1", bad, false}).refusal().message ==
            "Error deserializing task token.");
    }
  }
}

TEST_CASE("worker commands that are switched off", "[server][engine][commands]") {
  Room room;
  run_one(room);
  CollectingSink& listening = room.call(poll_commands(), 10s);
  CHECK(room.call(cancel()).ok());
  CHECK_FALSE(listening.answered());
  room.pass(9s);
  (void)listening.get<IdlePollReply>();  // Of this kind, and not refused.
}
