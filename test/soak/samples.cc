#include "soak/samples.h"

#include <cstddef>
#include <utility>

#include "support/percentile.h"

namespace longbeat::soak {
namespace {

using Values = std::vector<double>;

double median(Values values) {
  return test::percentile(std::move(values), 0.5);
}

double largest(Values values) {
  return test::percentile(std::move(values), 1);
}

struct Figure {
  const char* what;
  double Sample::* value;
  double (*of)(Values);
  /// What may come on top: a share of the early figure, and some of its unit.
  double share, more;
};

// Memory that the allocator keeps and pages that SQLite reuses wander a little; latencies are the machine's too.
constexpr Figure kFigures[] = {
    {"memory, MiB", &Sample::memory_mib, median, 0.10, 8},
    {"file, MiB", &Sample::file_mib, median, 0.15, 4},
    {"log, MiB at most", &Sample::wal_mib, largest, 0.25, 70},
    {"descriptors", &Sample::descriptors, median, 0.05, 8},
    {"open activities", &Sample::open_activities, median, 0.25, 100},
    {"slow calls, ms", &Sample::latency_ms, median, 0.75, 5},
};

}  // namespace

std::vector<Comparison> compare(const std::vector<Sample>& samples) {
  if (samples.size() < 8) return {};
  const std::size_t quarter = samples.size() / 4;
  std::vector<Comparison> comparisons;
  for (const Figure& figure : kFigures) {
    const auto values = [&](std::size_t first) {
      Values of;
      for (std::size_t i = first; i < first + quarter; ++i) of.push_back(samples[i].*figure.value);
      return of;
    };
    const double early = figure.of(values(quarter)), late = figure.of(values(samples.size() - quarter));
    comparisons.push_back({figure.what, early, late, early * (1 + figure.share) + figure.more});
  }
  return comparisons;
}

}  // namespace longbeat::soak
