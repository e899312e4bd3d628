#include <functional>

#include "conformance/harness.h"

using namespace longbeat::test;

namespace {

using Change = std::function<void(service::StartActivityExecutionRequest&)>;

struct BadStart {
  const char* what;
  Change change;
  const char* text;  ///< the refusal contains it
};

const std::string kTooLong(1001, 'x');

const BadStart kBadStarts[] = {
    {"without an ID", [](auto& r) { r.clear_activity_id(); }, "activityId is not set"},
    {"with an ID too long", [](auto& r) { r.set_activity_id(kTooLong); },
     "exceeds length limit. Length=1001 Limit=1000"},
    {"without a type", [](auto& r) { r.clear_activity_type(); }, "activityType is not set"},
    {"without a task queue", [](auto& r) { r.clear_task_queue(); }, "taskQueue is not set"},
    {"with a nameless task queue", [](auto& r) { r.mutable_task_queue()->clear_name(); }, "missing task queue name"},
    {"with a reserved task queue", [](auto& r) { r.mutable_task_queue()->set_name("/_sys/x"); }, ""},
    {"with a request ID too long", [](auto& r) { r.set_request_id(kTooLong); }, "Length=1001 Limit=1000"},
    {"with an identity too long", [](auto& r) { r.set_identity(kTooLong); }, "Length=1001 Limit=1000"},
    {"without any limit on its run time", [](auto& r) { r.clear_start_to_close_timeout(); },
     "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity."},
    {"with a negative timeout", [](auto& r) { r.mutable_heartbeat_timeout()->set_seconds(-1); },
     "invalid HeartbeatTimeout"},
    {"with a duration of mixed signs",
     [](auto& r) {
       r.mutable_start_to_close_timeout()->set_seconds(1);
       r.mutable_start_to_close_timeout()->set_nanos(-1);
     },
     "invalid StartToCloseTimeout"},
    {"with a negative start delay", [](auto& r) { r.mutable_start_delay()->set_seconds(-1); }, "invalid StartDelay"},
    {"with a shrinking backoff", [](auto& r) { r.mutable_retry_policy()->set_backoff_coefficient(0.5); },
     "BackoffCoefficient cannot be less than 1"},
    {"with a maximum interval below the first",
     [](auto& r) {
       r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(10);
       r.mutable_retry_policy()->mutable_maximum_interval()->set_seconds(1);
     },
     "MaximumInterval cannot be less than InitialInterval"},
    {"with negative attempts", [](auto& r) { r.mutable_retry_policy()->set_maximum_attempts(-1); }, "MaximumAttempts"},
    {"with an unknown timeout among its non-retryable types",
     [](auto& r) { r.mutable_retry_policy()->add_non_retryable_error_types("TemporalTimeout:Sometimes"); }, ""},
    {"with a negative priority", [](auto& r) { r.mutable_priority()->set_priority_key(-1); },
     "priority key can't be negative"},
    {"with a fairness key too long", [](auto& r) { r.mutable_priority()->set_fairness_key(std::string(65, 'x')); },
     "invalid priorities"},
    {"with an input too large",
     [](auto& r) { r.mutable_input()->add_payloads()->set_data(std::string(2 * 1024 * 1024, 'x')); },
     "input exceeds length limit"},
    {"with a summary too large",
     [](auto& r) { r.mutable_user_metadata()->mutable_summary()->set_data(std::string(401, 'x')); }, ""},
    {"with callbacks", [](auto& r) { r.add_completion_callbacks()->mutable_nexus()->set_url("http://localhost"); },
     "completion callbacks are not enabled for this namespace"},
    {"with too many links",
     [](auto& r) {
       for (int i = 0; i < 11; ++i) r.add_links()->mutable_batch_job()->set_job_id("job");
     },
     "cannot attach more than 10 links per request, got 11"},
    {"with a link to a whole workflow", [](auto& r) { r.add_links()->mutable_workflow()->set_workflow_id("w"); },
     "unsupported link variant"},
    {"with a link to a run that it does not name",
     [](auto& r) {
       r.add_links()->mutable_activity()->set_namespace_("default");
       r.mutable_links(0)->mutable_activity()->set_activity_id("a");
     },
     "activity link must not have an empty run ID field"},
    {"in no namespace", [](auto& r) { r.clear_namespace_(); }, "Namespace is empty"},
};

}  // namespace

