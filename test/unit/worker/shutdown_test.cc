// How a worker ends, on virtual time: what the server is told, whom a stop waits for, what is said of stuck functions.
#include "base/log.h"
#include "core/outcome.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

struct StoppingWorker : FakeWorker {
  using FakeWorker::FakeWorker;
  using Names = std::optional<std::vector<std::string>>;

  void stop(Nanoseconds grace, Nanoseconds within) { stop(grace, within, left, 0); }
  /// As the attempt itself, number `index` in the order of their beginnings.
  void stop_from(std::size_t index, Nanoseconds grace, Nanoseconds within, Names& answer) {
    stop(grace, within, answer, executor.inputs.at(index).attempt->key());
  }
  void stop(Nanoseconds grace, Nanoseconds within, Names& answer, std::uint64_t caller) {
    machine->stop(grace, within, [&answer](std::vector<std::string> names) { answer = std::move(names); }, caller);
    loop.run_ready();
  }
  void end(std::size_t index, AttemptOutcome outcome = AttemptCompleted{}) {
    executor.inputs.at(index).done(std::move(outcome));
    loop.run_ready();
  }
  static ActivityTask named(const std::string& id) {
    auto task = FakeWorker::task(0s);
    task.activity_id = id;
    return task;
  }
  Names left{};
};

}  // namespace

