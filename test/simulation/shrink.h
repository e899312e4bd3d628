#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/simulation.h"

namespace longbeat::simulation {

/// What became of one run.
struct Verdict {
  std::string broken{};  ///< the first promise that was found broken; empty: none
  TimePoint at{};        ///< when the run ended
  std::uint64_t hash = 0;
  std::vector<Simulation::Happening> happenings{};
};

/// Runs it. What is thrown is a broken promise too: a server that cannot read its own disk, for one.
Verdict verdict_of(std::uint64_t seed, const Plan& plan);

/// A run that breaks the same promise with as little as was found to be enough.
struct Shrunk {
  Plan plan{};
  Verdict verdict{};
  std::size_t runs = 0;
};

/// Drops what happens in the run, half of it at once, then less and less, as long as the promise is still broken. Null:
/// nothing is broken.
std::optional<Shrunk> shrink(std::uint64_t seed, const Plan& plan, std::size_t runs_max = 400);

/// "0-3,7": numbers of happenings.
std::string to_text(const std::set<std::size_t>& numbers);
/// Nothing when it cannot be read.
std::optional<std::set<std::size_t>> numbers_of(std::string_view text);

}  // namespace longbeat::simulation
