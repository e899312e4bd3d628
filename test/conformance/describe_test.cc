#include <future>

#include "conformance/harness.h"

using namespace longbeat::test;

namespace {

service::DescribeActivityExecutionRequest describe_request(const std::string& activity_id) {
  service::DescribeActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(activity_id);
  return request;
}

}  // namespace

TEST_CASE("describe tells everything that is fixed, and the rest only when asked", "[conformance]") {
  Conformance t;
  auto start = t.start_request();
  start.clear_retry_policy();
  start.mutable_user_metadata()->mutable_details()->set_data("\"more\"");
  (*start.mutable_header()->mutable_fields())["trace"].set_data("abc");
  start.mutable_priority()->set_priority_key(2);
  start.add_links()->mutable_batch_job()->set_job_id("caller");
  const auto run = t.start(start).run_id();
  REQUIRE(t.heartbeat(t.poll().task_token(), "half").ok());

  service::DescribeActivityExecutionResponse response;
  REQUIRE(t.client.call("DescribeActivityExecution", describe_request(start.activity_id()), &response).ok());
  CHECK(response.run_id() == run);
  CHECK(!response.long_poll_token().empty());
  CHECK(!response.has_input());
  CHECK(!response.has_outcome());
  const auto& info = response.info();
  CHECK(!info.has_heartbeat_details());
  CHECK(!info.has_last_failure());
  CHECK(info.activity_id() == start.activity_id());
  CHECK(info.run_id() == run);
  CHECK(info.activity_type().name() == "greet");
  CHECK(info.task_queue() == t.queue);
  CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
  CHECK(info.run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  CHECK(info.attempt() == 1);
  CHECK(info.total_heartbeat_count() == 1);
  CHECK(info.has_schedule_to_close_timeout());
  CHECK(info.has_schedule_to_start_timeout());
  CHECK(info.has_heartbeat_timeout());
  CHECK(info.start_to_close_timeout().seconds() == 30);
  CHECK(info.retry_policy().initial_interval().seconds() == 1);
  CHECK(info.retry_policy().backoff_coefficient() == 2.0);
  CHECK(info.retry_policy().maximum_interval().seconds() == 100);
  CHECK(info.retry_policy().maximum_attempts() == 0);
  CHECK(info.has_search_attributes());
  CHECK(info.has_schedule_time());
  CHECK(info.execution_time().nanos() == info.schedule_time().nanos());
  CHECK(!info.has_expiration_time());
  CHECK(!info.has_close_time());
  CHECK(!info.has_execution_duration());
  CHECK(!info.has_next_attempt_schedule_time());
  CHECK(!info.has_current_retry_interval());
  CHECK(info.has_last_started_time());
  CHECK(info.has_last_heartbeat_time());
  CHECK(!info.has_last_attempt_complete_time());
  CHECK(info.state_transition_count() > 0);
  CHECK(info.state_size_bytes() > 0);
  CHECK(info.header().fields().at("trace").data() == "abc");
  CHECK(info.user_metadata().details().data() == "\"more\"");
  CHECK(info.priority().priority_key() == 2);
  REQUIRE(info.links_size() == 1);
  CHECK(info.links(0).batch_job().job_id() == "caller");

  const auto whole = t.describe(start.activity_id());
  CHECK(text_of(whole.input()) == "input");
  CHECK(text_of(whole.info().heartbeat_details()) == "half");
}

TEST_CASE("describe of a closed activity", "[conformance]") {
  Conformance t;
  auto start = t.start_request();
  start.mutable_schedule_to_close_timeout()->set_seconds(60);
  t.start(start);
  REQUIRE(t.complete(t.poll().task_token(), "done").ok());
  const auto whole = t.describe(start.activity_id());
  CHECK(whole.info().status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  CHECK(whole.info().run_state() == enums::PENDING_ACTIVITY_STATE_UNSPECIFIED);
  CHECK(whole.info().expiration_time().seconds() == whole.info().schedule_time().seconds() + 60);
  CHECK(whole.info().has_close_time());
  CHECK(whole.info().has_last_attempt_complete_time());
  CHECK((whole.info().execution_duration().seconds() > 0 || whole.info().execution_duration().nanos() > 0));
  CHECK(text_of(whole.outcome().result()) == "done");
}

TEST_CASE("an activity between two attempts says when the next one comes", "[conformance]") {
  Conformance t;
  auto start = t.start_request();
  start.mutable_retry_policy()->mutable_initial_interval()->set_nanos(0);
  start.mutable_retry_policy()->mutable_initial_interval()->set_seconds(60);
  t.start(start);
  REQUIRE(t.fail(t.poll().task_token(), "boom").ok());
  const auto info = t.describe(start.activity_id()).info();
  CHECK(info.attempt() == 2);
  CHECK(info.run_state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED);
  CHECK(info.current_retry_interval().seconds() == 60);
  CHECK(info.next_attempt_schedule_time().seconds() == info.last_attempt_complete_time().seconds() + 60);
  CHECK(info.next_attempt_schedule_time().nanos() == info.last_attempt_complete_time().nanos());
}

TEST_CASE("describe with a long poll token", "[conformance]") {
  Conformance t;
  const auto start = t.start_request();
  const auto run = t.start(start).run_id();
  const auto token = t.describe(start.activity_id()).long_poll_token();
  auto request = describe_request(start.activity_id());
  request.set_run_id(run);
  request.set_long_poll_token(token);
  service::DescribeActivityExecutionResponse response;

  SECTION("waits for the next change") {
    auto waiting = std::async(std::launch::async, [&] {
      service::DescribeActivityExecutionResponse changed;
      const RawClient client(address());
      client.call("DescribeActivityExecution", request, &changed, {.timeout = 10s});
      return changed;
    });
    t.poll();
    const auto changed = waiting.get();
    CHECK(changed.info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
    CHECK(changed.long_poll_token() != token);
  }
  SECTION("answers at once when it has changed already") {
    t.poll();
    REQUIRE(t.client.call("DescribeActivityExecution", request, &response).ok());
    CHECK(response.info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  }
  SECTION("that runs out is a success without content") {
    REQUIRE(t.client.call("DescribeActivityExecution", request, &response, {.timeout = 1'300ms}).ok());
    CHECK(response.ByteSizeLong() == 0);
  }
  SECTION("needs the run ID") {
    request.clear_run_id();
    const auto status = t.client.call("DescribeActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK_THAT(status.error_message(), ContainsSubstring("run id is required"));
  }
  SECTION("must be one") {
    request.set_long_poll_token("garbage");
    const auto status = t.client.call("DescribeActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK_THAT(status.error_message(), ContainsSubstring("invalid long poll token"));
  }
  SECTION("belongs to one run") {
    const auto other = t.start_request();
    request.set_activity_id(other.activity_id());
    request.set_run_id(t.start(other).run_id());
    const auto status = t.client.call("DescribeActivityExecution", request, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK_THAT(status.error_message(), ContainsSubstring("long poll token does not match execution"));
  }
}