TEST_CASE("a worker that stops tells the server", "[worker][shutdown]") {
  StoppingWorker worker;
  SECTION("before it gives up its polls") {
    worker.start();
    worker.stop(10s, 15s);
    CHECK(worker.stub.order == std::vector<std::string>{"ShutdownWorker", "poll canceled", "poll canceled"});
    REQUIRE(worker.stub.shutdowns.size() == 1);
    const auto& told = worker.stub.shutdowns[0].params;
    CHECK(told.namespace_name == "default");
    CHECK(told.identity == "me");
    CHECK(told.task_queue == "q");
    CHECK(told.worker_instance_key == "instance");
    CHECK(told.reason == "graceful shutdown");
    CHECK_FALSE(told.heartbeat);
    CHECK(worker.left);
  }
  SECTION("with its last heartbeat, where the server takes them") {
    worker.stub.takes_worker_heartbeats = true;
    worker.start();
    worker.stop(10s, 15s);
    REQUIRE(worker.stub.shutdowns.at(0).params.heartbeat);
    CHECK(worker.stub.shutdowns[0].params.heartbeat->status == WorkerStatus::kShuttingDown);
  }
  SECTION("once, however often it is stopped") {
    worker.begin();
    worker.stop(10s, 15s);
    worker.stop(10s, 15s);
    CHECK(worker.stub.shutdowns.size() == 1);
  }
  SECTION("and does not care what it answers") {
    worker.stub.shutdown_answer = GENERATE(Status{StatusCode::kUnimplemented, "what", {}}, unavailable("gone"),
                                           Status{StatusCode::kPermissionDenied, "no", {}});
    worker.stub.completes_polls = GENERATE(true, false);
    worker.start();
    worker.stop(10s, 15s);
    REQUIRE(worker.left);
    CHECK(worker.left->empty());
    CHECK(worker.stub.polls.empty());
  }
  SECTION("and waits for it no longer than a fifth of the time") {
    worker.stub.answers_shutdown = false;
    worker.start();
    worker.stop(10s, 5s);
    CHECK(worker.stub.shutdowns.at(0).timeout == 1s);
    worker.loop.run_for(999ms);
    CHECK_FALSE(worker.left);
    CHECK(worker.stub.polls.size() == 2);
    worker.loop.run_for(1ms);
    CHECK(worker.left);
    CHECK(worker.stub.polls.empty());
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("only when it has spoken to it before") {
    worker.stub.namespace_status = unavailable("starting");
    worker.start();
    worker.stop(10s, 15s);
    CHECK(worker.left);
    CHECK(worker.stub.shutdowns.empty());
    CHECK(worker.loop.armed_timers() == 0);
  }
}

TEST_CASE("polls that the server answers at a worker's stop", "[worker][shutdown]") {
  StoppingWorker worker;
  worker.stub.completes_polls = true;
  worker.start();
  worker.stop(10s, 15s);
  REQUIRE(worker.stub.polls.size() == 2);
  CHECK_FALSE(worker.left);
  const auto answer_poll = [&](std::vector<ActivityTask> tasks) {
    auto done = worker.stub.polls.front().second;
    worker.stub.polls.pop_front();
    done(std::move(tasks));
    worker.loop.run_ready();
  };
  SECTION("are left to it, and when they come back empty the worker has ended") {
    answer_poll({});
    answer_poll({});
    CHECK(worker.left);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("may bring a task, which is run to its end and knows of the shutdown") {
    answer_poll({FakeWorker::task()});
    answer_poll({});
    REQUIRE(worker.executor.inputs.size() == 1);
    const ActivityContext context(worker.executor.inputs[0].attempt);
    CHECK(context.shutdown_token().stop_requested());
    CHECK_FALSE(context.stopped());
    worker.loop.run_for(1s);
    CHECK_FALSE(worker.left);
    worker.end(0);
    REQUIRE(worker.left);
    CHECK(worker.left->empty());
    CHECK(worker.stub.completed.size() == 1);
  }
  SECTION("are canceled when it does not answer in time") {
    worker.loop.run_for(1999ms);
    CHECK(worker.stub.polls.size() == 2);
    worker.loop.run_for(1ms);
    CHECK(worker.stub.polls.empty());
    CHECK(worker.left);
  }
  SECTION("are canceled earlier when a second stop is in a greater hurry") {
    worker.stop(0s, 1s);
    worker.loop.run_for(200ms);
    CHECK(worker.stub.polls.empty());
    CHECK(worker.left);
  }
}

TEST_CASE("attempts learn of a shutdown before they are asked to stop", "[worker][shutdown]") {
  StoppingWorker worker;
  auto& context = worker.begin();
  CHECK_FALSE(context.shutdown_token().stop_requested());
  worker.stop(2s, 15s);
  CHECK(context.shutdown_token().stop_requested());
  CHECK_FALSE(context.stop_token().stop_requested());
  worker.loop.run_for(2s);
  CHECK(context.stop_token().stop_requested());
}

TEST_CASE("a stop from inside an activity", "[worker][shutdown]") {
  StoppingWorker worker(3);
  auto& caller = worker.begin(StoppingWorker::named("caller"));
  StoppingWorker::Names inside;
  SECTION("waits for the others, not for the caller, whose result is reported afterwards") {
    worker.begin(StoppingWorker::named("other"));
    worker.stop_from(0, 10s, 15s, inside);
    worker.loop.run_for(1s);
    CHECK_FALSE(inside);
    worker.end(1);
    REQUIRE(inside);
    CHECK(inside->empty());
    CHECK(worker.machine->phase() != ShutdownPhase::kEnded);
    worker.loop.run_for(1min);
    CHECK(worker.stub.completed.size() == 1);
    worker.end(0);
    CHECK(worker.stub.completed.size() == 2);
    CHECK(worker.machine->phase() == ShutdownPhase::kEnded);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("asks the caller to stop like the others, and lets it go on") {
    worker.stop_from(0, 0s, 5s, inside);
    CHECK(inside);
    CHECK(caller.stop_causes() == std::vector{StopCause::kShutdown});
    worker.loop.run_for(1min);
    CHECK_FALSE(caller.lost_token().stop_requested());
    CHECK(worker.stub.failed.empty());
    worker.end(0);
    CHECK(worker.stub.completed.size() == 1);
  }
  SECTION("names what still runs besides when its time is over") {
    worker.begin(StoppingWorker::named("other"));
    worker.stop_from(0, 1s, 5s, inside);
    worker.loop.run_for(5s);
    REQUIRE(inside);
    REQUIRE(inside->size() == 1);
    CHECK_THAT(inside->at(0), ContainsSubstring("ingest 'other' (attempt 1)"));
    CHECK(worker.stub.failed.size() == 1);
    worker.end(0);
    CHECK(worker.stub.completed.size() == 1);
    CHECK(worker.machine->phase() == ShutdownPhase::kEnded);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("by two attempts at once does not make them wait for one another") {
    StoppingWorker::Names second;
    worker.begin(StoppingWorker::named("other"));
    worker.stop_from(0, 1s, 5s, inside);
    worker.stop_from(1, 1s, 5s, second);
    CHECK(inside);
    CHECK(second);
    worker.end(0);
    worker.end(1);
    CHECK(worker.stub.completed.size() == 2);
    CHECK(worker.machine->phase() == ShutdownPhase::kEnded);
  }
  SECTION("does not shield the caller from one from outside") {
    worker.stop_from(0, 1s, 2s, inside);
    worker.stop(1s, 10s);
    worker.loop.run_for(9s);
    CHECK_FALSE(worker.left);
    worker.loop.run_for(1s);
    REQUIRE(worker.left);
    CHECK(worker.left->size() == 1);
    CHECK(worker.stub.failed.at(0).params.failure.type == "WorkerShutdown");
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("after one from outside lets the caller have the time it was given") {
    worker.begin(StoppingWorker::named("other"));
    worker.stop(1h, 2h);
    worker.stop_from(0, 0s, 1s, inside);
    worker.loop.run_for(1s);
    REQUIRE(inside);
    CHECK(inside->size() == 1);
    worker.loop.run_for(1h);
    CHECK_FALSE(worker.left);
    worker.end(0);
    REQUIRE(worker.left);
    CHECK(worker.left->size() == 1);
    CHECK(worker.stub.completed.size() == 1);
  }
}

TEST_CASE("a function that does not end", "[worker][stuck]") {
  std::vector<std::string> lines;
  set_log_sink([&](const LogRecord& record) {
    if (record.level == LogLevel::kWarn) lines.emplace_back(record.message);
  });
  StoppingWorker worker;
  worker.begin(FakeWorker::task(0s));
  worker.executor.inputs[0].attempt->runs_on(4711, "lb-activity");
  worker.loop.run_for(20s);
  SECTION("is told of after ten seconds, then at doubling intervals") {
    worker.stub.flags.cancel_requested = true;
    worker.contexts[0]->heartbeat(1);
    worker.loop.run_ready();
    worker.loop.run_for(9s);
    CHECK(lines.empty());
    worker.loop.run_for(2s);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0],
               ContainsSubstring("ingest 'a' (attempt 1) does not end, on thread 4711 (lb-activity), begun 30 s ago, "
                                 "asked to stop 10 s ago ("));
    CHECK_THAT(lines[0], ContainsSubstring("last heartbeat acknowledged"));
    CHECK(worker.machine->stats().attempts_stuck == 1);
    worker.loop.run_for(30s);
    CHECK(lines.size() == 3);
    CHECK(worker.machine->stats().attempts_stuck == 1);
  }
  SECTION("is told of also when its attempt was reported already, and no more once it has returned") {
    worker.stop(0s, 1h);
    worker.loop.run_for(11s);
    CHECK(lines.size() == 1);
    worker.end(0);
    worker.loop.run_for(1h);
    CHECK(lines.size() == 1);
    CHECK(worker.left);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("is named by stop with what is known of it") {
    worker.stop(0s, 5s);
    worker.loop.run_for(5s);
    REQUIRE(worker.left);
    REQUIRE(worker.left->size() == 1);
    CHECK_THAT(worker.left->at(0),
               ContainsSubstring("ingest 'a' (attempt 1), on thread 4711 (lb-activity), begun 25 s ago, "
                                 "asked to stop 5000 ms ago ("));
  }
  set_log_sink({});
}

TEST_CASE("a report that is given up", "[worker][report]") {
  std::vector<std::string> lines;
  set_log_sink([&](const LogRecord& record) { lines.emplace_back(record.message); });
  StoppingWorker worker;
  worker.begin();
  SECTION("because the worker ends first is told with its size") {
    worker.stub.answers_reports = false;
    worker.end(0, AttemptCompleted{Payloads{Payload{{}, std::string(100, 'x')}}});
    worker.stop(0s, 1s);
    worker.loop.run_for(1s);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], ContainsSubstring("has ended and is not reported (104 bytes)"));
  }
  SECTION("for its size is told with its size") {
    worker.end(0, AttemptCompleted{Payloads{Payload{{}, std::string(2000, 'x')}}});
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], Catch::Matchers::EndsWith("the result has 2006 bytes, the server takes 1000"));
  }
  set_log_sink({});
}
