#pragma once
#include <string>

#include "bench/measure.h"

namespace longbeat::bench {

/// The names of the SDK's lines, for --only.
bool is_sdk_line(const std::string& only);
/// What the SDK adds: a worker against the raw poll+complete load on the same server, a worker with nothing to do, and
/// the price of a heartbeat call. `sdk_binary`: the longbeat-bench-sdk program. Prints its lines itself.
void run_sdk_lines(const std::string& only, const MeasureOptions& options, const std::string& sdk_binary);

}  // namespace longbeat::bench
