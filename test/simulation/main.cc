// longbeat-simulate: more seeds than the tests run, or one seed with its trace.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "simulation/shrink.h"
#include "simulation/simulation.h"

namespace {

using longbeat::simulation::Plan;
using longbeat::simulation::plan_of;
using longbeat::simulation::Simulation;

constexpr std::size_t kTraceShown = 400;

void print_happenings(const std::vector<Simulation::Happening>& happenings, const Plan& plan) {
  for (std::size_t i = 0; i < happenings.size(); ++i) {
    if (plan.dropped.contains(i)) continue;
    const auto ms = happenings[i].at.time_since_epoch() / std::chrono::milliseconds(1);
    std::cout << "  " << i << " " << happenings[i].what << (ms > 0 ? " at " + std::to_string(ms) + " ms" : "") << "\n";
  }
}

/// Runs it with everything it tells. True: no promise is broken.
bool shows(std::uint64_t seed, const Plan& plan) {
  Simulation run(seed, plan);
  run.world().keep_trace(kTraceShown);
  std::string thrown;
  try {
    run.run();
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  std::cout << "what happens (virtual time, which begins at 3600000 ms):\n";
  print_happenings(run.happenings(), plan);
  std::cout << "the end of the trace (microseconds of virtual time):\n";
  for (const auto& line : run.world().recent_trace()) std::cout << "  " << line << "\n";
  std::cout << "seed " << seed << ": " << run.world().events_run() << " events, trace hash " << std::hex
            << run.world().trace_hash() << std::dec << "\n";
  for (const auto& what : run.witness().broken()) std::cout << "seed " << seed << ": BROKEN: " << what << "\n";
  if (!thrown.empty()) std::cout << "seed " << seed << ": BROKEN: exception: " << thrown << "\n";
  return run.witness().broken().empty() && thrown.empty();
}

/// The same with as little as is enough, and how to see it again.
void show_short(std::uint64_t seed, const std::string& broken, const std::string& program) {
  std::cout << "seed " << seed << ": BROKEN: " << broken << "\n";
  const auto shortest = longbeat::simulation::shrink(seed, plan_of(seed));
  if (!shortest) return;
  const std::size_t all = shortest->verdict.happenings.size();
  std::cout << "seed " << seed << ": " << all - shortest->plan.dropped.size() << " of " << all
            << " happenings are enough (found in " << shortest->runs << " runs)\n";
  shows(seed, shortest->plan);
  const std::string again =
      program + " --seed " + std::to_string(seed) + " --drop " + longbeat::simulation::to_text(shortest->plan.dropped);
  std::cout << "again: " << again << "\n"
            << "where it breaks: gdb -ex 'break longbeat::simulation::Witness::fail' -ex run --args " << again << "\n";
}

bool passes(std::uint64_t seed, bool shortens, const std::string& program) {
  const auto verdict = longbeat::simulation::verdict_of(seed, plan_of(seed));
  if (verdict.broken.empty()) return true;
  if (shortens) {
    show_short(seed, verdict.broken, program);
  } else {
    std::cout << "seed " << seed << ": BROKEN: " << verdict.broken << "\n";
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 2'000, from = 0, seed = 0, most = 3;
  std::string drop;
  bool hashes = false, as_it_is = false;
  CLI::App app("Runs the simulation of client, workers and server: virtual time, faulty network and disk.",
               "longbeat-simulate");
  app.add_option("--seeds", seeds, "How many seeds to run")->capture_default_str();
  app.add_option("--from", from, "The first of them")->capture_default_str();
  app.add_option("--most", most, "Ends after so many broken ones")->capture_default_str();
  auto* only = app.add_option("--seed", seed,
                              "Run this one alone and print the end of its trace (microseconds of virtual time)");
  app.add_option("--drop", drop, "Without these happenings, by number: 0-3,7")->needs(only);
  app.add_flag("--as-it-is", as_it_is, "Do not look for the shortest run that breaks the same promise");
  app.add_flag("--hashes", hashes, "Prints the trace hash of each seed, as trace_hashes.inc has them");
  CLI11_PARSE(app, argc, argv);
  if (*only) {
    Plan plan = plan_of(seed);
    const auto dropped = longbeat::simulation::numbers_of(drop);
    if (!dropped) {
      std::cerr << "--drop " << drop << ": cannot be read, want numbers like 0-3,7\n";
      return 2;
    }
    plan.dropped = *dropped;
    return shows(seed, plan) ? 0 : 1;
  }
  if (hashes) {
    for (std::uint64_t i = from; i < from + seeds; ++i) {
      std::cout << "0x" << std::hex << longbeat::simulation::verdict_of(i, plan_of(i)).hash << std::dec << ",  // " << i
                << "\n";
    }
    return 0;
  }
  std::uint64_t failed = 0;
  for (std::uint64_t i = from; i < from + seeds && failed < most; ++i) failed += passes(i, !as_it_is, argv[0]) ? 0 : 1;
  std::cout << "longbeat-simulate: " << seeds << " seeds from " << from << ", " << failed << " broken\n";
  return failed == 0 ? 0 : 1;
}
