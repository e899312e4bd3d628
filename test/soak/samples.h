#pragma once
#include <string>
#include <vector>

namespace longbeat::soak {

/// One second of the server's life.
struct Sample {
  double memory_mib = 0;
  double file_mib = 0;
  double wal_mib = 0;
  double descriptors = 0;
  double open_activities = 0;
  double latency_ms = 0;  ///< the slowest call of this second but for one in ten
};

/// One figure at two times, and whether it is still the same.
struct Comparison {
  std::string what{};
  double early = 0, late = 0, allowed = 0;
  bool is_flat() const { return late <= allowed; }
};

/// Medians of the second quarter of the samples against those of the last; of the log the largest values there.
/// Nothing when there are fewer than eight samples.
std::vector<Comparison> compare(const std::vector<Sample>& samples);

}  // namespace longbeat::soak
