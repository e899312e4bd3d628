#include "conformance/operations.h"

using namespace longbeat::test;
using Described = service::DescribeActivityExecutionResponse;

namespace {

/// The description that a long poll gets when `change` has happened.
Described after(const Conformance& t, const std::string& id, const std::function<void()>& change) {
  const auto now = t.describe(id);
  auto request = about<service::DescribeActivityExecutionRequest>(id, now.run_id());
  request.set_long_poll_token(now.long_poll_token());
  auto waiting = ask_meanwhile<Described>("DescribeActivityExecution", request);
  CHECK(waiting.wait_for(30ms) == std::future_status::timeout);
  change();
  const auto changed = waiting.get();
  CHECK(changed.long_poll_token() != now.long_poll_token());
  CHECK(changed.info().state_transition_count() > now.info().state_transition_count());
  return changed;
}

}  // namespace

TEST_CASE("a long poll of a description is told of every change", "[conformance][describe]") {
  Conformance t;
  const std::string id = started(t);
  std::string token;
  CHECK(after(t, id, [&] { token = t.poll().task_token(); }).info().run_state() ==
        enums::PENDING_ACTIVITY_STATE_STARTED);
  CHECK(after(t, id, [&] { REQUIRE(t.heartbeat(token, "1").ok()); }).info().total_heartbeat_count() == 1);
  CHECK(after(t, id, [&] { REQUIRE(pause(t, id).ok()); }).info().run_state() ==
        enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
  CHECK(after(t, id, [&] { REQUIRE(unpause(t, id).ok()); }).info().run_state() ==
        enums::PENDING_ACTIVITY_STATE_STARTED);
  const auto updated = after(t, id, [&] {
    auto request = about<UpdateRequest>(id);
    request.mutable_update_mask()->add_paths("start_to_close_timeout");
    request.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(77);
    REQUIRE(tell(t, "UpdateActivityExecutionOptions", request).ok());
  });
  CHECK(updated.info().start_to_close_timeout().seconds() == 77);
  CHECK(after(t, id, [&] { REQUIRE(t.fail(token, "again").ok()); }).info().attempt() == 2);
  after(t, id, [&] { token = t.poll().task_token(); });
  // A pending reset still shows as the attempt that runs.
  CHECK(after(t, id, [&] { REQUIRE(reset(t, id).ok()); }).info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  const auto canceling = after(t, id, [&] { REQUIRE(t.cancel(id, "enough").ok()); });
  CHECK(canceling.info().run_state() == enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED);
  CHECK(canceling.info().canceled_reason() == "enough");
  const auto closed = after(t, id, [&] { REQUIRE(t.canceled(token, "bye").ok()); });
  CHECK(closed.info().status() == enums::ACTIVITY_EXECUTION_STATUS_CANCELED);
  CHECK(closed.info().run_state() == enums::PENDING_ACTIVITY_STATE_UNSPECIFIED);
  // What was not asked for is not there.
  CHECK_FALSE((closed.has_input() || closed.has_outcome()));
  CHECK_FALSE((closed.info().has_heartbeat_details() || closed.info().has_last_failure()));
}

TEST_CASE("everybody who waits for the outcome gets it", "[conformance][describe]") {
  Conformance t;
  const std::string id = started(t);
  std::vector<std::future<service::PollActivityExecutionResponse>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(ask_meanwhile<service::PollActivityExecutionResponse>(
        "PollActivityExecution", about<service::PollActivityExecutionRequest>(id)));
  }
  REQUIRE(t.complete(t.poll().task_token(), "for all").ok());
  for (auto& each : waiting) CHECK(text_of(each.get().outcome().result()) == "for all");
}

TEST_CASE("a description shows defaults filled in and nothing absent", "[conformance][describe]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) {
    r.clear_retry_policy();
    r.clear_identity();
  });
  const auto described =
      ask<Described>(t, "DescribeActivityExecution", about<service::DescribeActivityExecutionRequest>(id));
  const auto& info = described.info();
  const auto& retry = info.retry_policy();
  CHECK(retry.initial_interval().seconds() == 1);
  CHECK(retry.backoff_coefficient() == 2.0);
  CHECK(retry.maximum_interval().seconds() == 100);
  CHECK(retry.maximum_attempts() == 0);
  CHECK(info.has_search_attributes());
  CHECK(info.has_schedule_to_close_timeout());
  CHECK(info.has_schedule_to_start_timeout());
  CHECK(info.has_heartbeat_timeout());
  CHECK(info.heartbeat_timeout().seconds() == 0);
  CHECK(info.start_to_close_timeout().seconds() == 30);
  CHECK_FALSE(info.has_expiration_time());
  CHECK_FALSE(info.has_close_time());
  CHECK_FALSE(info.has_next_attempt_schedule_time());
  CHECK(info.execution_time().SerializeAsString() == info.schedule_time().SerializeAsString());
  CHECK(info.activity_type().name() == "greet");
  CHECK(info.task_queue() == t.queue);
  CHECK(info.attempt() == 1);
  CHECK(info.state_size_bytes() > 0);
  CHECK(described.run_id() == info.run_id());
  CHECK_FALSE(described.long_poll_token().empty());
}

TEST_CASE("a long poll's arguments are looked at in order", "[conformance][describe]") {
  Conformance t;
  const std::string id = started(t);
  const auto now = t.describe(id);
  auto request = about<service::DescribeActivityExecutionRequest>(id);
  request.set_long_poll_token("garbage");
  check_invalid(tell(t, "DescribeActivityExecution", request), "run id is required");
  request.set_run_id(now.run_id());
  check_invalid(tell(t, "DescribeActivityExecution", request), "invalid long poll token");
  request.set_long_poll_token(now.long_poll_token());
  request.set_activity_id("nothing");
  check_not_found(tell(t, "DescribeActivityExecution", request), "nothing");
}

TEST_CASE("each attempt tells of its own worker", "[conformance][describe]") {
  Conformance t;
  const std::string id = started(t);
  REQUIRE(t.fail(t.poll().task_token(), "again").ok());
  CHECK(t.describe(id).info().sdk_name() == "conformance");
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name(t.queue);
  poll.set_identity("another one");
  CHECK(ask<service::PollActivityTaskQueueResponse>(t, "PollActivityTaskQueue", poll).attempt() == 2);
  const auto info = t.describe(id).info();
  CHECK(info.last_worker_identity() == "another one");
  CHECK(info.sdk_name().empty());
  CHECK(info.sdk_version().empty());
}
