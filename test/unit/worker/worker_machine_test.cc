#include "worker/worker_machine.h"

#include "base/log.h"
#include "core/outcome.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// What longbeat logs while this lives.
struct CapturedLog {
  CapturedLog() {
    set_log_sink([this](const LogRecord& record) {
      lines.push_back((record.level == LogLevel::kWarn   ? "warning: "
                       : record.level == LogLevel::kInfo ? "info: "
                                                         : "other: ") +
                      std::string(record.message));
    });
  }
  ~CapturedLog() { set_log_sink({}); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  std::vector<std::string> lines{};
};

}  // namespace

TEST_CASE("a worker polls only with a free slot", "[worker][poll]") {
  FakeWorker worker(2);
  worker.start();
  CHECK(worker.stub.polls.size() == 2);
  worker.begin();
  CHECK(worker.stub.polls.size() == 1);
  worker.begin();
  CHECK(worker.stub.polls.empty());
  worker.end(AttemptCompleted{});
  CHECK(worker.stub.polls.size() == 1);
  CHECK(worker.machine->stats().attempts_started == 2);
}

TEST_CASE("two workers on one courier have no key in common", "[worker][courier]") {
  FakeWorker worker(1);
  worker.begin();
  WorkerSettings settings;
  settings.slots = 1;
  const auto second = std::make_shared<WorkerMachine>(
      WorkerPorts{worker.loop, worker.stub, worker.courier, worker.executor, worker.clock}, settings);
  second->start(nullptr);
  worker.loop.run_ready();
  worker.stub.give(FakeWorker::task());
  worker.loop.run_ready();
  REQUIRE(worker.executor.inputs.size() == 2);
  CHECK(worker.executor.inputs[0].attempt->key() != worker.executor.inputs[1].attempt->key());
}

TEST_CASE("a worker that is refused", "[worker][poll]") {
  FakeWorker worker;
  SECTION("because its namespace is missing gives up after a minute, not earlier") {
    worker.stub.namespace_status = Status{StatusCode::kNotFound, "no namespace", NamespaceNotFoundDetail{"default"}};
    worker.start();
    worker.loop.run_for(55s);
    CHECK_FALSE(worker.refusal);
    worker.loop.run_for(20s);
    REQUIRE(worker.refusal);
    CHECK(worker.refusal->code == ErrorCode::kNotFound);
    CHECK_THAT(worker.refusal->message, ContainsSubstring("no namespace"));
    SECTION("but goes on trying, and says so only once") {
      worker.refusal.reset();
      worker.loop.run_for(10min);
      CHECK_FALSE(worker.refusal);
      worker.stub.namespace_status.reset();
      worker.loop.run_for(12s);
      CHECK(worker.stub.polls.size() == 2);
    }
  }
  SECTION("when it polls goes on trying, with pauses") {
    worker.start();
    for (int second = 0; second < 300; ++second) {
      worker.stub.fail_polls(Status{StatusCode::kPermissionDenied, "not you", {}});
      CHECK(worker.stub.polls.empty());
      worker.loop.run_for(1s);
    }
    REQUIRE(worker.refusal);
    CHECK(worker.refusal->code == ErrorCode::kPermissionDenied);
    CHECK(worker.machine->stats().poll_errors < 100);
    worker.loop.run_for(12s);
    CHECK(worker.stub.polls.size() == 2);
  }
  SECTION("for a while goes on when the server comes back") {
    worker.stub.namespace_status = unavailable("starting");
    worker.start();
    worker.loop.run_for(5min);
    CHECK_FALSE(worker.refusal);
    worker.stub.namespace_status.reset();
    worker.loop.run_for(12s);
    CHECK(worker.stub.polls.size() == 2);
  }
  SECTION("does not hammer the server") {
    worker.start();
    for (int i = 0; i < 50; ++i) {
      while (!worker.stub.polls.empty()) {
        auto done = worker.stub.polls.front().second;
        worker.stub.polls.pop_front();
        done(unavailable("x"));
      }
      worker.loop.run_for(100ms);
    }
    CHECK(worker.machine->stats().poll_errors < 20);
  }
}

