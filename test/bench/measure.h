#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/cells.h"

namespace longbeat::bench {

struct MeasureOptions {
  std::string server_binary{};
  /// Below it each cell gets a folder of its own.
  std::filesystem::path folder{};
  /// Set: durable cells run on this file as it is, and are compared to the same load on an empty one, not to the echo.
  /// What they start stays in it.
  std::filesystem::path database{};
  int pairs = 7;
  std::chrono::milliseconds window{700};
  std::chrono::milliseconds warm_up{150};
};

/// What one window, or several put together, showed.
struct Sample {
  double per_second = 0;
  std::chrono::duration<double, std::micro> server_cpu_per_operation{};
  std::vector<float> latencies_us{};
};

struct CellResult {
  Sample echo{};  ///< of the same load without polls, where polls are parked, or on an empty file, where one is given;
                  ///< per_second and CPU are medians of the windows, latencies of all of them together
  Sample ours{};
  double ratio = 0, ratio_min = 0, ratio_max = 0;  ///< median and range over the pairs
  bool same_load = false;  ///< `echo` did the same work, so the ratio holds at any speed of the machine
};

/// Keeps `in_flight` operations going for warm-up and window; counts what ends within the window.
Sample measure_window(test::WireClient& client, test::Load& load, std::size_t in_flight, const MeasureOptions& options,
                      const std::function<std::chrono::nanoseconds()>& server_cpu);

/// Echo (or the server without parked polls) and ours in turn, so that a drift of the machine meets both; the server is
/// started fresh for the cell. Throws std::runtime_error when a call fails.
CellResult measure_cell(const Cell& cell, const MeasureOptions& options, const std::string& echo_address,
                        const std::function<std::chrono::nanoseconds()>& echo_cpu);

double median(std::vector<double> values);

}  // namespace longbeat::bench
