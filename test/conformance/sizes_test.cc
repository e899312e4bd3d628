// What is too large, too long or too far away.
#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

const std::string kTooLarge(2 * 1024 * 1024 + 1, 'x');

}  // namespace

TEST_CASE("canceled details too large fail the activity instead", "[conformance][sizes]") {
  Conformance t;
  const std::string id = started(t);
  const auto token = t.poll().task_token();
  REQUIRE(t.cancel(id, "enough").ok());
  CHECK(t.canceled(token, kTooLarge).ok());
  const auto failure = t.outcome(id).outcome().failure();
  CHECK(failure.message() == "Cancel details exceed size limit.");
  CHECK(failure.source() == "Server");
  CHECK(failure.server_failure_info().non_retryable());
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
}

TEST_CASE("a failure too large is cut, and its sender told", "[conformance][sizes]") {
  Conformance t;
  const std::string id = started(t);
  service::RespondActivityTaskFailedRequest request;
  request.set_task_token(t.poll().task_token());
  request.mutable_failure()->set_message(kTooLarge);
  request.mutable_failure()->mutable_application_failure_info()->set_type("Large");
  const auto told = ask<service::RespondActivityTaskFailedResponse>(t, "RespondActivityTaskFailed", request);
  REQUIRE(told.failures_size() == 1);
  CHECK(told.failures(0).message() == "Failure exceeds size limit.");
  const auto failure = t.outcome(id).outcome().failure();
  CHECK(failure.message() == "Failure exceeds size limit.");
  CHECK(failure.server_failure_info().non_retryable());
  CHECK(failure.cause().application_failure_info().type() == "Large");
  CHECK(failure.ByteSizeLong() < 600 * 1024);
}

TEST_CASE("last heartbeat details too large are dropped, and their sender told", "[conformance][sizes]") {
  Conformance t;
  started(t);
  const auto first = t.poll();
  REQUIRE(t.heartbeat(first.task_token(), "before").ok());
  service::RespondActivityTaskFailedRequest request;
  request.set_task_token(first.task_token());
  request.mutable_failure()->mutable_application_failure_info();
  *request.mutable_last_heartbeat_details() = text_payloads(kTooLarge);
  const auto told = ask<service::RespondActivityTaskFailedResponse>(t, "RespondActivityTaskFailed", request);
  REQUIRE(told.failures_size() == 1);
  CHECK(told.failures(0).message() == "Heartbeat details exceed size limit.");
  const auto second = t.poll();
  CHECK(second.attempt() == 2);
  CHECK(text_of(second.heartbeat_details()) == "before");
}

TEST_CASE("times beyond a hundred years are a hundred years", "[conformance][sizes]") {
  Conformance t;
  constexpr std::int64_t kHundredYears = 36'500LL * 24 * 3'600;
  const std::string id = started(t, [](auto& r) {
    r.mutable_start_to_close_timeout()->set_seconds(2 * kHundredYears);
    r.mutable_retry_policy()->mutable_maximum_interval()->set_seconds(2 * kHundredYears);
  });
  const auto info = t.describe(id).info();
  CHECK(info.start_to_close_timeout().seconds() == kHundredYears);
  CHECK_FALSE(t.poll().task_token().empty());
}

TEST_CASE("what a start brings is measured", "[conformance][sizes]") {
  Conformance t;
  auto request = t.start_request();
  SECTION("its details") {
    request.mutable_user_metadata()->mutable_details()->set_data(std::string(20'001, 'x'));
  }
  SECTION("its type") {
    request.mutable_activity_type()->set_name(std::string(1'001, 'x'));
  }
  SECTION("its queue") {
    request.mutable_task_queue()->set_name(std::string(1'001, 'x'));
  }
  SECTION("its weight") {
    request.mutable_priority()->set_fairness_weight(-1);
  }
  SECTION("its namespace") {
    request.set_namespace_(std::string(1'001, 'x'));
  }
  const auto code = tell(t, "StartActivityExecution", request).error_code();
  CHECK((code == grpc::StatusCode::INVALID_ARGUMENT ||
         (code == grpc::StatusCode::NOT_FOUND && request.namespace_().size() > 1'000)));
}

TEST_CASE("what a start brings and is just small enough comes back whole", "[conformance][sizes]") {
  Conformance t;
  const std::string longest = unique("activity") + std::string(900, 'x');
  const std::string id = started(t, [&](auto& r) {
    r.set_activity_id(longest);
    r.mutable_user_metadata()->mutable_summary()->set_data(std::string(390, 's'));
    r.mutable_user_metadata()->mutable_details()->set_data(std::string(19'900, 'd'));
    r.mutable_priority()->set_fairness_key(std::string(64, 'k'));
    r.mutable_priority()->set_priority_key(1);
    (*r.mutable_header()->mutable_fields())["trace"].set_data("abc");
    r.mutable_input()->mutable_payloads(0)->set_data(std::string(2 * 1024 * 1024 - 100, 'x'));
  });
  const auto described = t.describe(id);
  CHECK(described.info().user_metadata().summary().data().size() == 390);
  CHECK(described.info().header().fields().at("trace").data() == "abc");
  CHECK(described.input().payloads(0).data().size() == 2 * 1024 * 1024 - 100);
  const auto task = t.poll();
  CHECK(task.activity_id() == longest);
  CHECK(task.header().fields().at("trace").data() == "abc");
  CHECK(task.priority().fairness_key().size() == 64);
  CHECK(task.has_workflow_execution());
  CHECK(task.workflow_execution().workflow_id().empty());
  CHECK_FALSE(task.has_workflow_type());
  CHECK(task.has_schedule_to_close_timeout());
  CHECK(task.has_heartbeat_timeout());
}
