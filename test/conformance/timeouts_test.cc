// How attempts end that nobody reports, and what is told of it.
#include "conformance/operations.h"

using namespace longbeat::test;
using Start = service::StartActivityExecutionRequest;

namespace {

void set_milliseconds(google::protobuf::Duration& duration, int milliseconds) {
  duration.set_seconds(milliseconds / 1'000);
  duration.set_nanos(milliseconds % 1'000 * 1'000'000);
}

std::int64_t nanoseconds(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000'000 + time.nanos();
}

void check_timed_out(const service::DescribeActivityExecutionResponse& closed, enums::TimeoutType type,
                     enums::RetryState retry_state, const std::string& message) {
  CHECK(closed.info().status() == enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT);
  CHECK(closed.outcome().retry_state() == retry_state);
  const auto& failure = closed.outcome().failure();
  CHECK(failure.message() == message);
  CHECK(failure.source().empty());
  CHECK(failure.timeout_failure_info().timeout_type() == type);
}

/// The description of the closed activity, once it is.
service::DescribeActivityExecutionResponse closed(const Conformance& t, const std::string& id) {
  t.outcome(id);
  return t.describe(id);
}

}  // namespace

TEST_CASE("a timeout that is repeated tells only of itself", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) { set_milliseconds(*r.mutable_heartbeat_timeout(), 300); });
  REQUIRE(t.fail(t.poll().task_token(), "boom").ok());
  REQUIRE(t.heartbeat(t.poll().task_token(), "so far").ok());
  const auto third = t.poll();
  CHECK(third.attempt() == 3);
  CHECK(text_of(third.heartbeat_details()) == "so far");
  const auto failure = t.describe(id).info().last_failure();
  CHECK(failure.message() == "activity Heartbeat timeout");
  CHECK_FALSE(failure.timeout_failure_info().has_last_heartbeat_details());
  CHECK_FALSE(failure.has_cause());
}

TEST_CASE("a timeout that closes tells what went wrong before", "[conformance][timeouts]") {
  Conformance t;
  const bool silent = GENERATE(true, false);
  const std::string id = started(t, [&](Start& r) {
    r.mutable_retry_policy()->set_maximum_attempts(2);
    set_milliseconds(silent ? *r.mutable_heartbeat_timeout() : *r.mutable_start_to_close_timeout(), 300);
  });
  REQUIRE(t.fail(t.poll().task_token(), "boom").ok());
  REQUIRE(t.heartbeat(t.poll().task_token(), "so far").ok());
  const auto end = closed(t, id);
  check_timed_out(end, silent ? enums::TIMEOUT_TYPE_HEARTBEAT : enums::TIMEOUT_TYPE_START_TO_CLOSE,
                  enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED,
                  silent ? "activity Heartbeat timeout" : "activity StartToClose timeout");
  CHECK(end.outcome().failure().cause().message() == "boom");
  CHECK(text_of(end.outcome().failure().timeout_failure_info().last_heartbeat_details()) == "so far");
  CHECK(end.info().last_failure().SerializeAsString() == end.outcome().failure().SerializeAsString());
}

TEST_CASE("a repetition that does not fit any more is not waited for", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) {
    r.mutable_schedule_to_close_timeout()->set_seconds(20);
    set_milliseconds(*r.mutable_heartbeat_timeout(), 300);
    r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(60);
  });
  const auto token = t.poll().task_token();
  SECTION("after a timeout it is one of the whole") {
    REQUIRE(t.heartbeat(token, "so far").ok());
    const auto before = std::chrono::steady_clock::now();
    const auto end = closed(t, id);
    CHECK(std::chrono::steady_clock::now() - before < 5s);
    check_timed_out(end, enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, enums::RETRY_STATE_TIMEOUT,
                    "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up "
                    "retrying");
    CHECK(text_of(end.outcome().failure().timeout_failure_info().last_heartbeat_details()) == "so far");
    CHECK(end.info().last_failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
  }
  SECTION("after a failure it is that failure") {
    REQUIRE(t.fail(token, "boom").ok());
    const auto end = closed(t, id);
    CHECK(end.info().status() == enums::ACTIVITY_EXECUTION_STATUS_FAILED);
    CHECK(end.outcome().retry_state() == enums::RETRY_STATE_TIMEOUT);
    CHECK(end.outcome().failure().message() == "boom");
  }
}

TEST_CASE("a timeout may be named as final", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) {
    set_milliseconds(*r.mutable_start_to_close_timeout(), 200);
    r.mutable_retry_policy()->add_non_retryable_error_types("TemporalTimeout:StartToClose");
  });
  t.poll();
  check_timed_out(closed(t, id), enums::TIMEOUT_TYPE_START_TO_CLOSE, enums::RETRY_STATE_NON_RETRYABLE_FAILURE,
                  "activity StartToClose timeout");
}

TEST_CASE("a task that waits too long is not repeated", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) { set_milliseconds(*r.mutable_schedule_to_start_timeout(), 200); });
  check_timed_out(closed(t, id), enums::TIMEOUT_TYPE_SCHEDULE_TO_START, enums::RETRY_STATE_TIMEOUT,
                  "activity ScheduleToStart timeout");
}

