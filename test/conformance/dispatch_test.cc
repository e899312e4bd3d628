#include "conformance/operations.h"

using namespace longbeat::test;

namespace {

std::int64_t nanoseconds(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000'000 + time.nanos();
}

/// The IDs of the next tasks, in order.
std::vector<std::string> next_tasks(const Conformance& t, std::size_t count) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(t.poll(4s).activity_id());
  return ids;
}

}  // namespace

TEST_CASE("a start delay passes before the first dispatch", "[conformance][dispatch]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) {
    r.mutable_start_delay()->set_nanos(400'000'000);
    r.mutable_schedule_to_close_timeout()->set_seconds(60);
  });
  const auto info = t.describe(id).info();
  const auto due = nanoseconds(info.schedule_time()) + 400'000'000;
  CHECK(info.status() == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
  CHECK(info.run_state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED);
  CHECK(nanoseconds(info.execution_time()) == due);
  CHECK(nanoseconds(info.next_attempt_schedule_time()) == due);
  CHECK_FALSE(info.has_current_retry_interval());
  CHECK(nanoseconds(info.expiration_time()) == due + 60'000'000'000);
  const auto task = t.poll();
  CHECK(nanoseconds(task.current_attempt_scheduled_time()) == due);
  CHECK(nanoseconds(task.started_time()) >= due);
  CHECK(nanoseconds(task.scheduled_time()) == due - 400'000'000);
  CHECK_FALSE(t.describe(id).info().has_next_attempt_schedule_time());
}

TEST_CASE("a cancel does not wait for the start delay", "[conformance][dispatch]") {
  Conformance t;
  const std::string id = started(t, [](auto& r) { r.mutable_start_delay()->set_seconds(600); });
  REQUIRE(t.cancel(id, "enough").ok());
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_CANCELED);
}

TEST_CASE("a retry is due the interval after the attempt's end, to the nanosecond", "[conformance][dispatch]") {
  Conformance t;
  const std::string id = started(t);
  REQUIRE(t.fail(t.poll().task_token(), "again").ok());
  const auto task = t.poll();
  const auto info = t.describe(id).info();
  CHECK(nanoseconds(task.current_attempt_scheduled_time()) ==
        nanoseconds(info.last_attempt_complete_time()) + 20'000'000);
}

TEST_CASE("tasks come by priority, then in order", "[conformance][dispatch]") {
  Conformance t;
  std::vector<std::string> ids;
  for (const int key : {5, 0, 1, 3, 2, 5}) {
    ids.push_back(started(t, [&](auto& r) {
      if (key != 0) r.mutable_priority()->set_priority_key(key);
    }));
  }
  // Temporal's orders what it has read, and reads behind.
  service::DescribeTaskQueueRequest describe;
  describe.set_namespace_("default");
  describe.mutable_task_queue()->set_name(t.queue);
  describe.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  describe.set_report_stats(true);
  REQUIRE(eventually([&] {
    const auto told = ask<service::DescribeTaskQueueResponse>(t, "DescribeTaskQueue", describe);
    return told.stats().approximate_backlog_count() == 6;
  }));
  // 0 is the default, 3.
  CHECK(next_tasks(t, 6) == std::vector<std::string>{ids[2], ids[4], ids[1], ids[3], ids[0], ids[5]});
}

TEST_CASE("tenants share a queue, whoever came first", "[conformance][dispatch]") {
  Conformance t;
  const auto tenant = [&](const std::string& key, float weight, int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(started(t, [&](auto& r) {
        r.mutable_priority()->set_fairness_key(key);
        r.mutable_priority()->set_fairness_weight(weight);
      }));
    }
    return ids;
  };
  tenant("many", 1, 12);
  const auto few = tenant("few", 1, 3);
  const auto heavy = tenant("heavy", 3, 6);
  const auto order = next_tasks(t, 10);
  const auto of = [&](const std::vector<std::string>& ids) {
    return std::count_if(order.begin(), order.end(),
                         [&](const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); });
  };
  CHECK(of(few) >= 1);
  CHECK(of(few) <= 3);
  CHECK(of(heavy) >= 4);
}

TEST_CASE("a task queue has a rate", "[conformance][dispatch]") {
  Conformance t;
  service::UpdateTaskQueueConfigRequest config;
  config.set_namespace_("default");
  config.set_identity("the operator");
  config.set_task_queue(t.queue);
  config.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  config.mutable_update_queue_rate_limit()->mutable_rate_limit()->set_requests_per_second(4);
  config.mutable_update_queue_rate_limit()->set_reason("a slow neighbour");
  const auto told = ask<service::UpdateTaskQueueConfigResponse>(t, "UpdateTaskQueueConfig", config).config();
  CHECK(told.queue_rate_limit().rate_limit().requests_per_second() == 4);
  CHECK(told.queue_rate_limit().metadata().reason() == "a slow neighbour");
  CHECK(told.queue_rate_limit().metadata().update_identity() == "the operator");

  service::DescribeTaskQueueRequest describe;
  describe.set_namespace_("default");
  describe.mutable_task_queue()->set_name(t.queue);
  describe.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  describe.set_report_config(true);
  const auto described = ask<service::DescribeTaskQueueResponse>(t, "DescribeTaskQueue", describe);
  CHECK(described.config().queue_rate_limit().rate_limit().requests_per_second() == 4);
  CHECK(described.effective_rate_limit().requests_per_second() == 4);
  CHECK(described.effective_rate_limit().rate_limit_source() == enums::RATE_LIMIT_SOURCE_API);

  for (int i = 0; i < 9; ++i) started(t);
  const auto before = std::chrono::steady_clock::now();
  next_tasks(t, 9);
  // A burst of a second's worth at most, then four a second.
  CHECK(std::chrono::steady_clock::now() - before > 900ms);
}

TEST_CASE("a worker may bound the rate of its queue", "[conformance][dispatch]") {
  Conformance t;
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name(t.queue);
  poll.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(5);
  for (int i = 0; i < 9; ++i) started(t);
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 9; ++i) {
    CHECK_FALSE(ask<service::PollActivityTaskQueueResponse>(t, "PollActivityTaskQueue", poll).task_token().empty());
  }
  CHECK(std::chrono::steady_clock::now() - before > 600ms);
}

TEST_CASE("a poll that makes no sense is refused", "[conformance][dispatch]") {
  Conformance t;
  service::PollActivityTaskQueueRequest poll;
  poll.set_namespace_("default");
  SECTION("without a queue") {}
  SECTION("without its name") {
    poll.mutable_task_queue();
  }
  SECTION("of a reserved queue") {
    poll.mutable_task_queue()->set_name("/_sys/x");
  }
  SECTION("of a name too long") {
    poll.mutable_task_queue()->set_name(std::string(1001, 'x'));
  }
  SECTION("by too long a name") {
    poll.mutable_task_queue()->set_name(t.queue);
    poll.set_identity(std::string(1001, 'x'));
  }
  check_invalid(tell(t, "PollActivityTaskQueue", poll));
}
