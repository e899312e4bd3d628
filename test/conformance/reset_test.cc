#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

/// A first attempt fails, and the next is due in half a minute.
std::string waiting_to_retry(const Conformance& t) {
  const std::string id =
      started(t, [](auto& r) { r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(30); });
  const auto token = t.poll().task_token();
  REQUIRE(t.heartbeat(token, "so far").ok());
  REQUIRE(t.fail(token, "again").ok());
  CHECK(t.describe(id).info().current_retry_interval().seconds() == 30);
  return id;
}

}  // namespace

TEST_CASE("a reset dispatches the first attempt again, now", "[conformance][reset]") {
  Conformance t;
  const std::string id = waiting_to_retry(t);
  auto request = about<ResetRequest>(id);
  SECTION("with the heartbeat details") {
    REQUIRE(reset(t, request).ok());
    const auto task = t.poll(4s);
    CHECK(task.attempt() == 1);
    CHECK(text_of(task.heartbeat_details()) == "so far");
  }
  SECTION("or without them") {
    request.set_reset_heartbeat(true);
    REQUIRE(reset(t, request).ok());
    const auto task = t.poll(4s);
    CHECK(task.attempt() == 1);
    CHECK_FALSE(task.has_heartbeat_details());
  }
  SECTION("also of a paused one") {
    REQUIRE(pause(t, id).ok());
    REQUIRE(reset(t, request).ok());
    CHECK(t.poll(4s).attempt() == 1);
  }
  SECTION("unless it is to stay paused") {
    REQUIRE(pause(t, id).ok());
    request.set_keep_paused(true);
    REQUIRE(reset(t, request).ok());
    const auto info = t.describe(id).info();
    CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_PAUSED);
    CHECK(info.attempt() == 1);
  }
}

TEST_CASE("a reset waits for the end of the running attempt", "[conformance][reset]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_retry_policy()->set_maximum_attempts(1); });
  const auto token = t.poll().task_token();
  auto request = about<ResetRequest>(id);
  request.set_request_id("r1");
  REQUIRE(reset(t, request).ok());
  CHECK(t.describe(id).info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  service::RecordActivityTaskHeartbeatResponse told;
  REQUIRE(t.heartbeat(token, "x", &told).ok());
  CHECK((told.activity_reset() && !told.cancel_requested() && !told.activity_paused()));
  CHECK(reset(t, request).ok());
  check_precondition(reset(t, id), "pending reset");

  SECTION("and applies after a failure that was final, on the last attempt") {
    REQUIRE(t.fail(token, "no use", true).ok());
    const auto task = t.poll();
    CHECK(task.attempt() == 1);
    check_not_found(t.complete(token, "late"), id);  // Attempt 1 as well, but another one.
    REQUIRE(t.complete(task.task_token(), "second life").ok());
  }
  SECTION("and is discarded by success") {
    REQUIRE(t.complete(token, "done").ok());
    CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
    check_precondition(reset(t, id), "activity execution is not running");
    CHECK(reset(t, request).ok());
  }
  SECTION("and gives way to a cancel") {
    REQUIRE(t.cancel(id, "enough").ok());
    REQUIRE(t.fail(token, "again").ok());
    CHECK(t.describe(id).outcome().retry_state() == enums::RETRY_STATE_CANCEL_REQUESTED);
  }
}

TEST_CASE("a reset of an attempt with a pause asked for", "[conformance][reset]") {
  Conformance t;
  const std::string id = started(t);
  const auto token = t.poll().task_token();
  REQUIRE(pause(t, id).ok());
  auto request = about<ResetRequest>(id);
  SECTION("lands in the pause if it is to") {
    request.set_keep_paused(true);
    REQUIRE(reset(t, request).ok());
    CHECK(t.describe(id).info().run_state() == enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
    REQUIRE(t.fail(token, "again").ok());
    const auto info = t.describe(id).info();
    CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_PAUSED);
    CHECK(info.attempt() == 1);
  }
  SECTION("takes the pause back otherwise") {
    REQUIRE(reset(t, request).ok());
    REQUIRE(t.fail(token, "again").ok());
    CHECK(t.poll(4s).attempt() == 1);
  }
}

TEST_CASE("a reset can bring the original options back", "[conformance][reset]") {
  Conformance t;
  const std::string id = started(t);
  auto update = about<UpdateRequest>(id);
  update.mutable_update_mask()->add_paths("start_to_close_timeout");
  update.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(77);
  REQUIRE(tell(t, "UpdateActivityExecutionOptions", update).ok());
  auto request = about<ResetRequest>(id);
  request.set_restore_original_options(true);
  const bool held = GENERATE(false, true);
  std::string token;
  if (held) token = t.poll().task_token();
  REQUIRE(reset(t, request).ok());
  if (held) {
    // Invisible until it lands.
    CHECK(t.describe(id).info().start_to_close_timeout().seconds() == 77);
    REQUIRE(t.fail(token, "again").ok());
  }
  CHECK(t.describe(id).info().start_to_close_timeout().seconds() == 30);
}

TEST_CASE("a reset honours what is left of the start delay", "[conformance][reset]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_start_delay()->set_seconds(60); });
  const auto before = t.describe(id).info();
  REQUIRE(reset(t, id).ok());
  const auto after = t.describe(id).info();
  CHECK(after.next_attempt_schedule_time().seconds() == before.next_attempt_schedule_time().seconds());
  CHECK_FALSE(after.has_current_retry_interval());
}

TEST_CASE("a reset that makes no sense is refused", "[conformance][reset]") {
  Conformance t;
  const std::string id = started(t);
  check_not_found(reset(t, "nothing"), "nothing");
  auto request = about<ResetRequest>(id);
  request.mutable_jitter()->set_seconds(-5);
  check_invalid(reset(t, request));
  request = about<ResetRequest>("");
  check_invalid(reset(t, request), "activity ID is required");
  request = about<ResetRequest>(id);
  request.set_workflow_id("some-workflow");
  CHECK(reset(t, request).error_code() == grpc::StatusCode::NOT_FOUND);
}
