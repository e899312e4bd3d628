#include "simulation/simulation.h"

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

}  // namespace

TEST_CASE("no promise is broken, whatever dies or gets lost", "[simulation]") {
  const std::uint64_t block = GENERATE(range(0u, 8u));
  for (std::uint64_t seed = block * kSeedsPerBlock; seed < (block + 1) * kSeedsPerBlock; ++seed) {
    CAPTURE(seed);  // ./dev simulate --seed N replays it.
    Simulation run(seed);
    run.run();
    CHECK(first_of(run.witness().broken()) == "");
  }
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
      quiet.worker_stops = 0;
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
    witness.beat_acknowledged("token-1", {}, world.now() - 6s);
    witness.work_done(task_of(1, 0), true);
    CHECK(witness.broken().empty());
    witness.work_done(task_of(1, 0), false);
    CHECK_THAT(first_of(witness.broken()), ContainsSubstring("works on after its lease"));
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
