#include "conformance/harness.h"

using namespace longbeat::test;

TEST_CASE("a cancel request", "[conformance]") {
  Conformance t;
  const auto request = t.start_request();
  t.start(request);

  SECTION("closes at once what no worker holds") {
    REQUIRE(t.cancel(request.activity_id(), "not \"needed\"").ok());
    const auto outcome = t.outcome(request.activity_id()).outcome();
    CHECK(outcome.failure().message() == "Activity canceled");
    CHECK(outcome.failure().canceled_failure_info().identity() == "conformance-canceler");
    const auto& details = outcome.failure().canceled_failure_info().details();
    REQUIRE(details.payloads_size() == 1);
    CHECK(details.payloads(0).data() == R"("not \"needed\"")");
    CHECK(details.payloads(0).metadata().at("encoding") == "json/plain");
    const auto info = t.describe(request.activity_id()).info();
    CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_CANCELED);
    CHECK(info.canceled_reason() == "not \"needed\"");
  }
  SECTION("reaches a running attempt with its next heartbeat") {
    const auto task = t.poll();
    REQUIRE(t.cancel(request.activity_id(), "superseded", "cancel-1").ok());
    CHECK(t.describe(request.activity_id()).info().run_state() == enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED);
    service::RecordActivityTaskHeartbeatResponse beat;
    REQUIRE(t.heartbeat(task.task_token(), "x", &beat).ok());
    CHECK(beat.cancel_requested());
    CHECK(!beat.activity_paused());
    CHECK(!beat.activity_reset());

    SECTION("and is acknowledged with details") {
      REQUIRE(t.canceled(task.task_token(), "tidied up").ok());
      const auto outcome = t.outcome(request.activity_id()).outcome();
      CHECK(text_of(outcome.failure().canceled_failure_info().details()) == "tidied up");
      CHECK(outcome.failure().canceled_failure_info().identity() == "conformance-canceler");
    }
    SECTION("but a result still wins") {
      REQUIRE(t.complete(task.task_token(), "finished anyway").ok());
      CHECK(text_of(t.outcome(request.activity_id()).outcome().result()) == "finished anyway");
    }
    SECTION("and rules out another attempt") {
      REQUIRE(t.fail(task.task_token(), "boom").ok());
      CHECK(t.outcome(request.activity_id()).outcome().retry_state() == enums::RETRY_STATE_CANCEL_REQUESTED);
    }
    SECTION("may be repeated under its request ID, not under another") {
      CHECK(t.cancel(request.activity_id(), "superseded", "cancel-1").ok());
      CHECK(t.cancel(request.activity_id(), "superseded", "cancel-2").error_code() ==
            grpc::StatusCode::FAILED_PRECONDITION);
    }
  }
  SECTION("of a closed activity is refused") {
    REQUIRE(t.complete(t.poll().task_token(), "done").ok());
    const auto status = t.cancel(request.activity_id(), "too late");
    CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
    CHECK(status.error_message() == "activity is in terminal state Completed");
  }
}

TEST_CASE("an attempt that nobody asked to cancel cannot report that it was", "[conformance]") {
  Conformance t;
  const auto request = t.start_request();
  t.start(request);
  const auto status = t.canceled(t.poll().task_token(), "x");
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "unable to mark activity as canceled without activity being request canceled first");
}
