// What is too large, too long or too far away.
#include <temporal/api/operatorservice/v1/request_response.pb.h>

#include "conformance/operations.h"

using namespace longbeat::test;
namespace operators = temporal::api::operatorservice::v1;

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
  CHECK(failure.source().empty());
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

TEST_CASE("what has exactly the largest size is taken, one byte more is not", "[conformance][sizes]") {
  constexpr std::size_t kLimit = 2 * 1024 * 1024;
  const auto payloads_of = [](std::size_t bytes) {
    auto payloads = text_payloads(std::string(kLimit - 1000, 'x'));
    auto& data = *payloads.mutable_payloads(0)->mutable_data();
    data.resize(data.size() + bytes - payloads.ByteSizeLong(), 'x');
    REQUIRE(payloads.ByteSizeLong() == bytes);
    return payloads;
  };
  const std::size_t bytes = GENERATE_COPY(kLimit - 1, kLimit, kLimit + 1);
  const bool fits = bytes <= kLimit;
  CAPTURE(bytes);
  Conformance t;
  SECTION("as an argument") {
    auto request = t.start_request();
    *request.mutable_input() = payloads_of(bytes);
    const auto status = tell(t, "StartActivityExecution", request);
    CHECK(status.ok() == fits);
    if (!fits) CHECK(status.error_message() == "input exceeds length limit");
  }
  SECTION("as a result") {
    const std::string id = started(t);
    service::RespondActivityTaskCompletedRequest request;
    request.set_task_token(t.poll().task_token());
    *request.mutable_result() = payloads_of(bytes);
    REQUIRE(tell(t, "RespondActivityTaskCompleted", request).ok());
    const auto outcome = t.outcome(id).outcome();
    CHECK(outcome.has_result() == fits);
    if (!fits) CHECK(outcome.failure().message() == "Complete result exceeds size limit.");
  }
  SECTION("as heartbeat details") {
    const std::string id = started(t);
    service::RecordActivityTaskHeartbeatRequest request;
    request.set_task_token(t.poll().task_token());
    *request.mutable_details() = payloads_of(bytes);
    const auto told = ask<service::RecordActivityTaskHeartbeatResponse>(t, "RecordActivityTaskHeartbeat", request);
    CHECK(told.cancel_requested() == !fits);
  }
  SECTION("as a failure") {
    started(t);
    service::RespondActivityTaskFailedRequest request;
    request.set_task_token(t.poll().task_token());
    request.mutable_failure()->mutable_application_failure_info()->set_non_retryable(true);
    auto& message = *request.mutable_failure()->mutable_message();
    message.resize(kLimit - 1000, 'x');
    message.resize(message.size() + bytes - request.failure().ByteSizeLong(), 'x');
    REQUIRE(request.failure().ByteSizeLong() == bytes);
    const auto told = ask<service::RespondActivityTaskFailedResponse>(t, "RespondActivityTaskFailed", request);
    CHECK(told.failures_size() == (fits ? 0 : 1));
  }
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
  CHECK(tell(t, "StartActivityExecution", request).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
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

TEST_CASE("a refusal that repeats a long text still arrives as itself", "[conformance][sizes]") {
  if (!only_own_server("Temporal's refusals do not fit into the headers then")) return;
  Conformance t;
  const std::string character = GENERATE("a", "\u00e9", "%", "\U0001F600");
  const std::size_t bytes = GENERATE(4'000U, 10'000U, 20'000U);
  std::string text;
  while (text.size() < bytes) text += character;
  CAPTURE(character, bytes);
  const auto invalid = grpc::StatusCode::INVALID_ARGUMENT, not_found = grpc::StatusCode::NOT_FOUND;

  SECTION("in place of a namespace") {
    auto request = about<service::DescribeActivityExecutionRequest>("a");
    request.set_namespace_(text);
    CHECK(tell(t, "DescribeActivityExecution", request).error_code() == invalid);
    operators::DeleteNamespaceRequest gone;
    gone.set_namespace_(text);
    google::protobuf::Empty ignored;
    CHECK(operate(t, "DeleteNamespace", gone, &ignored).error_code() == invalid);
    service::DescribeNamespaceRequest by_id;
    by_id.set_id(text);
    CHECK(tell(t, "DescribeNamespace", by_id).error_code() == invalid);
  }
  SECTION("as a search attribute") {
    auto request = t.start_request();
    (*request.mutable_search_attributes()->mutable_indexed_fields())[text].set_data("1");
    CHECK(tell(t, "StartActivityExecution", request).error_code() == invalid);
  }
  SECTION("as a workflow's ID") {
    auto request = about<PauseRequest>("a");
    request.set_workflow_id(text);
    CHECK(pause(t, request).error_code() == not_found);
  }
  SECTION("as a path of an update mask") {
    auto request = about<UpdateRequest>(started(t));
    request.mutable_activity_options();
    request.mutable_update_mask()->add_paths(text);
    CHECK(tell(t, "UpdateActivityExecutionOptions", request).error_code() == invalid);
  }
  SECTION("as the name of a method") {
    if (bytes > 4'000) return;  // Headers of more than 8 KiB do not arrive.
    grpc::ClientContext context;
    google::protobuf::Empty empty;
    if (character != "a") return;
    CHECK(t.client.call_method("/" + text, empty, &empty, {}, context).error_code() == grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_CASE("a failure with hundreds of causes fails its attempt, and everybody can read what is kept of it",
          "[conformance][sizes]") {
  if (!only_own_server("Temporal's gives it back whole, which protobuf refuses to read")) return;
  Conformance t;
  const std::string id = started(t);
  service::RespondActivityTaskFailedRequest request;
  request.set_task_token(t.poll().task_token());
  request.mutable_failure()->mutable_application_failure_info()->set_non_retryable(true);
  auto* last = request.mutable_failure();
  for (int i = 0; i < 500; ++i) {
    last->set_message(std::to_string(i));
    last = last->mutable_cause();
  }
  REQUIRE(tell(t, "RespondActivityTaskFailed", request).ok());
  const auto failure = t.outcome(id).outcome().failure();
  CHECK(failure.message() == "0");
  CHECK(failure.cause().cause().message() == "2");
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
}
