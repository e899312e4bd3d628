// A start delay among what operators do.
#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

std::string delayed(const Conformance& t, int seconds) {
  return started(t, [&](auto& r) { r.mutable_start_delay()->set_seconds(seconds); });
}

void set_delay(const Conformance& t, const std::string& id, int milliseconds) {
  auto update = about<UpdateRequest>(id);
  update.mutable_update_mask()->add_paths("start_delay");
  update.mutable_activity_options()->mutable_start_delay()->set_seconds(milliseconds / 1'000);
  update.mutable_activity_options()->mutable_start_delay()->set_nanos(milliseconds % 1'000 * 1'000'000);
  REQUIRE(tell(t, "UpdateActivityExecutionOptions", update).ok());
}

std::string due(const service::DescribeActivityExecutionResponse& described) {
  return described.info().next_attempt_schedule_time().SerializeAsString();
}

}  // namespace

TEST_CASE("a pause within the start delay does not shift it", "[conformance][start-delay]") {
  Conformance t;
  const std::string id = delayed(t, 60);
  const auto before = t.describe(id);
  REQUIRE(pause(t, id).ok());
  CHECK_FALSE(t.describe(id).info().has_next_attempt_schedule_time());
  REQUIRE(unpause(t, id).ok());
  CHECK(due(t.describe(id)) == due(before));
}

TEST_CASE("a start delay that changes while paused counts when unpaused", "[conformance][start-delay]") {
  Conformance t;
  const std::string id = delayed(t, 60);
  REQUIRE(pause(t, id).ok());
  set_delay(t, id, 50);
  REQUIRE(unpause(t, id).ok());
  const auto task = t.poll(4s);
  CHECK(task.activity_id() == id);
  CHECK(task.attempt() == 1);
}

TEST_CASE("a shorter start delay dispatches at once what is late by it", "[conformance][start-delay]") {
  Conformance t;
  const std::string id = delayed(t, 60);
  set_delay(t, id, 10);
  const auto info = t.describe(id).info();
  CHECK(info.start_delay().nanos() == 10'000'000);
  CHECK(t.poll(4s).activity_id() == id);
}

TEST_CASE("the execution time follows the start delay, in lists too", "[conformance][start-delay]") {
  Conformance t;
  const std::string id = delayed(t, 60);
  set_delay(t, id, 120'000);
  const auto info = t.describe(id).info();
  CHECK(info.execution_time().seconds() == info.schedule_time().seconds() + 120);
  service::ListActivityExecutionsRequest list;
  list.set_namespace_("default");
  list.set_query("ActivityId = '" + id + "'");
  CHECK(eventually([&] {
    const auto listed = ask<service::ListActivityExecutionsResponse>(t, "ListActivityExecutions", list);
    return listed.executions_size() == 1 &&
           listed.executions(0).execution_time().seconds() == info.execution_time().seconds();
  }));
}

TEST_CASE("a reset that restores leaves a start delay alone that is over", "[conformance][start-delay]") {
  Conformance t;
  const std::string id = delayed(t, 60);
  set_delay(t, id, 10);
  const auto token = t.poll(4s).task_token();
  auto request = about<ResetRequest>(id);
  request.set_restore_original_options(true);
  REQUIRE(reset(t, request).ok());
  REQUIRE(t.fail(token, "again").ok());
  CHECK(t.poll(4s).attempt() == 1);
  CHECK(t.describe(id).info().start_delay().nanos() == 10'000'000);
}

TEST_CASE("schedule-to-start counts from the end of the start delay", "[conformance][start-delay]") {
  Conformance t;
  const auto before = std::chrono::steady_clock::now();
  const std::string id = started(t, [](auto& r) {
    r.mutable_start_delay()->set_nanos(600'000'000);
    r.mutable_schedule_to_start_timeout()->set_nanos(400'000'000);
  });
  CHECK(t.outcome(id).outcome().failure().timeout_failure_info().timeout_type() ==
        enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
  CHECK(std::chrono::steady_clock::now() - before > 900ms);
}
