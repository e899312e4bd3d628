#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

UpdateRequest update_of(const std::string& id, std::initializer_list<const char*> paths) {
  auto request = about<UpdateRequest>(id);
  request.mutable_activity_options();
  for (const char* path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

grpc::Status update(const Conformance& t, const UpdateRequest& request) {
  return tell(t, "UpdateActivityExecutionOptions", request);
}

temporal::api::activity::v1::ActivityOptions updated(const Conformance& t, const UpdateRequest& request) {
  return ask<service::UpdateActivityExecutionOptionsResponse>(t, "UpdateActivityExecutionOptions", request)
      .activity_options();
}

}  // namespace

TEST_CASE("an update changes what its mask names, and tells the whole", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t);
  auto request = update_of(id, {"start_to_close_timeout", "retryPolicy.maximumAttempts", "priority.fairness_key"});
  auto& options = *request.mutable_activity_options();
  options.mutable_start_to_close_timeout()->set_seconds(55);
  options.mutable_retry_policy()->set_maximum_attempts(7);
  options.mutable_retry_policy()->set_backoff_coefficient(9);  // Not in the mask.
  options.mutable_priority()->set_fairness_key("tenant");
  const auto after = updated(t, request);
  CHECK(after.start_to_close_timeout().seconds() == 55);
  CHECK(after.retry_policy().maximum_attempts() == 7);
  CHECK(after.retry_policy().backoff_coefficient() == 2.0);
  CHECK(after.priority().fairness_key() == "tenant");
  CHECK(after.task_queue().name() == t.queue);
  const auto task = t.poll();
  CHECK(task.start_to_close_timeout().seconds() == 55);
  CHECK(task.retry_policy().maximum_attempts() == 7);
  CHECK(task.priority().fairness_key() == "tenant");
}

TEST_CASE("an update normalises again what it changes", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t);
  auto request = update_of(id, {"schedule_to_close_timeout", "heartbeat_timeout"});
  request.mutable_activity_options()->mutable_schedule_to_close_timeout()->set_seconds(20);
  request.mutable_activity_options()->mutable_heartbeat_timeout()->set_seconds(500);
  const auto after = updated(t, request);
  CHECK(after.schedule_to_start_timeout().seconds() == 20);
  CHECK(after.start_to_close_timeout().seconds() == 20);
  CHECK(after.heartbeat_timeout().seconds() == 20);
  CHECK(t.describe(id).info().has_expiration_time());
  // Listed but unset: cleared, or the default.
  CHECK(updated(t, update_of(id, {"heartbeat_timeout"})).heartbeat_timeout().seconds() == 0);
  CHECK(updated(t, update_of(id, {"retry_policy"})).retry_policy().initial_interval().seconds() == 1);
}

TEST_CASE("an update can send it to another task queue", "[conformance][update]") {
  Conformance t, other;
  const std::string id = started(t);
  auto request = update_of(id, {"task_queue.name"});
  request.mutable_activity_options()->mutable_task_queue()->set_name(other.queue);
  CHECK(updated(t, request).task_queue().name() == other.queue);
  CHECK(other.poll().activity_id() == id);
}

TEST_CASE("an update leaves the worker its token and re-arms its timers", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_retry_policy()->set_maximum_attempts(1); });
  const auto token = t.poll().task_token();
  auto request = update_of(id, {"heartbeat_timeout"});
  request.mutable_activity_options()->mutable_heartbeat_timeout()->set_nanos(300'000'000);
  updated(t, request);
  SECTION("the token") {
    CHECK(t.heartbeat(token, "x").ok());
    CHECK(t.complete(token, "x").ok());
  }
  SECTION("the timer") {
    const auto outcome = t.outcome(id).outcome();
    CHECK(outcome.failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
    CHECK(outcome.failure().message() == "activity Heartbeat timeout");
  }
}

