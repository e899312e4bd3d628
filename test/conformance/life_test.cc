#include <future>

#include "conformance/harness.h"

using namespace longbeat::test;

TEST_CASE("an activity from start to result", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_heartbeat_timeout()->set_seconds(10);
  request.mutable_user_metadata()->mutable_summary()->set_data("\"one line\"");
  (*request.mutable_header()->mutable_fields())["trace"].set_data("abc");
  const auto started = t.start(request);
  CHECK(started.started());
  CHECK(started.run_id().size() == 36);
  CHECK(started.link().activity().namespace_() == "default");
  CHECK(started.link().activity().activity_id() == request.activity_id());
  CHECK(started.link().activity().run_id() == started.run_id());

  const auto task = t.poll();
  REQUIRE(!task.task_token().empty());
  CHECK(task.activity_id() == request.activity_id());
  CHECK(task.activity_run_id() == started.run_id());
  CHECK(task.activity_type().name() == "greet");
  CHECK(task.workflow_namespace() == "default");
  CHECK(task.has_workflow_execution());
  CHECK(task.workflow_execution().workflow_id().empty());
  CHECK(text_of(task.input()) == "input");
  CHECK(task.header().fields().at("trace").data() == "abc");
  CHECK(!task.has_heartbeat_details());
  CHECK(task.attempt() == 1);
  CHECK(task.has_schedule_to_close_timeout());
  CHECK(task.start_to_close_timeout().seconds() == 30);
  CHECK(task.heartbeat_timeout().seconds() == 10);
  CHECK(task.retry_policy().backoff_coefficient() == 2.0);
  CHECK(task.retry_policy().maximum_interval().seconds() == 2);
  CHECK(task.has_started_time());
  CHECK(task.current_attempt_scheduled_time().nanos() == task.scheduled_time().nanos());
  CHECK(!task.has_priority());

  service::RecordActivityTaskHeartbeatResponse beat;
  REQUIRE(t.heartbeat(task.task_token(), "half", &beat).ok());
  CHECK(!beat.cancel_requested());
  CHECK(!beat.activity_paused());
  CHECK(!beat.activity_reset());
  CHECK(text_of(t.describe(request.activity_id()).info().heartbeat_details()) == "half");

  REQUIRE(t.complete(task.task_token(), "done").ok());
  const auto outcome = t.outcome(request.activity_id(), started.run_id());
  CHECK(outcome.run_id() == started.run_id());
  CHECK(text_of(outcome.outcome().result()) == "done");
  CHECK(outcome.outcome().retry_state() == enums::RETRY_STATE_UNSPECIFIED);
}

TEST_CASE("whoever waits for the outcome gets it when the activity closes", "[conformance]") {
  Conformance t;
  const auto request = t.start_request();
  t.start(request);
  const auto task = t.poll();
  auto waiting = std::async(std::launch::async, [&] {
    service::PollActivityExecutionRequest wait;
    wait.set_namespace_("default");
    wait.set_activity_id(request.activity_id());
    service::PollActivityExecutionResponse response;
    const RawClient client(address());
    client.call("PollActivityExecution", wait, &response, {.timeout = 20s});
    return response;
  });
  REQUIRE(t.heartbeat(task.task_token(), "x").ok());
  REQUIRE(t.complete(task.task_token(), "late").ok());
  CHECK(text_of(waiting.get().outcome().result()) == "late");
}

TEST_CASE("a result without a value still is an outcome", "[conformance]") {
  Conformance t;
  const auto request = t.start_request();
  t.start(request);
  service::RespondActivityTaskCompletedRequest report;
  report.set_task_token(t.poll().task_token());
  service::RespondActivityTaskCompletedResponse response;
  REQUIRE(t.client.call("RespondActivityTaskCompleted", report, &response).ok());
  CHECK(t.outcome(request.activity_id()).outcome().has_result());
}

TEST_CASE("a start whose ID is taken", "[conformance]") {
  Conformance t;
  const auto request = t.start_request();
  const auto first = t.start(request);
  service::StartActivityExecutionResponse response;

  SECTION("by the same request is the same run") {
    const auto again = t.start(request);
    CHECK(!again.started());
    CHECK(again.run_id() == first.run_id());
  }
  SECTION("is refused and told which run is in the way") {
    auto other = request;
    other.set_request_id(unique("request"));
    const auto status = t.client.call("StartActivityExecution", other, &response);
    CHECK(status.error_code() == grpc::StatusCode::ALREADY_EXISTS);
    errordetails::ActivityExecutionAlreadyStartedFailure detail;
    REQUIRE(detail_of(status, detail));
    CHECK(detail.run_id() == first.run_id());
    CHECK(detail.start_request_id() == request.request_id());
  }
  SECTION("joins the running one with USE_EXISTING") {
    auto other = request;
    other.set_request_id(unique("request"));
    other.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
    const auto joined = t.start(other);
    CHECK(!joined.started());
    CHECK(joined.run_id() == first.run_id());
  }
  SECTION("by a closed one makes a new run, unless the policy forbids it") {
    REQUIRE(t.complete(t.poll().task_token(), "done").ok());
    auto rejected = request;
    rejected.set_request_id(unique("request"));
    rejected.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE);
    CHECK(t.client.call("StartActivityExecution", rejected, &response).error_code() ==
          grpc::StatusCode::ALREADY_EXISTS);
    rejected.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY);
    CHECK(t.client.call("StartActivityExecution", rejected, &response).error_code() ==
          grpc::StatusCode::ALREADY_EXISTS);
    rejected.set_id_reuse_policy(enums::ACTIVITY_ID_REUSE_POLICY_UNSPECIFIED);
    const auto second = t.start(rejected);
    CHECK(second.started());
    CHECK(second.run_id() != first.run_id());
    CHECK(text_of(t.outcome(request.activity_id(), first.run_id()).outcome().result()) == "done");
  }
}

