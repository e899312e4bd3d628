#include <set>

#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

template <class R>
R of(const Room& room, const std::string& id = "a") {
  R request;
  request.run = room.run(id);
  return request;
}

UpdateOptionsRequest update(const Room& room, std::vector<std::string> mask, WireOptions options) {
  auto request = of<UpdateOptionsRequest>(room);
  request.update_mask = std::move(mask);
  request.options = std::move(options);
  return request;
}

}  // namespace

TEST_CASE("an operator", "[server][engine][operator]") {
  Room room;
  room.start();

  SECTION("pauses what waits: no poll gets it until it is unpaused") {
    CHECK(room.call(of<PauseRequest>(room)).ok());
    CollectingSink& poll = room.submit(room.poll_request());
    room.pass(1s);
    CHECK_FALSE(poll.answered());
    CHECK(room.call(of<UnpauseRequest>(room)).ok());
    CHECK_FALSE(poll.get<PollTaskReply>().token.empty());
  }
  SECTION("pauses what runs: the worker learns it with its next heartbeat and may still complete") {
    const std::string token = room.poll().token;
    CHECK(room.call(of<PauseRequest>(room)).ok());
    CHECK(room.beat(token).get<HeartbeatReply>().activity_paused);
    CHECK(room.complete(token, "done").ok());
    CHECK(room.state()->progress.phase == Phase::kCompleted);
  }
  SECTION("terminates: the worker's next call is NOT_FOUND, and who waits learns why") {
    const std::string token = room.poll().token;
    CollectingSink& waiting = room.submit(PollOutcomeRequest{room.run()});
    room.step();
    auto request = of<TerminateRequest>(room);
    request.reason = "enough";
    request.identity = "me";
    CHECK(room.call(request).ok());
    CHECK(waiting.get<PollOutcomeReply>().outcome->failure.message == "enough");
    CHECK(waiting.get<PollOutcomeReply>().outcome->failure.identity == "me");
    CHECK(room.beat(token).refusal().code == StatusCode::kNotFound);
  }
  SECTION("resets a running attempt, which goes on at attempt 1 when it fails, from its details") {
    const std::string token = room.poll().token;
    room.beat(token, "half");
    CHECK(room.call(of<ResetRequest>(room)).ok());
    CHECK(room.beat(token, "more").get<HeartbeatReply>().activity_reset);
    CHECK(room.fail(token).ok());
    const PollTaskReply next = room.poll();
    CHECK(next.attempt == 1);
    CHECK(next.heartbeat_details == "more");
    CHECK(room.beat(token).refusal().code == StatusCode::kNotFound);
  }
  SECTION("moves a waiting activity to another task queue") {
    WireOptions options;
    options.task_queue = "other";
    const auto reply = room.call(update(room, {"task_queue.name"}, options)).get<UpdateOptionsReply>();
    CHECK(reply.input->options.task_queue == "other");
    auto poll = room.poll_request();
    poll.task_queue = "other";
    CHECK_FALSE(room.call(poll).get<PollTaskReply>().token.empty());
  }
  SECTION("shortens a heartbeat timeout, and the shorter one fires") {
    const std::string token = room.poll().token;
    WireOptions options;
    options.heartbeat = RawDuration{1, 0};
    CHECK(room.call(update(room, {"heartbeat_timeout"}, options)).ok());
    room.pass(1100ms);
    CHECK(room.state()->progress.attempt == 2);
    CHECK(room.beat(token).refusal().code == StatusCode::kNotFound);
  }
  SECTION("is told of an unsound update, and nothing has changed") {
    WireOptions options;
    options.retry = StartRequest::Retry{.maximum_interval = RawDuration{0, 1000}};
    const auto before = *room.state();
    CHECK(room.call(update(room, {"retry_policy.maximum_interval"}, options)).refusal().code ==
          StatusCode::kInvalidArgument);
    CHECK(room.state()->input->options == before.input->options);
    CHECK(room.state()->progress == before.progress);
  }
  SECTION("may ask twice with one request ID") {
    auto request = of<PauseRequest>(room);
    request.request_id = "p1";
    CHECK(room.call(request).ok());
    CHECK(room.call(request).ok());
    request.request_id = "p2";
    CHECK(room.call(request).refusal().code == StatusCode::kFailedPrecondition);
  }
  SECTION("is refused for an activity of a workflow, of which there are none") {
    auto request = of<PauseRequest>(room);
    request.workflow_id = "w";
    CHECK(room.call(request).refusal().code == StatusCode::kNotFound);
  }
}

