#include "rpc/convert_client.h"

#include <string>
#include <vector>

#include "rpc/convert_common.h"
#include "support/catch.h"
#include "support/filled_message.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

Payload payload(std::string data) {
  return {{{"encoding", "json/plain"}}, std::move(data)};
}

/// What `fill` leaves in a payload.
Payload filled_payload() {
  return {{{"key", "value"}}, "data"};
}

/// What `fill` leaves in a timestamp or duration.
constexpr Nanoseconds kFilled = 1s + 2ns;

StartActivityParams full_start() {
  StartActivityParams params;
  params.namespace_name = "space";
  params.identity = "me";
  params.request_id = "request";
  params.activity_id = "a";
  params.type = "Type";
  params.task_queue = "q";
  params.schedule_to_close = 5001ms;
  params.schedule_to_start = 4001ms;
  params.start_to_close = 3001ms;
  params.heartbeat = 2001ms;
  params.start_delay = 1001ms;
  params.retry = RetryPolicyFields{1001ms, 1.5, 9001ms, 7, {"Never"}};
  params.priority = PriorityFields{2, "tenant", 0.5f};
  params.id_reuse_policy = 3;
  params.id_conflict_policy = 2;
  params.input = {payload("1"), payload("2")};
  params.header = {{"trace", payload("t")}};
  params.summary = payload("\"one line\"");
  params.details = payload("\"more\"");
  params.search_attributes = {{"Customer", payload("\"c-17\"")}};
  params.completion_callbacks = {{"http://here/done", {{"token", "x"}}, {BatchJobLink{"job"}}}};
  params.links = {ActivityLink{"space", "b", "run-b"}};
  params.on_conflict = OnConflictFields{true, true, true};
  return params;
}

}  // namespace

TEST_CASE("a start request", "[rpc][convert][start]") {
  SECTION("has every field that the protocol knows") {
    const auto request = to_proto(full_start());
    // A queue of the sticky kind has another name besides; external payloads are a newer feature.
    CHECK(unset_fields(request) == Names{"task_queue.normal_name", "input.payloads.external_payloads",
                                         "user_metadata.summary.external_payloads",
                                         "user_metadata.details.external_payloads"});
  }
  SECTION("has each value in its place") {
    const auto request = to_proto(full_start());
    CHECK(request.namespace_() == "space");
    CHECK(request.identity() == "me");
    CHECK(request.request_id() == "request");
    CHECK(request.activity_id() == "a");
    CHECK(request.activity_type().name() == "Type");
    CHECK(request.task_queue().name() == "q");
    CHECK(request.schedule_to_close_timeout().seconds() == 5);
    CHECK(request.schedule_to_start_timeout().seconds() == 4);
    CHECK(request.start_to_close_timeout().seconds() == 3);
    CHECK(request.heartbeat_timeout().seconds() == 2);
    CHECK(request.start_delay().seconds() == 1);
    CHECK(from_proto(request.retry_policy()) == *full_start().retry);
    CHECK(from_proto(request.priority()) == *full_start().priority);
    CHECK(request.id_reuse_policy() == 3);
    CHECK(request.id_conflict_policy() == 2);
    CHECK(request.input().payloads(1).data() == "2");
    CHECK(request.header().fields().at("trace").data() == "t");
    CHECK(request.user_metadata().summary().data() == "\"one line\"");
    CHECK(request.user_metadata().details().data() == "\"more\"");
    CHECK(request.search_attributes().indexed_fields().at("Customer").data() == "\"c-17\"");
    CHECK(request.completion_callbacks(0).nexus().url() == "http://here/done");
    CHECK(request.completion_callbacks(0).nexus().header().at("token") == "x");
    CHECK(request.completion_callbacks(0).links(0).batch_job().job_id() == "job");
    CHECK(request.links(0).activity().activity_id() == "b");
  }
  SECTION("carries policies that this version does not know") {
    auto params = full_start();
    params.id_reuse_policy = 77;
    params.id_conflict_policy = 78;
    const auto request = to_proto(std::move(params));
    CHECK(static_cast<int>(request.id_reuse_policy()) == 77);
    CHECK(static_cast<int>(request.id_conflict_policy()) == 78);
  }
  SECTION("asks for nothing on conflict unless told to") {
    StartActivityParams params;
    CHECK_FALSE(to_proto(StartActivityParams(params)).has_on_conflict_options());
    params.on_conflict.emplace();
    CHECK(to_proto(std::move(params)).has_on_conflict_options());
  }
}

TEST_CASE("a start's answer tells the run and a link to it", "[rpc][convert][start]") {
  service_pb::StartActivityExecutionResponse response;
  response.set_run_id("run");
  response.set_started(true);
  response.mutable_link()->mutable_activity()->set_run_id("run");
  const auto started = from_proto(response);
  CHECK(started.run_id == "run");
  CHECK(started.started);
  CHECK(std::get<ActivityLink>(started.link).run_id == "run");
}