TEST_CASE("a failed attempt", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_retry_policy()->set_maximum_attempts(2);
  t.start(request);
  const auto first = t.poll();

  SECTION("is repeated after its interval and hands its details on") {
    REQUIRE(t.heartbeat(first.task_token(), "early").ok());
    REQUIRE(t.fail(first.task_token(), "boom", false, "late").ok());
    const auto second = t.poll();
    CHECK(second.attempt() == 2);
    CHECK(text_of(second.heartbeat_details()) == "late");
    CHECK(t.describe(request.activity_id()).info().last_failure().message() == "boom");
    CHECK(t.heartbeat(first.task_token(), "stale").error_code() == grpc::StatusCode::NOT_FOUND);

    REQUIRE(t.fail(second.task_token(), "boom again").ok());
    const auto outcome = t.outcome(request.activity_id()).outcome();
    CHECK(outcome.failure().message() == "boom again");
    CHECK(outcome.failure().application_failure_info().type() == "TestError");
    CHECK(outcome.retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  }
  SECTION("closes the activity when its failure is non-retryable") {
    REQUIRE(t.fail(first.task_token(), "never again", true).ok());
    const auto outcome = t.outcome(request.activity_id()).outcome();
    CHECK(outcome.failure().message() == "never again");
    CHECK(outcome.retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
    CHECK(t.describe(request.activity_id()).info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
  }
  SECTION("without any failure is repeated, and at the end has one all the same") {
    service::RespondActivityTaskFailedRequest report;
    service::RespondActivityTaskFailedResponse response;
    report.set_task_token(first.task_token());
    REQUIRE(t.client.call("RespondActivityTaskFailed", report, &response).ok());
    report.set_task_token(t.poll().task_token());
    REQUIRE(t.client.call("RespondActivityTaskFailed", report, &response).ok());
    CHECK(t.outcome(request.activity_id()).outcome().failure().message() ==
          "activity task failed without failure details");
  }
  SECTION("needs an application failure") {
    service::RespondActivityTaskFailedRequest report;
    report.set_task_token(first.task_token());
    report.mutable_failure()->mutable_server_failure_info();
    service::RespondActivityTaskFailedResponse response;
    const auto status = t.client.call("RespondActivityTaskFailed", report, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(status.error_message() == "Failure must have ApplicationFailureInfo.");
  }
}

TEST_CASE("a huge failure that will be retried is kept in short, the final one whole", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_retry_policy()->set_maximum_attempts(2);
  t.start(request);
  const std::string huge(100'000, 'x');
  REQUIRE(t.fail(t.poll().task_token(), huge).ok());
  const auto second = t.poll();
  const auto kept = t.describe(request.activity_id()).info().last_failure();
  CHECK(kept.ByteSizeLong() < 5'000);
  CHECK(kept.message() == "Failure exceeds size limit.");
  CHECK(kept.has_server_failure_info());
  CHECK(kept.cause().application_failure_info().type() == "TestError");
  CHECK(kept.cause().message().size() > 1'000);
  REQUIRE(t.fail(second.task_token(), huge).ok());
  CHECK(t.outcome(request.activity_id()).outcome().failure().message() == huge);
}

TEST_CASE("an attempt whose worker falls silent", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_heartbeat_timeout()->set_nanos(300'000'000);
  request.mutable_retry_policy()->set_maximum_attempts(2);
  t.start(request);
  const auto first = t.poll();
  REQUIRE(t.heartbeat(first.task_token(), "saved").ok());
  const auto second = t.poll();
  CHECK(second.attempt() == 2);
  CHECK(text_of(second.heartbeat_details()) == "saved");
  CHECK(t.complete(first.task_token(), "late").error_code() == grpc::StatusCode::NOT_FOUND);
  const auto outcome = t.outcome(request.activity_id()).outcome();
  CHECK(outcome.failure().message() == "activity Heartbeat timeout");
  CHECK(outcome.failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
  CHECK(text_of(outcome.failure().timeout_failure_info().last_heartbeat_details()) == "saved");
  CHECK(t.describe(request.activity_id()).info().status() == enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT);
}

TEST_CASE("a task that nobody takes in time", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_schedule_to_start_timeout()->set_nanos(100'000'000);
  t.start(request);
  const auto outcome = t.outcome(request.activity_id()).outcome();
  CHECK(outcome.failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
  CHECK(outcome.retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("a start delay holds the task back", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.mutable_start_delay()->set_seconds(1);
  t.start(request);
  const auto waiting = t.describe(request.activity_id()).info();
  CHECK(waiting.has_next_attempt_schedule_time());
  CHECK(!waiting.has_current_retry_interval());
  CHECK(waiting.execution_time().seconds() == waiting.schedule_time().seconds() + 1);
  const auto task = t.poll();
  CHECK(task.current_attempt_scheduled_time().seconds() == task.scheduled_time().seconds() + 1);
  CHECK(!t.describe(request.activity_id()).info().has_next_attempt_schedule_time());
}
