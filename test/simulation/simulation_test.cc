#include "simulation/simulation.h"

#include "simulation/wire.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;

namespace {

// ThreadSanitizer makes a seed twenty times slower, and one thread has no races to find.
#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsPerBlock = 4;
#else
constexpr std::uint64_t kSeedsPerBlock = 50;
#endif

std::string first_of(const std::vector<std::string>& broken) {
  return broken.empty() ? "" : broken.front();
}

internal::ActivityTask task_of(std::int32_t attempt, std::uint64_t count) {
  internal::ActivityTask task;
  task.token = "token-" + std::to_string(attempt);
  task.activity_id = "a";
  task.activity_run_id = "run";
  task.attempt = attempt;
  task.heartbeat = 5s;
  task.heartbeat_details = {PayloadCodec<StepsDone>::encode({count})};
  return task;
}

server::StartRequest start(const std::string& request_id = "start") {
  server::StartRequest request;
  request.namespace_name = kNamespace;
  request.activity_id = "a";
  request.request_id = request_id;
  request.task_queue = kQueue;
  request.start_to_close = server::RawDuration{60, 0};
  return request;
}

server::RunRef run() {
  return {kNamespace, "a", {}};
}

/// The report that the first attempt failed, with its progress as the last heartbeat details.
server::FailedRequest failed_with(std::uint64_t count) {
  server::FailedRequest failed;
  failed.namespace_name = kNamespace;
  failed.token = "token-1";
  failed.has_last_heartbeat_details = true;
  failed.last_heartbeat_details = pack(Payloads{PayloadCodec<StepsDone>::encode({count})});
  return failed;
}

/// What a witness is told, in the words of the wire.
struct Wire {
  Witness& witness;
  World& world;
  std::shared_ptr<const server::ActivityInput> input{};
  WallTime started_time{};
  void started(const server::StartRequest& request, const std::string& run_id = "run", bool fresh = true) {
    witness.answer_left(request, server::Reply(server::StartReply{kNamespace, "a", run_id, fresh}));
    auto made = std::make_shared<server::ActivityInput>();
    made->activity_id = "a";
    made->options = begun(request, {}).options;
    input = std::move(made);
  }
  void handed_out(const std::string& token, std::int32_t attempt = 1) {
    server::PollTaskReply task;
    task.token = token;
    task.run_id = "run";
    task.input = input;
    task.attempt = attempt;
    task.started_time = started_time = std::max(world.wall_now(), started_time + 1ns);
    witness.answer_left(server::PollTaskRequest{kNamespace, kQueue, {}, {}, {}, {}, {}, {}}, server::Reply(task));
  }
  void beat(const std::string& token, server::HeartbeatReply flags = {}) {
    witness.answer_left(server::HeartbeatRequest{kNamespace, token, {}, {}, {}}, server::Reply(flags));
  }
  template <class OneRequest>
  void accepted(const OneRequest& request) {
    witness.answer_left(request, server::Reply(server::DoneReply{}));
  }
};

}  // namespace

TEST_CASE("no promise is broken when the disk runs full, again and again", "[simulation]") {
  for (std::uint64_t seed = 0; seed < kSeedsPerBlock; ++seed) {
    CAPTURE(seed);
    Plan plan = plan_of(seed);
    plan.full_disks = 3;
    Simulation run(seed, plan);
    run.run();
    CHECK(first_of(run.witness().broken()) == "");
  }
}

TEST_CASE("no promise is broken by many orders through the SDK's client on a bad network", "[simulation]") {
  const std::uint64_t seed = GENERATE(48u, 65u, 149u, 204u);  // Many of whose orders nobody knows the end of.
  CAPTURE(seed);
  Plan plan = plan_of(seed);
  plan.operators_have_client = true;
  plan.operations = 100;
  plan.server_kills = 6;
  plan.network = {.request_lost = 15, .request_doubled = 5, .reply_lost = 15, .slow = 10};
  plan.neighbour_acts = 0;
  Simulation run(seed, plan);
  run.run();
  CHECK(first_of(run.witness().broken()) == "");
}