TEST_CASE("a link comes back as it went", "[rpc][convert][links]") {
  const auto link =
      GENERATE(LinkFields(WorkflowEventLink{"n", "w", "r", 5, 17, ""}),
               LinkFields(WorkflowEventLink{"n", "w", "r", 77, {}, "request"}), LinkFields(BatchJobLink{"job"}),
               LinkFields(ActivityLink{"n", "a", "r"}), LinkFields(NexusOperationLink{"n", "o", "r"}),
               LinkFields(WorkflowLink{"n", "w", "r", "why"}), LinkFields());
  common_pb::Link message;
  to_proto(link, message);
  common_pb::Link read;
  REQUIRE(read.ParseFromString(message.SerializeAsString()));
  CHECK((from_proto(read) == link));
}

TEST_CASE("a callback comes back as it went", "[rpc][convert][callbacks]") {
  const CallbackFields callback{"http://here", {{"a", "1"}, {"b", "2"}}, {ActivityLink{"n", "a", "r"}}};
  common_pb::Callback message;
  to_proto(callback, message);
  CHECK((from_proto(message) == callback));
}

TEST_CASE("a describe request says what to include and what was seen", "[rpc][convert][describe]") {
  const auto request = to_proto(DescribeParams{{"space", "a", "run"}, true, true, true, true, "token", true});
  CHECK(unset_fields(request) == Names{});
  CHECK(request.namespace_() == "space");
  CHECK(request.activity_id() == "a");
  CHECK(request.run_id() == "run");
  CHECK(request.long_poll_token() == "token");
  const auto only_input = to_proto(DescribeParams{{"space", "a", "run"}, true, false, false, false, ""});
  CHECK(unset_fields(only_input) ==
        Names{"include_outcome", "long_poll_token", "include_heartbeat_details", "include_last_failure"});
}

TEST_CASE("a description has every field that the answer has", "[rpc][convert][describe]") {
  service_pb::DescribeActivityExecutionResponse response;
  fill(response);
  const auto description = from_proto(std::move(response));
  CHECK(description.present);
  CHECK(description.activity_id == "activity_id");
  CHECK(description.run_id == "run_id");
  CHECK(description.type == "name");
  CHECK(description.task_queue == "task_queue");
  CHECK(description.status == 1);
  CHECK(description.run_state == 1);
  CHECK(description.attempt == 15);
  CHECK(description.heartbeat_count == 34);
  CHECK(description.state_transition_count == 27);
  CHECK(description.state_size_bytes == 28);
  for (const auto duration : {description.schedule_to_close, description.schedule_to_start, description.start_to_close,
                              description.heartbeat, description.start_delay}) {
    CHECK(duration == kFilled);
  }
  CHECK(description.retry == RetryPolicyFields{kFilled, 2, kFilled, 4, {"non_retryable_error_types"}});
  CHECK(description.priority == PriorityFields{1, "fairness_key", 3});
  for (const auto& time :
       {description.schedule_time, description.execution_time, description.last_started_time,
        description.last_heartbeat_time, description.last_attempt_complete_time, description.next_attempt_schedule_time,
        description.expiration_time, description.close_time}) {
    CHECK((time == WallTime(kFilled)));
  }
  CHECK((description.current_retry_interval == kFilled));
  CHECK((description.execution_duration == kFilled));
  CHECK(description.last_worker_identity == "last_worker_identity");
  CHECK(description.sdk_name == "sdk_name");
  CHECK(description.sdk_version == "sdk_version");
  CHECK(description.canceled_reason == "canceled_reason");
  CHECK((description.last_deployment_version == DeploymentVersionFields{"deployment_name", "build_id"}));
  CHECK(description.header.size() == 1);
  CHECK(description.search_attributes.size() == 1);
  CHECK((description.summary == filled_payload()));
  CHECK((description.details == filled_payload()));
  REQUIRE(description.links.size() == 1);
  CHECK(std::get<WorkflowEventLink>(description.links[0]).workflow_id == "workflow_id");
  REQUIRE(description.callbacks.size() == 1);
  CHECK(description.heartbeat_details == Payloads{filled_payload()});
  REQUIRE(description.last_failure.has_value());
  CHECK(description.last_failure->message == "message");
  CHECK((description.input == Payloads{filled_payload()}));
  REQUIRE(description.outcome.has_value());
  CHECK((description.outcome->result == Payloads{filled_payload()}));
  CHECK(description.outcome->retry_state == 1);
  CHECK(description.long_poll_token == "long_poll_token");
}

