// What an activity sees of its attempt.
#include <mutex>

#include "base/log.h"
#include "client/client_core.h"
#include "core/outcome.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

ActivityTask workflow_task() {
  auto task = FakeWorker::task();
  task.workflow_id = "wf";
  task.workflow_run_id = "wf-run";
  task.workflow_type = "Order";
  task.started_time = WallTime(7ns);
  return task;
}

struct Line {
  LogLevel level;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// The process's sink for the life of a test.
struct CaughtLog {
  CaughtLog() {
    set_log_sink(
        [this](const LogRecord& record) {
          Line line{record.level, std::string(record.message), {}};
          for (const auto& field : record.fields) line.fields.emplace_back(field.name, field.value);
          lines.push_back(std::move(line));
        },
        LogLevel::kInfo);
  }
  ~CaughtLog() { set_log_sink({}); }
  std::vector<Line> lines;
};

}  // namespace

TEST_CASE("an attempt's information", "[worker][context]") {
  FakeWorker worker;
  auto task = FakeWorker::task();
  task.namespace_name = "ns";
  task.activity_run_id = "run";
  task.attempt = 3;
  task.input = {make_payload("json/plain", "1")};
  task.header["trace"] = make_payload("json/plain", "{}");
  task.heartbeat_details = {make_payload("json/plain", "7"), make_payload("json/plain", "\"x\"")};
  task.scheduled_time = WallTime(1s);
  task.current_attempt_scheduled_time = WallTime(2s);
  task.started_time = WallTime(3s);
  task.schedule_to_close = 2h;
  task.retry.maximum_attempts = 5;
  task.priority.fairness_key = "tenant";
  auto& context = worker.begin(task);
  SECTION("holds everything the server told") {
    const auto& info = context.info();
    CHECK(info.activity_id == "a");
    CHECK(info.activity_type == "ingest");
    CHECK(info.namespace_name == "ns");
    CHECK(info.task_queue == "q");
    CHECK(info.run_id == "run");
    CHECK(info.standalone());
    CHECK(info.attempt == 3);
    CHECK(info.header.count("trace") == 1);
    CHECK(info.scheduled_time == WallTime(1s));
    CHECK(info.current_attempt_scheduled_time == WallTime(2s));
    CHECK(info.started_time == WallTime(3s));
    CHECK(info.schedule_to_close_timeout == 2h);
    CHECK(info.start_to_close_timeout == 1h);
    CHECK(info.heartbeat_timeout == 10s);
    CHECK(info.retry_policy.maximum_attempts == 5);
    CHECK(info.priority.fairness_key == "tenant");
    CHECK(context.raw_input().size() == 1);
    CHECK(context.task_token() == "token");
  }
  SECTION("holds several details of the last attempt, typed") {
    const auto details = context.previous_details<int, std::string>();
    REQUIRE(details);
    CHECK(*details == std::tuple(7, std::string("x")));
    CHECK_FALSE(context.previous_details<std::string>());
  }
  SECTION("names the worker's namespace when the server did not") {
    task.namespace_name.clear();
    CHECK(worker.begin(task).info().namespace_name == "default");
  }
}

TEST_CASE("a fencing token", "[worker][context]") {
  FakeWorker worker(4);
  auto task = FakeWorker::task();
  task.activity_run_id = "run";
  task.started_time = WallTime(1'000'000'007ns);
  const auto first = worker.begin(task).fencing_token();
  CHECK(first == FencingToken{"run", 1'000'000'007, 1});
  CHECK(first.to_string() == "run@1000000007#1");
  SECTION("is newer than those handed out before, also after a reset") {
    task.started_time += 1ns;
    const auto second = worker.begin(task).fencing_token();
    CHECK(second.newer_than(first));
    CHECK_FALSE(first.newer_than(second));
    CHECK_FALSE(first.newer_than(first));
  }
  SECTION("says nothing about other executions") {
    task.activity_run_id = "other";
    task.started_time += 1h;
    CHECK_FALSE(worker.begin(task).fencing_token().newer_than(first));
  }
  SECTION("of a workflow's activity names the workflow's run and the activity") {
    CHECK(worker.begin(workflow_task()).fencing_token() == FencingToken{"wf-run/a", 7, 1});
  }
}

TEST_CASE("an activity's logger", "[worker][context]") {
  FakeWorker worker;
  CaughtLog log;
  SECTION("adds the attempt's fields") {
    auto task = FakeWorker::task();
    task.activity_run_id = "run";
    task.attempt = 12;
    const auto logger = worker.begin(task).logger();
    logger.debug("too fine");
    logger.warn("page is empty", {{"page", "9"}});
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines[0].level == LogLevel::kWarn);
    CHECK(log.lines[0].text == "page is empty");
    using Fields = std::vector<std::pair<std::string, std::string>>;
    CHECK(log.lines[0].fields == Fields{{"activity_id", "a"},
                                        {"activity_type", "ingest"},
                                        {"attempt", "12"},
                                        {"namespace", "default"},
                                        {"task_queue", "q"},
                                        {"activity_run_id", "run"},
                                        {"page", "9"}});
  }
  SECTION("names the workflow of a workflow's activity") {
    worker.begin(workflow_task()).logger().info("x");
    REQUIRE(log.lines.size() == 1);
    REQUIRE(log.lines[0].fields.size() == 8);
    CHECK(log.lines[0].fields[5] == std::pair<std::string, std::string>{"workflow_id", "wf"});
    CHECK(log.lines[0].fields[7] == std::pair<std::string, std::string>{"workflow_type", "Order"});
  }
  SECTION("takes more fields than fit, and drops the rest") {
    const LogField more{"more", "x"};
    worker.begin().logger().error("x", {more, more, more, more, more, more, more, more, more, more, more, more,
                                        more, more, more, more, more, more, more, more, more, more, more, more});
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines[0].fields.size() == 6 + 16);
  }
}

TEST_CASE("an activity's client", "[worker][context]") {
  FakeWorker worker;
  const Lease lease(worker.loop.now(), 10s, 0s);
  auto core = std::make_shared<ClientCore>();
  const ActivityContext context(std::make_shared<Attempt>(FakeWorker::task(), "q", DataConverter(), worker.clock, lease,
                                                          1, AttemptLinks{core, nullptr}));
  SECTION("is the worker's own") {
    const auto client = context.client();
    REQUIRE(client);
    CHECK(core_of(*client) == core);
  }
  SECTION("is refused when the worker's client is gone") {
    core.reset();
    CHECK(context.client().error().code == ErrorCode::kFailedPrecondition);
  }
}
