// What a worker tells the server about itself, on virtual time.
#include "base/log.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

TEST_CASE("the heartbeats of a worker", "[worker][worker_heartbeat]") {
  FakeWorker worker;
  auto& sent = worker.stub.worker_heartbeats;
  SECTION("go only to a namespace that takes them") {
    worker.start();
    worker.loop.run_for(10min);
    CHECK(sent.empty());
  }
  worker.stub.takes_worker_heartbeats = true;
  SECTION("begin at the start and come every minute") {
    worker.start();
    CHECK(sent.size() == 1);
    worker.loop.run_for(5min);
    CHECK(sent.size() == 6);
  }
  SECTION("tell who it is and what it does") {
    worker.start();
    const auto& first = sent.at(0).params.heartbeat;
    CHECK(sent[0].params.identity == "me");
    CHECK(first.instance_key == "instance");
    CHECK(first.identity == "me");
    CHECK(first.host_name == "host");
    CHECK(first.process_id == "77");
    CHECK(first.process_key == "process");
    CHECK(first.task_queue == "q");
    CHECK(first.status == WorkerStatus::kRunning);
    CHECK(first.start_time == first.heartbeat_time);
    CHECK_FALSE(first.since_last);
    CHECK(first.slots_free == 2);
    CHECK(first.polls_open == 2);
    CHECK_FALSE(first.last_poll_with_task);

    worker.begin();
    worker.fail();
    worker.begin();
    worker.loop.run_for(1min);
    const auto second = sent.at(1).params.heartbeat;
    CHECK(second.heartbeat_time - second.start_time == 1min);
    CHECK(second.since_last == std::optional<Nanoseconds>(1min));
    CHECK(second.slots_used == 1);
    CHECK(second.slots_free == 1);
    CHECK(second.processed == 1);
    CHECK(second.failed == 1);
    CHECK(second.processed_lately == 1);
    CHECK(second.failed_lately == 1);
    CHECK(second.last_poll_with_task == second.start_time + FakeWorker::kOwnBeatPause);

    worker.loop.run_for(1min);
    const auto third = sent.at(2).params.heartbeat;
    CHECK(third.processed == 1);
    CHECK(third.processed_lately == 0);
    CHECK(third.failed_lately == 0);
  }
  SECTION("go on while it drains, saying so, and end with it") {
    worker.begin(FakeWorker::task(0s));
    worker.machine->stop(1h, 2h, [](std::vector<std::string>) {});
    worker.loop.run_for(1min);
    CHECK(sent.back().params.heartbeat.status == WorkerStatus::kShuttingDown);
    worker.end(AttemptCompleted{});
    const auto count = sent.size();
    worker.loop.run_for(10min);
    CHECK(sent.size() == count);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("end where the server has no such call") {
    worker.stub.worker_heartbeat_answer = Status{StatusCode::kUnimplemented, "what", {}};
    worker.start();
    worker.loop.run_for(10min);
    CHECK(sent.size() == 1);
  }
  SECTION("that fail go on, are told once, and harm nothing") {
    std::vector<std::string> lines;
    set_log_sink([&](const LogRecord& record) { lines.emplace_back(record.message); });
    worker.stub.worker_heartbeat_answer = Status{StatusCode::kPermissionDenied, "no", {}};
    worker.start();
    worker.loop.run_for(10min);
    set_log_sink({});
    CHECK(sent.size() == 11);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], ContainsSubstring("RecordWorkerHeartbeat"));
    CHECK(worker.stub.polls.size() == 2);
  }
}

TEST_CASE("a worker may be told to send no heartbeats of its own", "[worker][worker_heartbeat]") {
  FakeWorker worker(2, 0s);
  worker.stub.takes_worker_heartbeats = true;
  worker.start();
  worker.loop.run_for(10min);
  worker.machine->stop(0s, 1s, [](std::vector<std::string>) {});
  CHECK(worker.stub.worker_heartbeats.empty());
  CHECK_FALSE(worker.stub.shutdowns.at(0).params.heartbeat);
}