TEST_CASE("a description tells how each callback stands", "[rpc][convert][describe][callbacks]") {
  service_pb::DescribeActivityExecutionResponse response;
  fill(response);
  const auto description = from_proto(std::move(response));
  REQUIRE(description.callbacks.size() == 1);
  const auto& callback = description.callbacks[0];
  CHECK(callback.callback.url == "url");
  CHECK(callback.state == 1);
  CHECK(callback.attempt == 4);
  CHECK((callback.registration_time == WallTime(kFilled)));
  CHECK((callback.last_attempt_complete_time == WallTime(kFilled)));
  CHECK((callback.next_attempt_schedule_time == WallTime(kFilled)));
  CHECK(callback.last_attempt_failure.has_value());
  CHECK(callback.blocked_reason == "blocked_reason");
}

TEST_CASE("what an answer leaves out stays unset in a description", "[rpc][convert][describe]") {
  service_pb::DescribeActivityExecutionResponse response;
  SECTION("after a long poll that ran out it is not there at all") {
    CHECK_FALSE(from_proto(std::move(response)).present);
  }
  SECTION("of an activity that has just been started") {
    response.mutable_info()->set_activity_id("a");
    const auto description = from_proto(std::move(response));
    CHECK(description.present);
    CHECK_FALSE(description.close_time);
    CHECK_FALSE(description.execution_duration);
    CHECK_FALSE(description.current_retry_interval);
    CHECK_FALSE(description.last_failure);
    CHECK_FALSE(description.last_deployment_version);
    CHECK_FALSE(description.summary);
    CHECK_FALSE(description.input);
    CHECK_FALSE(description.outcome);
    CHECK(description.schedule_to_close == 0s);
  }
}

TEST_CASE("numbers of enums that this version does not know survive", "[rpc][convert][enums]") {
  service_pb::DescribeActivityExecutionResponse response;
  fill(response);
  set_enums_to_unknown(response, 77);
  service_pb::DescribeActivityExecutionResponse read;
  REQUIRE(read.ParseFromString(response.SerializeAsString()));
  const auto description = from_proto(std::move(read));
  CHECK(description.status == 77);
  CHECK(description.run_state == 77);
  CHECK(description.outcome->retry_state == 77);
  CHECK(description.callbacks.at(0).state == 77);
  CHECK(std::get<WorkflowEventLink>(description.links.at(0)).event_type == 77);
}

TEST_CASE("a list", "[rpc][convert][list]") {
  SECTION("asks for one page") {
    const auto request = to_proto(ListActivitiesParams{"space", "TaskQueue = 'q'", 50, "token"});
    CHECK(unset_fields(request) == Names{});
    CHECK(request.namespace_() == "space");
    CHECK(request.query() == "TaskQueue = 'q'");
    CHECK(request.page_size() == 50);
    CHECK(request.next_page_token() == "token");
  }
  SECTION("has every field of every row") {
    service_pb::ListActivityExecutionsResponse response;
    fill(response);
    set_enums_to_unknown(response, 77);
    const auto page = from_proto(std::move(response));
    CHECK(page.next_page_token == "next_page_token");
    REQUIRE(page.rows.size() == 1);
    const auto& row = page.rows[0];
    CHECK(row.activity_id == "activity_id");
    CHECK(row.run_id == "run_id");
    CHECK(row.type == "name");
    CHECK(row.task_queue == "task_queue");
    CHECK(row.status == 77);
    CHECK((row.schedule_time == WallTime(kFilled)));
    CHECK((row.execution_time == WallTime(kFilled)));
    CHECK((row.close_time == WallTime(kFilled)));
    CHECK((row.execution_duration == kFilled));
    CHECK(row.search_attributes.size() == 1);
    CHECK(row.state_transition_count == 9);
    CHECK(row.state_size_bytes == 10);
  }
  SECTION("leaves unset what an open activity has not") {
    service_pb::ListActivityExecutionsResponse response;
    response.add_executions();
    const auto page = from_proto(std::move(response));
    CHECK_FALSE(page.rows.at(0).close_time);
    CHECK_FALSE(page.rows.at(0).execution_duration);
    CHECK(page.next_page_token.empty());
  }
}

TEST_CASE("a count", "[rpc][convert][count]") {
  const auto request = to_proto(CountActivitiesParams{"space", "GROUP BY ExecutionStatus"});
  CHECK(request.namespace_() == "space");
  CHECK(request.query() == "GROUP BY ExecutionStatus");
  service_pb::CountActivityExecutionsResponse response;
  fill(response);
  const auto count = from_proto(std::move(response));
  CHECK(count.count == 1);
  REQUIRE(count.groups.size() == 1);
  CHECK(count.groups[0].count == 2);
  CHECK(count.groups[0].values == Payloads{filled_payload()});
}