TEST_CASE("a seed replays its run exactly", "[simulation]") {
  const std::uint64_t seed = GENERATE(3u, 17u, 42u);
  Simulation first(seed), second(seed), other(seed + 1);
  first.run();
  second.run();
  other.run();
  CHECK(first.world().trace_hash() == second.world().trace_hash());
  CHECK(first.world().events_run() == second.world().events_run());
  CHECK(first.world().trace_hash() != other.world().trace_hash());
}

TEST_CASE("without faults every activity ends and its caller hears of it", "[simulation]") {
  Plan quiet;
  quiet.network = {};
  quiet.worker_kills = quiet.server_kills = quiet.broken_commits = quiet.server_freezes = quiet.cancels =
      quiet.worker_stops = quiet.worker_freezes = quiet.operations = 0;
  Simulation run(1, quiet);
  run.run();
  CHECK(first_of(run.witness().broken()) == "");
  CHECK(run.witness().accepted() == quiet.activities);
  CHECK(run.witness().outcomes_read() == quiet.activities);
  CHECK(run.server_lives() == 1);
}

TEST_CASE("the witness notices", "[simulation]") {
  World world(1);
  Witness witness(world);
  witness.task_received(task_of(1, 0), world.now());
  REQUIRE(witness.broken().empty());

  SECTION("details older than the newest acknowledged ones") {
    witness.beat_acknowledged("token-1", {PayloadCodec<StepsDone>::encode({5})}, world.now());
    witness.task_received(task_of(2, 4), world.now());
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("got details 4, but 5 had been acknowledged"));
  }
  SECTION("one token for two hand-outs") {
    witness.task_received(task_of(1, 0), world.now());
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("handed out twice"));
  }
  SECTION("two executions of one request") {
    witness.start_acknowledged("a", "request", "run-1");
    witness.start_acknowledged("a", "request", "run-2");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("two executions"));
  }
  SECTION("code that works on after its lease") {
    witness.task_received(task_of(2, 0), world.now() - 6s);
    witness.work_done(task_of(2, 0), true);
    witness.beat_acknowledged("token-2", {}, world.now() - 4s);
    witness.work_done(task_of(2, 0), false);
    CHECK(witness.broken().empty());
    witness.task_received(task_of(3, 0), world.now() - 6s);
    witness.beat_acknowledged("token-3", {}, world.now() - 5s);
    witness.work_done(task_of(3, 0), false);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("works on after its lease"));
  }
  SECTION("a failure without the newest value") {
    Wire wire{witness, world};
    wire.started(start());
    wire.handed_out("token-1");
    witness.value_put("token-1", 3);
    witness.answer_left(failed_with(2), server::Reply(server::ReportReply{}));
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("failed with details 2, but its code had put 3"));
  }
  SECTION("but not a failure without what came after the function had failed") {
    Wire wire{witness, world};
    wire.started(start());
    wire.handed_out("token-1");
    witness.value_put("token-1", 2);
    witness.function_ended("token-1");
    witness.value_put("token-1", 3);
    auto failed = failed_with(2);
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK(first_of(witness.broken()) == "");
    failed = failed_with(1);
    failed.failure_type = "ActivityStalled";  // The worker's, while the function still runs.
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK_THAT(witness.broken().back(), !ContainsSubstring("had put"));
    failed.failure_type = "Own";
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK_THAT(witness.broken().back(), ContainsSubstring("failed with details 1, but its code had put 2"));
  }
  SECTION("a failure from elsewhere without the newest value of there, but not one of a worker that cannot know it") {
    Wire wire{witness, world};
    wire.started(start());
    wire.handed_out("token-1");
    witness.value_put_elsewhere("token-1", 3);
    server::FailedRequest failed;
    failed.namespace_name = kNamespace;
    failed.token = "token-1";
    failed.identity = "worker";
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK(first_of(witness.broken()) == "");
    failed.identity = kElsewhere;
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK_THAT(witness.broken().back(), ContainsSubstring("failed with details 0, but its code had put 3"));
  }
  SECTION("a worker that keeps a slot, and one that lost a task") {
    WorkerStats stats;
    stats.polls_open = stats.attempts_started = stats.completed = 1;
    witness.worker_at_rest("worker", stats, 1, false);
    CHECK(witness.broken().empty());
    witness.worker_at_rest("worker", stats, 2, false);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("got 2 tasks, but knows of 1"));
    stats.slots_used = 1;
    witness.worker_at_rest("worker", stats, 1, false);
    CHECK_THAT(witness.broken().back(), ContainsSubstring("uses 1 slots"));
  }
  SECTION("an outcome that changes") {
    internal::PolledOutcome polled{"run",
                                   internal::ActivityOutcome{Payloads{PayloadCodec<StepsDone>::encode({7})}, {}}};
    witness.outcome_read("a", polled);
    CHECK(witness.broken().empty());
    polled.outcome->result = Payloads{PayloadCodec<StepsDone>::encode({8})};
    witness.outcome_read("a", polled);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("changed from result: 7 to result: 8"));
  }
}

