#include "conformance/operations.h"

using namespace longbeat::test;
using HeartbeatById = service::RecordActivityTaskHeartbeatByIdRequest;
using CompletedById = service::RespondActivityTaskCompletedByIdRequest;
using FailedById = service::RespondActivityTaskFailedByIdRequest;
using CanceledById = service::RespondActivityTaskCanceledByIdRequest;

namespace {

const std::string kNobody = "00000000-0000-4000-8000-000000000000";

grpc::Status complete_by_id(const Conformance& t, const std::string& id, const std::string& result) {
  auto request = about<CompletedById>(id);
  *request.mutable_result() = text_payloads(result);
  return tell(t, "RespondActivityTaskCompletedById", request);
}

}  // namespace

TEST_CASE("an activity is reported on by its ID", "[conformance][by-id]") {
  Conformance t;
  const std::string id = started(t);
  t.poll();

  SECTION("heartbeats") {
    auto beat = about<HeartbeatById>(id);
    *beat.mutable_details() = text_payloads("half");
    auto told = ask<service::RecordActivityTaskHeartbeatByIdResponse>(t, "RecordActivityTaskHeartbeatById", beat);
    CHECK_FALSE((told.cancel_requested() || told.activity_paused() || told.activity_reset()));
    CHECK(text_of(t.describe(id).info().heartbeat_details()) == "half");
    REQUIRE(pause(t, id).ok());
    told = ask<service::RecordActivityTaskHeartbeatByIdResponse>(t, "RecordActivityTaskHeartbeatById", beat);
    CHECK((told.activity_paused() && !told.cancel_requested()));
    REQUIRE(t.cancel(id, "enough").ok());
    told = ask<service::RecordActivityTaskHeartbeatByIdResponse>(t, "RecordActivityTaskHeartbeatById", beat);
    CHECK((told.cancel_requested() && !told.activity_paused()));
  }
  SECTION("completion") {
    REQUIRE(complete_by_id(t, id, "done").ok());
    CHECK(text_of(t.outcome(id).outcome().result()) == "done");
    check_precondition(complete_by_id(t, id, "again"), "invalid transition from Completed");
    check_not_found(tell(t, "RespondActivityTaskFailedById", about<FailedById>(id)), id);
  }
  SECTION("a failure that is no application failure may be retried") {
    auto failed = about<FailedById>(id);
    failed.mutable_failure()->set_message("the server broke");
    failed.mutable_failure()->mutable_server_failure_info();
    *failed.mutable_last_heartbeat_details() = text_payloads("so far");
    const auto told = ask<service::RespondActivityTaskFailedByIdResponse>(t, "RespondActivityTaskFailedById", failed);
    CHECK(told.failures().empty());
    const auto task = t.poll();
    CHECK(task.attempt() == 2);
    CHECK(text_of(task.heartbeat_details()) == "so far");
  }
  SECTION("a schedule-to-close failure is final, yet no timeout") {
    auto failed = about<FailedById>(id);
    failed.mutable_failure()->mutable_timeout_failure_info()->set_timeout_type(enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
    REQUIRE(tell(t, "RespondActivityTaskFailedById", failed).ok());
    const auto closed = t.describe(id);
    CHECK(closed.info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
    CHECK(closed.outcome().retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
  }
  SECTION("canceled, once that was asked for") {
    auto canceled = about<CanceledById>(id);
    *canceled.mutable_details() = text_payloads("cleaned up");
    check_invalid(tell(t, "RespondActivityTaskCanceledById", canceled),
                  "unable to mark activity as canceled without activity being request canceled first");
    REQUIRE(t.cancel(id, "enough").ok());
    REQUIRE(tell(t, "RespondActivityTaskCanceledById", canceled).ok());
    const auto failure = t.outcome(id).outcome().failure();
    CHECK(text_of(failure.canceled_failure_info().details()) == "cleaned up");
    CHECK(failure.canceled_failure_info().identity() == "conformance-canceler");
  }
}

TEST_CASE("completion by ID needs no worker, the other reports do", "[conformance][by-id]") {
  Conformance t;
  const std::string id = started(t);
  SECTION("while it is scheduled") {
    check_not_found(tell(t, "RecordActivityTaskHeartbeatById", about<HeartbeatById>(id)), id);
    check_not_found(tell(t, "RespondActivityTaskFailedById", about<FailedById>(id)), id);
    check_not_found(tell(t, "RespondActivityTaskCanceledById", about<CanceledById>(id)), id);
  }
  SECTION("while it is paused") {
    REQUIRE(pause(t, id).ok());
    check_not_found(tell(t, "RecordActivityTaskHeartbeatById", about<HeartbeatById>(id)), id);
  }
  REQUIRE(complete_by_id(t, id, "by hand").ok());
  const auto closed = t.describe(id);
  CHECK(closed.info().status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  CHECK(text_of(closed.outcome().result()) == "by hand");
  CHECK(closed.info().has_last_started_time());
}

TEST_CASE("a report by ID says whom it is about", "[conformance][by-id]") {
  Conformance t;
  const std::string id = started(t);
  auto completed = about<CompletedById>(id);
  SECTION("by its ID") {
    completed.clear_activity_id();
    check_invalid(tell(t, "RespondActivityTaskCompletedById", completed), "ActivityId is not set on request.");
  }
  SECTION("of a bearable length") {
    completed.set_identity(std::string(1001, 'x'));
    check_invalid(tell(t, "RespondActivityTaskCompletedById", completed), "Identity length exceeds limit.");
  }
  SECTION("in a namespace") {
    completed.clear_namespace_();
    check_invalid(tell(t, "RespondActivityTaskCompletedById", completed), "Namespace");
  }
  SECTION("of a run that exists") {
    completed.set_run_id(kNobody);
    check_not_found(tell(t, "RespondActivityTaskCompletedById", completed), id);
    completed.set_run_id("seven");
    check_invalid(tell(t, "RespondActivityTaskCompletedById", completed));
  }
  SECTION("not of a workflow, of which there are none") {
    completed.set_workflow_id("some-workflow");
    CHECK(tell(t, "RespondActivityTaskCompletedById", completed).error_code() == grpc::StatusCode::NOT_FOUND);
  }
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
}

TEST_CASE("a failure without content is retried, and told of at the end", "[conformance][by-id]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_retry_policy()->set_maximum_attempts(2); });
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto task = t.poll();
    CHECK(task.attempt() == attempt);
    service::RespondActivityTaskFailedRequest failed;
    failed.set_task_token(task.task_token());  // The namespace is the token's.
    REQUIRE(tell(t, "RespondActivityTaskFailed", failed).ok());
  }
  const auto outcome = t.outcome(id).outcome();
  CHECK(outcome.failure().message() == "activity task failed without failure details");
  CHECK(outcome.retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST_CASE("a failure by token is an application failure", "[conformance][by-id]") {
  Conformance t;
  started(t);
  service::RespondActivityTaskFailedRequest failed;
  failed.set_task_token(t.poll().task_token());
  failed.mutable_failure()->mutable_server_failure_info();
  check_invalid(tell(t, "RespondActivityTaskFailed", failed), "Failure must have ApplicationFailureInfo.");
}
