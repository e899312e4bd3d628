#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

void check_paused(const service::DescribeActivityExecutionResponse& described) {
  CHECK(described.info().status() == enums::ACTIVITY_EXECUTION_STATUS_PAUSED);
  CHECK(described.info().run_state() == enums::PENDING_ACTIVITY_STATE_PAUSED);
}

}  // namespace

TEST_CASE("a paused activity is not dispatched until it is unpaused", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  REQUIRE(pause(t, id).ok());
  check_paused(t.describe(id));
  CHECK(t.poll(2'050ms).task_token().empty());
  REQUIRE(unpause(t, id).ok());
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
  const auto task = t.poll();
  CHECK(task.activity_id() == id);
  CHECK(task.attempt() == 1);
}

TEST_CASE("a pause is advice to the worker of a running attempt", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  const auto token = t.poll().task_token();
  REQUIRE(pause(t, id).ok());
  const auto info = t.describe(id).info();
  CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
  CHECK(info.run_state() == enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
  service::RecordActivityTaskHeartbeatResponse told;
  REQUIRE(t.heartbeat(token, "where it was", &told).ok());
  CHECK((told.activity_paused() && !told.cancel_requested() && !told.activity_reset()));

  SECTION("completion wins") {
    REQUIRE(t.complete(token, "done").ok());
    CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  }
  SECTION("a failure that may be retried lands in the pause") {
    REQUIRE(t.fail(token, "again").ok());
    const auto paused = t.describe(id);
    check_paused(paused);
    CHECK(paused.info().attempt() == 2);
    CHECK_FALSE(paused.info().has_next_attempt_schedule_time());
    CHECK_FALSE(paused.info().has_current_retry_interval());
    REQUIRE(unpause(t, id).ok());
    const auto task = t.poll();
    CHECK(task.attempt() == 2);
    CHECK(text_of(task.heartbeat_details()) == "where it was");
  }
  SECTION("a final failure closes it") {
    REQUIRE(t.fail(token, "no use", true).ok());
    CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
  }
  SECTION("an unpause takes it back") {
    REQUIRE(unpause(t, id).ok());
    CHECK(t.describe(id).info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
    REQUIRE(t.heartbeat(token, "x", &told).ok());
    CHECK_FALSE(told.activity_paused());
  }
  SECTION("a cancel goes before it") {
    REQUIRE(t.cancel(id, "enough").ok());
    REQUIRE(t.heartbeat(token, "x", &told).ok());
    CHECK((told.cancel_requested() && !told.activity_paused()));
  }
}

TEST_CASE("a pause is asked for once", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  auto request = about<PauseRequest>(id);
  request.set_request_id("p1");
  REQUIRE(pause(t, request).ok());
  CHECK(pause(t, request).ok());
  check_precondition(pause(t, id), "activity is in non-pausable state Paused");
  REQUIRE(unpause(t, id).ok());
  CHECK(pause(t, request).ok());  // The same request does nothing, even now.
  CHECK(t.describe(id).info().run_state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED);
  check_precondition(unpause(t, id), "activity is in non-unpausable state Scheduled");
  REQUIRE(t.complete(t.poll().task_token(), "x").ok());
  check_precondition(pause(t, id), "activity is in non-pausable state Completed");
  check_precondition(unpause(t, id), "activity is in terminal state");
  CHECK(pause(t, request).ok());
}

TEST_CASE("the same unpause again does nothing", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  auto request = about<UnpauseRequest>(id);
  request.set_request_id("u1");
  REQUIRE(pause(t, id).ok());
  REQUIRE(unpause(t, request).ok());
  REQUIRE(pause(t, id).ok());
  CHECK(unpause(t, request).ok());
  check_paused(t.describe(id));
}

TEST_CASE("a paused activity still ends", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_schedule_to_close_timeout()->set_nanos(300'000'000); });
  REQUIRE(pause(t, id).ok());
  SECTION("by schedule-to-close") {
    const auto outcome = t.outcome(id).outcome();
    CHECK(outcome.failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
    CHECK(outcome.failure().message() == "activity ScheduleToClose timeout");
    CHECK(outcome.retry_state() == enums::RETRY_STATE_TIMEOUT);
    CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT);
  }
  SECTION("by a cancel, at once") {
    REQUIRE(t.cancel(id, "enough").ok());
    const auto failure = t.outcome(id).outcome().failure();
    CHECK(failure.message() == "Activity canceled");
    CHECK(text_of(failure.canceled_failure_info().details()) == "enough");
  }
}

TEST_CASE("nothing is paused that is being canceled or reset", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  t.poll();
  const bool canceling = GENERATE(true, false);
  REQUIRE((canceling ? t.cancel(id, "enough") : reset(t, id)).ok());
  check_precondition(pause(t, id), canceling ? "CancelRequested" : "ResetRequested");
  check_precondition(unpause(t, id), "activity is in non-unpausable state");
  auto update = about<UpdateRequest>(id);
  update.mutable_update_mask()->add_paths("heartbeat_timeout");
  update.mutable_activity_options();
  check_precondition(tell(t, "UpdateActivityExecutionOptions", update), "Cannot update options for activity in state");
  check_precondition(reset(t, id), canceling ? "cannot reset an activity with a pending cancellation"
                                             : "cannot reset an activity with a pending reset");
}

TEST_CASE("a pause that makes no sense is refused", "[conformance][pause]") {
  Conformance t;
  const std::string id = started(t);
  auto request = about<PauseRequest>(id);
  check_not_found(pause(t, "nothing"), "nothing");
  request.clear_activity_id();
  check_invalid(pause(t, request), "activity ID is required");
  request = about<PauseRequest>(id, "seven");
  check_invalid(pause(t, request), "invalid run id: must be a valid UUID");
  request = about<PauseRequest>(std::string(1001, 'x'));
  check_invalid(pause(t, request), "activity ID exceeds length limit. Length=1001 Limit=1000");
  request = about<PauseRequest>(id);
  request.set_request_id(std::string(1001, 'x'));
  check_invalid(pause(t, request), "request ID exceeds length limit. Length=1001 Limit=1000");
  request = about<PauseRequest>(id);
  request.set_identity(std::string(1001, 'x'));
  check_invalid(pause(t, request), "identity exceeds length limit. Length=1001 Limit=1000");
  request = about<PauseRequest>(id);
  request.set_reason(std::string(2 * 1024 * 1024 + 1, 'x'));
  check_invalid(pause(t, request), "reason exceeds length limit");
  auto back = about<UnpauseRequest>(id);
  back.mutable_jitter()->set_seconds(-1);
  check_invalid(unpause(t, back));
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
}