TEST_CASE("an unpause with jitter spreads what it lets go", "[server][engine][operator]") {
  Room room;
  std::set<Time> times;
  for (int i = 0; i < 10; ++i) {
    const std::string id = "a" + std::to_string(i);
    room.start(id);
    REQUIRE(room.call(of<PauseRequest>(room, id)).ok());
    auto request = of<UnpauseRequest>(room, id);
    request.jitter = RawDuration{3600, 0};
    REQUIRE(room.call(request).ok());
    const Time due = room.state(id)->progress.dispatch_time;
    CHECK(due >= room.now);
    CHECK(due < room.now + 1h);
    times.insert(due);
  }
  CHECK(times.size() == 10);
}

TEST_CASE("operator commands can be switched off", "[server][engine][operator]") {
  EngineOptions options;
  options.limits.requests.operator_commands = false;
  Room room(std::move(options));
  room.start();
  CHECK(room.call(of<PauseRequest>(room)).refusal() ==
        Status{StatusCode::kUnimplemented, "Standalone activity operator commands are disabled", {}});
  CHECK(room.call(of<TerminateRequest>(room)).ok());  // Not one of them.
}

TEST_CASE("what an operator did survives a crash", "[server][engine][operator]") {
  Room room;
  room.start();
  WireOptions options;
  options.task_queue = "other";
  CHECK(room.call(update(room, {"task_queue.name"}, options)).ok());
  auto pause = of<PauseRequest>(room);
  pause.request_id = "p1";
  CHECK(room.call(pause).ok());
  const ActivityState before = *room.state();
  room.crash_and_reopen();
  const auto after = room.state();
  CHECK(after->progress == before.progress);
  CHECK(*after->input == *before.input);
  CHECK(room.call(pause).ok());  // Still known as the same request.
  CHECK(room.call(of<UnpauseRequest>(room)).ok());
}

TEST_CASE("a report by ID", "[server][engine][by-id]") {
  Room room;
  room.start();
  const auto by_id = [](auto request, const std::string& run_id = {}) {
    request.namespace_name = "default";
    request.by_id = ById{"", run_id, "a"};
    return request;
  };

  SECTION("completes what no worker has") {
    CompletedRequest request;
    request.result = "from outside";
    CHECK(room.call(by_id(request)).ok());
    CHECK(room.outcome().outcome->result == "from outside");
  }
  SECTION("beats for the current attempt") {
    room.poll();
    HeartbeatRequest request;
    request.details = "half";
    CHECK(room.call(by_id(request)).ok());
    CHECK(room.state()->heartbeat_details == "half");
  }
  SECTION("fails it, also with a failure that is no application failure") {
    room.poll();
    FailedRequest request;
    request.has_failure = true;
    request.failure = "bytes";
    request.failure_info = 9;
    SECTION("which may be retried") {
      CHECK(room.call(by_id(request)).ok());
      CHECK(room.state()->progress.attempt == 2);
    }
    SECTION("which must not be retried") {
      request.non_retryable = true;
      CHECK(room.call(by_id(request)).ok());
      CHECK(room.state()->progress.phase == Phase::kFailed);
    }
  }
  SECTION("other than completion is refused while no worker has it") {
    CHECK(room.call(by_id(HeartbeatRequest())).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(by_id(FailedRequest())).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(by_id(CanceledRequest())).refusal().code == StatusCode::kNotFound);
  }
  SECTION("is refused once it is closed, and for a run that there is not") {
    CHECK(room.call(by_id(CompletedRequest(), "00000000-0000-4000-8000-000000000000")).refusal().code ==
          StatusCode::kNotFound);
    CHECK(room.call(by_id(CompletedRequest())).ok());
    const auto again = room.call(by_id(CompletedRequest())).refusal();
    CHECK(again.code == StatusCode::kFailedPrecondition);
    CHECK(again.message == "invalid transition from Completed");
    CHECK(room.call(by_id(FailedRequest())).refusal().message == "activity not found for ID: a");
  }
}

TEST_CASE("options without any end of an attempt are refused with the activity's ID and type",
          "[server][engine][operator]") {
  Room room;
  room.start();
  CHECK(room.call(update(room, {"start_to_close_timeout"}, WireOptions{})).refusal().message ==
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=a "
        "ActivityType=copy");
}

TEST_CASE("operator commands that are switched off are refused before anything else about them",
          "[server][engine][operator]") {
  EngineOptions options;
  options.limits.requests.operator_commands = false;
  Room room(std::move(options));
  room.start();
  const auto check = [&](auto request) {  // Each of them lacks what it needs otherwise.
    CHECK(room.call(request).refusal().code == StatusCode::kUnimplemented);
    CHECK(room.call(request).refusal().message == "Standalone activity operator commands are disabled");
  };
  const RunRef nothing{"default", "", ""};
  check(PauseRequest{.run = nothing});
  check(UnpauseRequest{.run = nothing});
  check(ResetRequest{.run = nothing});
  check(UpdateOptionsRequest{.run = nothing});
  check(of<UpdateOptionsRequest>(room));
  CHECK(room.call(of<TerminateRequest>(room)).ok());
}
