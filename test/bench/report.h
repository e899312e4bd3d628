#pragma once
#include "bench/measure.h"

namespace longbeat::bench {

/// Echoes per second below which the machine is too busy, or too small, for a verdict: about a third of what a quiet
/// machine with two cores gives.
inline constexpr double kEchoPerSecondMin = 15'000;

void print_head();
void print_row(const Cell& cell, const CellResult& result);
void print_foot();

}  // namespace longbeat::bench