TEST_CASE("a task that nobody takes before its schedule-to-close was not started in time", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) { set_milliseconds(*r.mutable_schedule_to_close_timeout(), 200); });
  check_timed_out(closed(t, id), enums::TIMEOUT_TYPE_SCHEDULE_TO_START, enums::RETRY_STATE_TIMEOUT,
                  "activity ScheduleToStart timeout");
}

TEST_CASE("the whole may take too long", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t, [](Start& r) {
    // Temporal's takes up to a second more for a retry.
    set_milliseconds(*r.mutable_schedule_to_close_timeout(), own_server() ? 700 : 4'000);
    set_milliseconds(*r.mutable_retry_policy()->mutable_initial_interval(), 10);
  });
  REQUIRE(t.fail(t.poll().task_token(), "boom").ok());
  const auto token = t.poll().task_token();
  SECTION("with the earlier failure as the cause") {
    const auto end = closed(t, id);
    check_timed_out(end, enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, enums::RETRY_STATE_TIMEOUT,
                    "activity ScheduleToClose timeout");
    CHECK(end.outcome().failure().cause().message() == "boom");
    CHECK(end.info().last_failure().message() == "boom");
    check_not_found(t.complete(token, "late"), id);
  }
  SECTION("after a cancel was asked for") {
    REQUIRE(t.cancel(id, "enough").ok());
    check_timed_out(closed(t, id), enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, enums::RETRY_STATE_CANCEL_REQUESTED,
                    "activity ScheduleToClose timeout");
  }
}

TEST_CASE("a worker says when to try again", "[conformance][timeouts]") {
  Conformance t;
  const std::string id =
      started(t, [](Start& r) { r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(60); });
  service::RespondActivityTaskFailedRequest failed;
  failed.set_task_token(t.poll().task_token());
  auto& info = *failed.mutable_failure()->mutable_application_failure_info();
  SECTION("and says nothing with less than nothing") {
    info.mutable_next_retry_delay()->set_seconds(-1);
    REQUIRE(tell(t, "RespondActivityTaskFailed", failed).ok());
    CHECK(t.describe(id).info().current_retry_interval().seconds() == 60);
  }
  SECTION("and it counts for this once") {
    set_milliseconds(*info.mutable_next_retry_delay(), 100);
    REQUIRE(tell(t, "RespondActivityTaskFailed", failed).ok());
    CHECK(t.describe(id).info().current_retry_interval().nanos() == 100'000'000);
    REQUIRE(t.fail(t.poll().task_token(), "again").ok());
    CHECK(t.describe(id).info().current_retry_interval().seconds() == 120);  // 60 s doubled.
  }
}

TEST_CASE("one attempt needs no policy that makes sense", "[conformance][timeouts]") {
  Conformance t;
  started(t, [](Start& r) {
    r.mutable_retry_policy()->set_maximum_attempts(1);
    r.mutable_retry_policy()->set_backoff_coefficient(0.1);
  });
  CHECK(t.poll().attempt() == 1);
}

TEST_CASE("a pause does not shift when the next attempt is due", "[conformance][timeouts]") {
  Conformance t;
  const std::string id =
      started(t, [](Start& r) { set_milliseconds(*r.mutable_retry_policy()->mutable_initial_interval(), 800); });
  REQUIRE(t.fail(t.poll().task_token(), "again").ok());
  const auto due = nanoseconds(t.describe(id).info().next_attempt_schedule_time());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pause(t, id).ok());
    REQUIRE(unpause(t, id).ok());
  }
  CHECK(nanoseconds(t.describe(id).info().next_attempt_schedule_time()) == due);
  CHECK(nanoseconds(t.poll().current_attempt_scheduled_time()) == due);
}

TEST_CASE("a changed policy changes the wait that goes on", "[conformance][timeouts]") {
  Conformance t;
  const std::string id =
      started(t, [](Start& r) { r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(60); });
  REQUIRE(t.fail(t.poll().task_token(), "again").ok());
  auto update = about<UpdateRequest>(id);
  update.mutable_update_mask()->add_paths("retry_policy.initial_interval");
  set_milliseconds(*update.mutable_activity_options()->mutable_retry_policy()->mutable_initial_interval(), 50);
  REQUIRE(tell(t, "UpdateActivityExecutionOptions", update).ok());
  CHECK(t.poll().attempt() == 2);
}

TEST_CASE("a worker's delay gives way to no policy", "[conformance][timeouts]") {
  Conformance t;
  const std::string id = started(t);
  service::RespondActivityTaskFailedRequest failed;
  failed.set_task_token(t.poll().task_token());
  failed.mutable_failure()->mutable_application_failure_info()->mutable_next_retry_delay()->set_seconds(60);
  REQUIRE(tell(t, "RespondActivityTaskFailed", failed).ok());
  auto update = about<UpdateRequest>(id);
  update.mutable_update_mask()->add_paths("start_to_close_timeout");
  update.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(55);
  REQUIRE(tell(t, "UpdateActivityExecutionOptions", update).ok());
  CHECK(t.describe(id).info().current_retry_interval().seconds() == 60);
  update.mutable_update_mask()->set_paths(0, "retry_policy.initial_interval");
  set_milliseconds(*update.mutable_activity_options()->mutable_retry_policy()->mutable_initial_interval(), 50);
  REQUIRE(tell(t, "UpdateActivityExecutionOptions", update).ok());
  CHECK(t.describe(id).info().current_retry_interval().seconds() == 60);
  CHECK(t.poll(4s).task_token().empty());
}
