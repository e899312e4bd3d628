// longbeat-simulate-planted: the simulation with a bug in it. Proves that it finds bugs.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <iterator>
#include <string>

#include "simulation/planted_bugs.h"
#include "simulation/shrink.h"

namespace {

using longbeat::internal::Bug;
using longbeat::simulation::plan_of;
using longbeat::simulation::plant;
using longbeat::simulation::verdict_of;

constexpr std::uint64_t kHashes[] = {
#include "simulation/trace_hashes.inc"
};

/// Compiled so that bugs can be planted, and without one: the same runs as in every other binary.
bool is_the_same() {
  plant(Bug::kNone);
  bool same = true;
  for (std::uint64_t seed = 0; seed < std::size(kHashes); ++seed) {
    if (verdict_of(seed, plan_of(seed)).hash == kHashes[seed]) continue;
    std::cout << "seed " << seed << " runs differently here, though nothing is planted\n";
    same = false;
  }
  return same;
}

/// Without what is in parentheses: all there is to know of an activity, which fills the screen.
std::string in_short(const std::string& broken) {
  std::string text;
  int depth = 0;
  for (const char c : broken) {
    depth += c == '(' ? 1 : 0;
    if (depth == 0) text += c;
    if (c == ')' && depth > 0 && --depth == 0) text += "…";
  }
  return text;
}

/// One row of the table in docs/simulation.md.
bool is_found(const longbeat::simulation::PlantedBug& bug, std::uint64_t seeds) {
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    plant(bug.bug);
    const std::string broken = verdict_of(seed, plan_of(seed)).broken;
    if (broken.empty()) continue;
    plant(Bug::kNone);
    if (!verdict_of(seed, plan_of(seed)).broken.empty()) continue;  // It is not this bug that tells.
    std::cout << "| " << bug.promise << " | `" << bug.name << "` | " << bug.what << " | " << seed << " | "
              << in_short(broken) << " |" << std::endl;
    return true;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << "| " << bug.promise << " | `" << bug.name << "` | " << bug.what << " | - | NOT FOUND in " << seeds
            << " seeds, " << took.count() << " s |" << std::endl;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 2'000;
  std::string name;
  bool list = false, none = false;
  CLI::App app("Plants known bugs, one at a time, and looks for the first seed of the simulation that tells.",
               "longbeat-simulate-planted");
  app.add_option("--seeds", seeds, "How many seeds to try for each")->capture_default_str();
  app.add_option("--bug", name, "This one alone");
  app.add_flag("--list", list, "Names them");
  app.add_flag("--none", none, "Plants nothing, and compares the runs with those of the other binaries");
  CLI11_PARSE(app, argc, argv);
  if (none) return is_the_same() ? 0 : 1;
  std::size_t tried = 0, found = 0;
  for (const auto& bug : longbeat::simulation::planted_bugs()) {
    if (!name.empty() && bug.name != name) continue;
    if (list) {
      std::cout << bug.name << ": " << bug.what << "\n";
      continue;
    }
    ++tried;
    found += is_found(bug, seeds) ? 1 : 0;
  }
  if (list) return 0;
  if (tried == 0) std::cerr << "there is no bug called " << name << "\n";
  std::cout << "longbeat-simulate-planted: " << found << " of " << tried << " found\n";
  return found == tried && tried > 0 ? 0 : 1;
}
