// What may go wrong in a run, one kind at a time, and how a run that breaks a promise is made short. That no promise is
// broken when everything goes wrong at once is longbeat-simulate's to tell (ctest: simulation_seeds_*).
#include "simulation/shrink.h"
#include "simulation/simulation.h"
#include "support/catch.h"

using namespace longbeat::simulation;

namespace {

constexpr std::uint64_t kHashes[] = {
#include "simulation/trace_hashes.inc"
};

/// Nothing goes wrong, nobody interferes.
Plan quiet() {
  Plan plan;
  plan.worker_kills = plan.server_kills = plan.broken_commits = plan.server_freezes = plan.worker_freezes = 0;
  plan.cancels = plan.worker_stops = plan.operations = 0;
  return plan;
}

struct Fault {
  const char* name;
  void (*add)(Plan& plan);
};

constexpr Fault kFaults[] = {
    {"requests get lost", [](Plan& plan) { plan.network.request_lost = 20; }},
    {"replies get lost", [](Plan& plan) { plan.network.reply_lost = 20; }},
    {"requests come twice", [](Plan& plan) { plan.network.request_doubled = 30; }},
    {"messages are slow", [](Plan& plan) { plan.network.slow = 30; }},
    {"requests come in another order", [](Plan& plan) { plan.network.reordered = 60; }},
    {"processes are cut off, one way or both", [](Plan& plan) { plan.partitions = 8; }},
    {"workers die", [](Plan& plan) { plan.worker_kills = 6; }},
    {"the server dies", [](Plan& plan) { plan.server_kills = 6; }},
    {"the client dies", [](Plan& plan) { plan.client_kills = 6; }},
    {"commits fail", [](Plan& plan) { plan.broken_commits = 4; }},
    {"the disk is full", [](Plan& plan) { plan.full_disks = 4; }},
    {"the server stands still", [](Plan& plan) { plan.server_freezes = 5; }},
    {"workers stand still", [](Plan& plan) { plan.worker_freezes = 5; }},
    {"clocks of workers are set", [](Plan& plan) { plan.clock_jumps = 5; }},
    {"the server's clock is set", [](Plan& plan) { plan.server_clock_jumps = 4; }},
    {"codecs are slow", [](Plan& plan) { plan.slow_codecs = true; }},
    {"codecs fail", [](Plan& plan) { plan.failing_codecs = 10; }},
    {"no two clocks agree", [](Plan& plan) { plan.clock_skew = true; }},
    {"limits are small", [](Plan& plan) { plan.rare_branches = true; }},
};

/// A disk that loses what it acknowledged: some promise is broken soon.
Plan with_lying_disk(std::uint64_t seed) {
  Plan plan = plan_of(seed);
  plan.lying_disk = true;
  plan.server_kills = 3;
  return plan;
}

}  // namespace

TEST_CASE("every activity ends and its caller hears of it, whatever goes wrong", "[simulation]") {
  for (const Fault& fault : kFaults) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      CAPTURE(fault.name, seed);
      Plan plan = quiet();
      fault.add(plan);
      Simulation run(seed, plan);
      run.run();
      CHECK((run.witness().broken().empty() ? "" : run.witness().broken().front()) == std::string());
      CHECK(run.witness().outcomes_read() == plan.activities);
    }
  }
}

TEST_CASE("each kind of fault leaves its traces", "[simulation]") {
  Plan plan = quiet();
  plan.client_kills = plan.partitions = plan.server_clock_jumps = 2;
  plan.failing_codecs = 20;
  Simulation run(1, plan);
  run.world().keep_trace(100'000);
  run.run();
  std::string trace;
  for (const auto& line : run.world().recent_trace()) trace += line + "\n";
  CHECK_THAT(trace, ContainsSubstring("client killed"));
  CHECK_THAT(trace, ContainsSubstring("partition of"));
  CHECK_THAT(trace, ContainsSubstring("the clock of the server is set"));
  CHECK_THAT(trace, ContainsSubstring("codec: cannot encode"));
}

TEST_CASE("a seed runs in the same way whoever has compiled it", "[simulation]") {
  // After a change that moves the seeds: longbeat-simulate --hashes --seeds 24 > test/simulation/trace_hashes.inc
  for (std::uint64_t seed = 0; seed < std::size(kHashes); ++seed) {
    CAPTURE(seed);
    CHECK(verdict_of(seed, plan_of(seed)).hash == kHashes[seed]);
  }
}

TEST_CASE("a disk that loses what it acknowledged is noticed", "[simulation]") {
  std::uint64_t seed = 0;
  while (seed < 20 && verdict_of(seed, with_lying_disk(seed)).broken.empty()) ++seed;
  CHECK(seed < 20);
}

TEST_CASE("a run that breaks a promise", "[simulation]") {
  std::uint64_t seed = 0;
  while (seed < 20 && verdict_of(seed, with_lying_disk(seed)).broken.empty()) ++seed;
  REQUIRE(seed < 20);
  const auto shortest = shrink(seed, with_lying_disk(seed));
  REQUIRE(shortest.has_value());

  SECTION("is broken with a few of its happenings, and replays exactly") {
    const std::size_t all = shortest->verdict.happenings.size();
    CHECK(all - shortest->plan.dropped.size() <= 12);
    const auto again = verdict_of(seed, shortest->plan);
    CHECK(again.broken == shortest->verdict.broken);
    CHECK(again.hash == shortest->verdict.hash);
  }
  SECTION("needs each of those that are left") {
    for (std::size_t i = 0; i < shortest->verdict.happenings.size(); ++i) {
      Plan without = shortest->plan;
      if (!without.dropped.insert(i).second) continue;
      CAPTURE(i, shortest->verdict.happenings[i].what);
      CHECK(verdict_of(seed, without).broken != shortest->verdict.broken);
    }
  }
}

TEST_CASE("a run that breaks nothing cannot be made short", "[simulation]") {
  CHECK_FALSE(shrink(1, quiet()).has_value());
}

TEST_CASE("numbers of happenings", "[simulation]") {
  SECTION("are read as they are written") {
    const std::set<std::size_t> numbers{0, 1, 2, 5, 7, 8};
    CHECK(to_text(numbers) == "0-2,5,7-8");
    CHECK(numbers_of("0-2,5,7-8") == numbers);
    CHECK(to_text({}) == "");
    CHECK(numbers_of("") == std::set<std::size_t>());
  }
  SECTION("are refused when they are something else") {
    for (const char* text : {"a", "1-", "-1", "3-1", "1,,2", "1 ,2", "99999999999999999999", "0-4000000000"}) {
      CAPTURE(text);
      CHECK_FALSE(numbers_of(text).has_value());
    }
  }
}