TEST_CASE("a worker without a server", "[worker][poll]") {
  const CapturedLog log;
  const std::vector<std::string>& lines = log.lines;
  FakeWorker worker;
  SECTION("says so after some seconds, then once a minute, and when it is back") {
    worker.stub.namespace_status = unavailable("connection refused");
    worker.start();
    worker.loop.run_for(2s);
    CHECK(lines.empty());
    worker.loop.run_for(10s);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0],
               ContainsSubstring("warning: worker on task queue 'q': no answer from the server at here:1 for"));
    CHECK_THAT(lines[0], ContainsSubstring("connection refused"));
    worker.loop.run_for(5min);
    CHECK(lines.size() >= 4);
    CHECK(lines.size() <= 6);
    const auto told = lines.size();
    worker.stub.namespace_status.reset();
    worker.loop.run_for(12s);
    REQUIRE(worker.stub.polls.size() == 2);
    REQUIRE(lines.size() == told + 1);
    CHECK_THAT(lines.back(), ContainsSubstring("info: worker on task queue 'q': the server at here:1 answers after"));
  }
  SECTION("that went away says so, and takes polls that stay open for its return") {
    worker.start();
    for (int second = 0; second < 30; ++second) {
      worker.stub.fail_polls(unavailable("gone"));
      worker.loop.run_for(1s);
    }
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], ContainsSubstring("PollActivityTaskQueue"));
    worker.loop.run_for(20s);
    REQUIRE(lines.size() == 2);
    CHECK_THAT(lines[1], ContainsSubstring("answers after"));
    worker.machine->stop(0s, 1s, [](std::vector<std::string>) {});
    worker.loop.run_ready();
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("for a moment says nothing") {
    worker.start();
    worker.stub.fail_polls(unavailable("restart"));
    worker.loop.run_for(1s);
    worker.stub.fail_polls(unavailable("restart"));
    worker.loop.run_for(10s);
    worker.begin();
    CHECK(lines.empty());
  }
}

TEST_CASE("one outage makes one pause, however many polls it ends", "[worker][poll]") {
  FakeWorker worker(5);
  worker.start();
  REQUIRE(worker.stub.polls.size() == 5);
  worker.stub.fail_polls(unavailable("x"));
  CHECK(worker.machine->stats().poll_errors == 5);
  CHECK(worker.stub.polls.empty());
  worker.loop.run_for(240ms);
  CHECK(worker.stub.polls.size() == 5);
  worker.stub.fail_polls(unavailable("x"));
  worker.loop.run_for(240ms);
  CHECK(worker.stub.polls.empty());
  worker.loop.run_for(240ms);
  CHECK(worker.stub.polls.size() == 5);
}

