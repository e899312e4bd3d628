#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/loads.h"

namespace longbeat::bench {

/// One line of the table: a load at so many in flight, on a file or in memory.
struct Cell {
  std::string name{};
  std::size_t in_flight = 64;
  bool durable = true;
  /// Operations per second as a share of the echo's calls per second that we want to reach; none where nothing is
  /// known.
  std::optional<double> target{};
  std::function<std::unique_ptr<test::Load>(test::WireClient&)> make_load{};
  /// So many polls wait on the server meanwhile. If any, the ratio is not to the echo but to a second server without
  /// them.
  std::size_t parked_polls = 0;
  /// Longest 99th percentile, in milliseconds.
  std::optional<double> p99_max{};
  /// One operation at a time, and so the echo: the ratio is then that of the median latencies, and the target its most.
  bool alone = false;
};

/// All of them, durable ones first.
std::vector<Cell> all_cells();

}  // namespace longbeat::bench
