// longbeat-simulate: more seeds than the tests run, or one seed with its trace.
#include <CLI/CLI.hpp>
#include <iostream>

#include "simulation/simulation.h"

namespace {

using longbeat::simulation::Simulation;

bool passes(std::uint64_t seed, bool with_trace) {
  Simulation run(seed);
  run.run();
  const auto& broken = run.witness().broken();
  if (with_trace || !broken.empty()) {
    for (const auto& line : run.world().recent_trace()) std::cout << "  " << line << "\n";
    std::cout << "seed " << seed << ": " << run.world().events_run() << " events, trace hash " << std::hex
              << run.world().trace_hash() << std::dec << "\n";
  }
  for (const auto& what : broken) std::cout << "seed " << seed << ": BROKEN: " << what << "\n";
  return broken.empty();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 2'000, from = 0, seed = 0;
  CLI::App app("Runs the simulation of client, workers and server: virtual time, faulty network and disk.",
               "longbeat-simulate");
  app.add_option("--seeds", seeds, "How many seeds to run")->capture_default_str();
  app.add_option("--from", from, "The first of them")->capture_default_str();
  auto* only = app.add_option("--seed", seed,
                              "Run this one alone and print the end of its trace (microseconds of virtual time)");
  CLI11_PARSE(app, argc, argv);
  if (*only) return passes(seed, true) ? 0 : 1;
  std::uint64_t failed = 0;
  for (std::uint64_t i = from; i < from + seeds && failed < 3; ++i) failed += passes(i, false) ? 0 : 1;
  std::cout << "longbeat-simulate: " << seeds << " seeds from " << from << ", " << failed << " broken\n";
  return failed == 0 ? 0 : 1;
}