TEST_CASE("the original options come back on request", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t);
  auto request = update_of(id, {"start_to_close_timeout"});
  request.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(55);
  updated(t, request);
  auto restore = about<UpdateRequest>(id);
  restore.set_restore_original(true);
  CHECK(updated(t, restore).start_to_close_timeout().seconds() == 30);
  restore.mutable_update_mask()->add_paths("heartbeat_timeout");
  restore.mutable_activity_options();
  check_invalid(update(t, restore), "Both UpdateMask and RestoreOriginal are provided");
}

TEST_CASE("the same update again changes nothing, even after the end", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t);
  auto request = update_of(id, {"start_to_close_timeout"});
  request.set_request_id("up1");
  request.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(55);
  updated(t, request);
  request.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(66);
  CHECK(updated(t, request).start_to_close_timeout().seconds() == 55);
  REQUIRE(tell(t, "TerminateActivityExecution", about<service::TerminateActivityExecutionRequest>(id)).ok());
  CHECK(updated(t, request).start_to_close_timeout().seconds() == 55);
  request.set_request_id("up2");
  check_precondition(update(t, request), "Cannot update options for activity in state Terminated");
}

TEST_CASE("a start delay is changed only before it is over", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_start_delay()->set_seconds(60); });
  auto request = update_of(id, {"start_delay"});
  request.mutable_activity_options()->mutable_start_delay()->set_seconds(-1);
  check_invalid(update(t, request), "invalid StartDelay");
  CHECK(t.describe(id).info().start_delay().seconds() == 60);
  CHECK(updated(t, update_of(id, {"start_delay"})).start_delay().seconds() == 0);
  CHECK(t.poll(4s).activity_id() == id);
  check_precondition(update(t, update_of(id, {"start_delay"})), "start_delay");
  const std::string due = started(t);  // Due, though nobody polled.
  check_precondition(update(t, update_of(due, {"start_delay"})), "start_delay");
}

TEST_CASE("an update that makes no sense is refused", "[conformance][update]") {
  Conformance t;
  const std::string id = started(t);
  const auto before = t.describe(id).info().SerializeAsString();
  auto request = about<UpdateRequest>(id);
  check_invalid(update(t, request));
  request.mutable_update_mask()->add_paths("heartbeat_timeout");
  check_invalid(update(t, request), "ActivityOptions are not provided");
  request = about<UpdateRequest>(id);
  request.mutable_activity_options();
  check_invalid(update(t, request), "UpdateMask is not provided");
  check_invalid(update(t, update_of(id, {})), "UpdateMask is not provided");
  request.mutable_update_mask();
  check_invalid(update(t, request), "UpdateMask must specify at least one path");
  for (const char* path : {"task_queue", "*", "nonsense", "retry_policy.non_retryable_error_types", "", "PRIORITY"}) {
    check_invalid(update(t, update_of(id, {path})), "unsupported update_mask path: \"" + std::string(path) + "\"");
  }
  check_invalid(update(t, update_of(id, {"task_queue.name"})), "taskQueue is not set");
  check_invalid(update(t, update_of(id, {"retry_policy.maximum_attempts"})));
  check_invalid(update(t, update_of(id, {"start_to_close_timeout"})),
                "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set");
  request = update_of(id, {"retry_policy.backoff_coefficient"});
  request.mutable_activity_options()->mutable_retry_policy()->set_backoff_coefficient(0.5);
  check_invalid(update(t, request), "BackoffCoefficient cannot be less than 1");
  request = update_of(id, {"retry_policy.maximum_interval"});  // Merged with an interval of 20 ms.
  request.mutable_activity_options()->mutable_retry_policy()->mutable_maximum_interval()->set_nanos(1'000'000);
  check_invalid(update(t, request), "MaximumInterval cannot be less than InitialInterval");
  request = update_of(id, {"priority.priority_key"});
  request.mutable_activity_options()->mutable_priority()->set_priority_key(-1);
  check_invalid(update(t, request), "priority key can't be negative");
  check_not_found(update(t, update_of("nothing", {"heartbeat_timeout"})), "nothing");
  CHECK(t.describe(id).info().SerializeAsString() == before);
}