TEST_CASE("the witness notices what a worker does without need", "[simulation]") {
  World world(1);
  Witness witness(world);
  auto& workers = witness.workers();
  const auto task = task_of(1, 0);
  workers.received(task, "worker", world.now());
  workers.looked("token-1", {}, false);
  REQUIRE(witness.broken().empty());

  SECTION("a stop without its cause, and a cause that its code does not see") {
    workers.looked("token-1", {StopCause::kPaused}, false);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("is to stop (paused), which is not so"));
    workers.told("token-1", {.cancel_requested = true}, world.now());
    workers.looked("token-1", {}, false);
    CHECK_THAT(witness.broken().back(), ContainsSubstring("does not know what its worker was told"));
  }
  SECTION("a lease that is lost too soon") {
    workers.looked("token-1", {StopCause::kLeaseLost}, true);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("is to stop (lease lost), which is not so"));
  }
  SECTION("a cancellation that nobody asked for, and a shutdown that is none") {
    workers.cancellation_sent("token-1");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("reported canceled, but nobody asked for it"));
    workers.failure_sent("token-1", "WorkerShutdown");
    CHECK_THAT(witness.broken().back(), ContainsSubstring("fails with WorkerShutdown, which is not so"));
  }
  SECTION("a report of what was left to somebody else") {
    workers.left("token-1");
    workers.completion_sent("token-1");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("was left to somebody else"));
  }
  SECTION("heartbeats that go on although nothing moves") {
    workers.automatic("token-1", 2s);
    workers.beat_sent("token-1");
    CHECK(witness.broken().empty());
    world.after(4s, [] {});
    world.step(world.now() + 5s);
    workers.beat_sent("token-1");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("beats on although it has stalled"));
  }
  SECTION("a way out of which the server is not told, polls after it, and one that takes too long") {
    workers.poll_sent("worker");
    workers.stop_asked("worker", 1s);
    workers.stop_begun("worker");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("does not tell the server first"));
    workers.poll_sent("worker");
    CHECK_THAT(witness.broken().back(), ContainsSubstring("polls although it is to stop"));
    world.after(2s, [] {});
    world.step(world.now() + 5s);
    workers.stopped("worker");
    CHECK_THAT(witness.broken().back(), ContainsSubstring("has stopped too late"));
    workers.beat_sent("token-1");
    CHECK_THAT(witness.broken().back(), ContainsSubstring("has stopped, and sends a heartbeat"));
    workers.stopped("worker");
    CHECK_THAT(witness.broken().back(), ContainsSubstring("tells twice"));
  }
}