TEST_CASE("a worker that stops", "[worker][shutdown]") {
  FakeWorker worker;
  std::optional<std::vector<std::string>> left;
  const auto stop = [&](Nanoseconds grace, Nanoseconds within) {
    worker.machine->stop(grace, within, [&](std::vector<std::string> names) { left = std::move(names); });
    worker.loop.run_ready();
  };
  SECTION("with nothing to do is done at once and polls no more") {
    worker.start();
    stop(10s, 15s);
    REQUIRE(left);
    CHECK(left->empty());
    CHECK(worker.stub.polls.empty());
  }
  SECTION("lets attempts finish and their heartbeats go on") {
    auto& context = worker.begin();
    stop(10s, 15s);
    worker.loop.run_for(9s);
    CHECK_FALSE(left);
    CHECK_FALSE(context.stopped());
    const auto beats = worker.stub.beats.size();
    context.heartbeat(1);
    worker.loop.run_ready();
    CHECK(worker.stub.beats.size() == beats + 1);
    worker.end(AttemptCompleted{});
    REQUIRE(left);
    CHECK(left->empty());
    CHECK(worker.machine->stats().completed == 1);
  }
  SECTION("asks the rest to stop after the grace") {
    auto& context = worker.begin();
    context.heartbeat(1);
    stop(2s, 15s);
    worker.loop.run_for(2s);
    CHECK(context.stop_causes() == std::vector{StopCause::kShutdown});
    CHECK_FALSE(context.lost_token().stop_requested());
    worker.end(outcome_of_stop(context.stop_causes(), false, {}));
    REQUIRE(left);
    CHECK(worker.stub.failed.at(0).params.failure.type == "WorkerShutdown");
  }
  SECTION("reports WorkerShutdown for what ignores that, with its details, and names it") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    stop(2s, 10s);
    worker.loop.run_for(10s);
    REQUIRE(left);
    REQUIRE(left->size() == 1);
    CHECK_THAT(left->at(0), ContainsSubstring("ingest 'a' (attempt 1), begun"));
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "WorkerShutdown");
    CHECK(context.lost_token().stop_requested());
    const auto beats = worker.stub.beats.size();
    context.heartbeat(3);  // A late thread finds a context whose calls do nothing.
    worker.end(AttemptCompleted{});
    worker.loop.run_for(1min);
    CHECK(worker.stub.beats.size() == beats);
    CHECK(worker.stub.completed.empty());
  }
  SECTION("is done by its deadline even when the server is away") {
    worker.begin();
    worker.stub.answers_reports = false;
    stop(0s, 5s);
    worker.loop.run_for(5s);
    CHECK(left);
    CHECK(worker.machine->stats().reports_given_up == 1);
  }
  SECTION("names a result that the server did not take in time") {
    worker.begin();
    worker.stub.answers_reports = false;
    worker.end(AttemptCompleted{});
    stop(0s, 5s);
    worker.loop.run_for(5s);
    REQUIRE(left);
    CHECK(*left == std::vector<std::string>{"ingest 'a' (attempt 1), ended but not reported"});
    CHECK(worker.machine->stats().reports_given_up == 1);
  }
  SECTION("counts a task that came after its end") {
    worker.start();
    const auto poll = worker.stub.polls.front().second;
    worker.stub.polls.clear();  // The server has answered already, so cancelling finds nothing.
    stop(0s, 1s);
    worker.loop.run_for(1s);
    REQUIRE(left);
    poll(std::vector{FakeWorker::task()});
    worker.loop.run_ready();
    CHECK(worker.executor.inputs.empty());
    CHECK(worker.machine->stats().attempts_started == 0);
    CHECK(worker.machine->stats().tasks_dropped == 1);
  }
  SECTION("ends by the earlier of two deadlines") {
    auto& context = worker.begin();
    const bool shorter_first = GENERATE(true, false);
    stop(1h, shorter_first ? 10s : 2h);
    worker.loop.run_for(1s);
    CHECK_FALSE(context.stopped());
    stop(1h, shorter_first ? 2h : 9s);
    worker.loop.run_for(8900ms);
    CHECK_FALSE(left);
    CHECK(context.stopped());
    worker.loop.run_for(100ms);
    CHECK(left);
    CHECK(worker.stub.failed.size() == 1);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("at once, while it has time for a longer stop, reports what runs") {
    worker.begin();
    stop(1h, 2h);
    stop(0s, 0s);
    CHECK(left);
    CHECK(worker.stub.failed.size() == 1);
  }
  SECTION("within the longest of all times waits for its attempts") {
    auto& context = worker.begin(FakeWorker::task(0s));
    stop(Nanoseconds::max(), Nanoseconds::max());
    worker.loop.run_for(30min);
    CHECK_FALSE(left);
    CHECK_FALSE(context.stopped());
    worker.end(AttemptCompleted{});
    CHECK(left);
  }
  SECTION("may be stopped again, and before it was started") {
    stop(0s, 1s);
    CHECK(left);
    left.reset();
    stop(0s, 1s);
    CHECK(left);
    worker.start();
    CHECK(worker.stub.polls.empty());
  }
}

TEST_CASE("a worker leaves nothing armed behind", "[worker][shutdown]") {
  FakeWorker worker;
  auto& context = worker.begin();
  context.heartbeat(1);
  worker.end(AttemptCompleted{});
  worker.machine->stop(0s, 1s, [](std::vector<std::string>) {});
  worker.loop.run_ready();
  CHECK(worker.loop.armed_timers() == 0);
  CHECK(worker.machine->stats().slots_used == 0);
}