TEST_CASE("a start that cannot be is refused with its reason", "[conformance]") {
  Conformance t;
  for (const BadStart& bad : kBadStarts) {
    CAPTURE(bad.what);
    auto request = t.start_request();
    bad.change(request);
    service::StartActivityExecutionResponse response;
    const auto status = t.client.call("StartActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK_THAT(status.error_message(), ContainsSubstring(bad.text));
    CHECK(status.error_details().empty());
  }
}

TEST_CASE("a namespace nobody knows is named in the refusal", "[conformance]") {
  Conformance t;
  auto request = t.start_request();
  request.set_namespace_("nowhere");
  service::StartActivityExecutionResponse response;
  const auto status = t.client.call("StartActivityExecution", request, &response);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(status.error_message() == "Namespace nowhere is not found.");
  errordetails::NamespaceNotFoundFailure detail;
  REQUIRE(detail_of(status, detail));
  CHECK(detail.namespace_() == "nowhere");
}

TEST_CASE("an activity nobody knows is NOT_FOUND", "[conformance]") {
  Conformance t;
  service::DescribeActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id("nothing");
  service::DescribeActivityExecutionResponse response;
  auto status = t.client.call("DescribeActivityExecution", request, &response);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(status.error_message() == "activity not found for ID: nothing");
  errordetails::NotFoundFailure detail;
  CHECK(detail_of(status, detail));
  CHECK(t.cancel("nothing", "x").error_code() == grpc::StatusCode::NOT_FOUND);

  SECTION("and so is an unknown run of a known one") {
    const auto start = t.start_request();
    t.start(start);
    request.set_activity_id(start.activity_id());
    request.set_run_id("00000000-0000-4000-8000-000000000000");
    CHECK(t.client.call("DescribeActivityExecution", request, &response).error_code() == grpc::StatusCode::NOT_FOUND);
  }
  SECTION("a run ID must be one") {
    request.set_run_id("seven");
    status = t.client.call("DescribeActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(status.error_message() == "invalid run id: must be a valid UUID");
  }
  SECTION("an ID is required") {
    request.clear_activity_id();
    status = t.client.call("DescribeActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(status.error_message() == "activity ID is required");
  }
}

TEST_CASE("a task token", "[conformance]") {
  Conformance t;
  const auto start = t.start_request();
  t.start(start);
  const std::string token = t.poll().task_token();

  SECTION("is required") {
    const auto status = t.complete("", "x");
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(status.error_message() == "Task token not set on request.");
  }
  SECTION("must be one") {
    for (const std::string& garbage :
         {std::string("garbage"), token.substr(0, token.size() - 1), std::string(10'000, '\xff')}) {
      const auto status = t.heartbeat(garbage, "x");
      CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
      CHECK(status.error_message() == "Error deserializing task token.");
    }
  }
  SECTION("counts once") {
    REQUIRE(t.complete(token, "x").ok());
    const auto status = t.complete(token, "x");
    CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
    CHECK(status.error_message() == "activity not found for ID: " + start.activity_id());
    errordetails::NotFoundFailure detail;
    CHECK(detail_of(status, detail));
  }
  SECTION("is of one namespace") {
    service::RespondActivityTaskCompletedRequest request;
    request.set_namespace_(kOtherNamespace);
    request.set_task_token(token);
    service::RespondActivityTaskCompletedResponse response;
    const auto status = t.client.call("RespondActivityTaskCompleted", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(status.error_message() == "Operation requested with a token from a different namespace.");
  }
}

TEST_CASE("reports too large close the activity instead of being lost", "[conformance]") {
  Conformance t;
  const auto start = t.start_request();
  t.start(start);
  const std::string token = t.poll().task_token();
  const std::string huge(2 * 1024 * 1024 + 1, 'x');

  SECTION("a result") {
    CHECK(t.complete(token, huge).ok());
    CHECK(t.outcome(start.activity_id()).outcome().failure().message() == "Complete result exceeds size limit.");
  }
  SECTION("heartbeat details, which also tell the worker to stop") {
    service::RecordActivityTaskHeartbeatResponse response;
    CHECK(t.heartbeat(token, huge, &response).ok());
    CHECK(response.cancel_requested());
    const auto failure = t.outcome(start.activity_id()).outcome().failure();
    CHECK(failure.message() == "Heartbeat details exceed size limit.");
    CHECK(failure.server_failure_info().non_retryable());
    CHECK(failure.source().empty());
  }
}