TEST_CASE("the witness notices what no life explains", "[simulation]") {
  World world(1);
  Witness witness(world);
  Wire wire{witness, world};
  const server::PauseRequest pause{run(), {}, "me", "p-1", {}};

  SECTION("a heartbeat of an attempt before a reset") {
    wire.started(start());
    wire.handed_out("one");
    wire.beat("one");
    server::ResetRequest reset;
    reset.run = run();
    reset.request_id = "r-1";
    wire.accepted(reset);
    wire.beat("one", {false, false, true});
    server::FailedRequest failed;
    failed.namespace_name = kNamespace;
    failed.token = "one";
    witness.answer_left(failed, server::Reply(server::ReportReply{}));
    CHECK(first_of(witness.broken()) == "");
    wire.beat("one");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("a heartbeat of a was accepted, but it was Scheduled"));
  }
  SECTION("flags of a heartbeat that tell another story") {
    wire.started(start());
    wire.handed_out("one");
    wire.accepted(pause);
    wire.beat("one", {false, true, false});
    CHECK(first_of(witness.broken()) == "");
    wire.beat("one", {true, true, false});
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("but it was PauseRequested"));
  }
  SECTION("a run in a list that nobody has started, but not one whose start may have been heard before the next") {
    const auto list = [&](const std::string& id, const std::string& run_id) {
      server::ListActivitiesReply reply;
      reply.page.rows.emplace_back();
      reply.page.rows[0].activity_id = id;
      reply.page.rows[0].run_id = run_id;
      witness.answer_left(server::ListActivitiesRequest{kNamespace, {}, {}, 10}, server::Reply(reply));
    };
    witness.answer_left(start(), internal::unavailable("lost"), true);
    list("a", "run-1");
    auto next = start();
    next.request_id = "next";
    wire.started(next, "run-2");
    list("a", "run-1");
    list("a", "run-2");
    CHECK(first_of(witness.broken()) == "");
    list("b", "run-3");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("a list shows b, which nobody has started"));
  }
  SECTION("an attempt before it is due") {
    auto delayed = start();
    delayed.start_delay = server::RawDuration{5, 0};
    wire.started(delayed);
    wire.handed_out("one");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("attempt 1 of a is handed out"));
  }
  SECTION("an attempt while it is paused") {
    wire.started(start());
    wire.accepted(pause);
    wire.handed_out("one");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("but it was Paused"));
  }
  SECTION("but not when nobody knows whether the pause was heard") {
    wire.started(start());
    witness.answer_left(pause, internal::unavailable("lost"), true);
    wire.handed_out("one");
    CHECK(first_of(witness.broken()) == "");
    wire.beat("one", {false, true, false});  // It cannot have been: then there would be no attempt.
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("but it was Started"));
  }
  SECTION("a repeated pause that has an effect after an unpause") {
    wire.started(start());
    wire.accepted(pause);
    wire.accepted(server::UnpauseRequest{run(), {}, "me", "u-1", {}, {}});
    wire.accepted(pause);
    wire.handed_out("one");
    CHECK(first_of(witness.broken()) == "");
    wire.beat("one", {false, true, false});
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("but it was Started"));
  }
  SECTION("a second run of one request, and a run that comes back after delete") {
    wire.started(start());
    wire.accepted(server::DeleteRequest{run()});
    wire.started(start("again"), "run-2");
    CHECK(first_of(witness.broken()) == "");
    wire.started(start("again"), "run-3");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("a new run of a was started, but the one before it"));
    wire.accepted(server::TerminateRequest{{kNamespace, "a", "run"}, "me", "t-1", {}});
    CHECK_THAT(witness.broken().back(), ContainsSubstring("a terminate of a was accepted, but it was gone"));
  }
  SECTION("a hand-out that reached nobody and counts all the same") {
    wire.started(start());
    wire.handed_out("one");
    REQUIRE(witness.is_held("one"));
    witness.hand_out_undone("one");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("stays handed out"));
  }
  SECTION("a task for a worker that has been shut down") {
    wire.started(start());
    server::ShutdownWorkerRequest shutdown;
    shutdown.namespace_name = kNamespace;
    wire.accepted(shutdown);
    wire.handed_out("one");
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("a worker that has been shut down"));
  }
}

TEST_CASE("what the simulation once found stays mended", "[simulation]") {
  // After a restart the run before a deleted one was the latest again (the first seed that told).
  const std::uint64_t seed = GENERATE(14u, 227u, 899u);
  CAPTURE(seed);
  Plan plan = plan_of(seed);
  plan.neighbour_acts = 0;
  plan.operators_have_client = false;  // As it was found.
  Simulation once(seed, plan);
  once.run();
  CHECK(first_of(once.witness().broken()) == "");
}

TEST_CASE("what the simulation once found with all its neighbours stays mended", "[simulation]") {
  // A failure from outside the worker left out the newest heartbeat: what a worker with a lost lease had not sent (500,
  // 580, 1282), what the courier was encoding (939, 1238). In 1035 the witness asked a worker for what somebody
  // elsewhere had.
  const std::uint64_t seed = GENERATE(500u, 580u, 1282u, 939u, 1238u, 1035u);
  CAPTURE(seed);
  Plan plan = plan_of(seed);
  plan.operators_have_client = false;  // As it was found.
  Simulation once(seed, plan);
  once.run();
  CHECK(first_of(once.witness().broken()) == "");
}
