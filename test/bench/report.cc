#include "bench/report.h"

#include <cstdio>

namespace longbeat::bench {
namespace {

const char* verdict(const Cell& cell, const CellResult& result) {
  if (!result.same_load && result.echo.per_second < kEchoPerSecondMin) return "noisy, no verdict";
  if (!cell.target) return "";
  return result.ratio >= *cell.target ? "reached" : "BELOW";
}

double milliseconds(const Sample& sample, double share) {
  return percentile(sample.latencies_us, share) / 1000.0;
}

}  // namespace

void print_head() {
  std::printf("%-20s %6s %6s | %7s  %-5s (%5s-%5s) %6s  %-17s | %7s %7s %7s | %7s %7s %7s %7s\n", "", "in", "", "", "",
              "", "", "", "", "ms", "ms", "CPU us", "echo", "ms", "ms", "CPU us");
  std::printf("%-20s %6s %6s | %7s  %-5s (%5s-%5s) %6s  %-17s | %7s %7s %7s | %7s %7s %7s %7s\n", "load", "flight",
              "store", "per s", "ratio", "min", "max", "target", "", "p50", "p99", "server", "per s", "p50", "p99",
              "server");
}

void print_row(const Cell& cell, const CellResult& result) {
  char target[16] = "-";
  if (cell.target) std::snprintf(target, sizeof target, "%.3f", *cell.target);
  std::printf("%-20s %6zu %6s | %7.0f  %.3f (%.3f-%.3f) %6s  %-17s | %7.2f %7.2f %7.1f | %7.0f %7.2f %7.2f %7.1f\n",
              cell.name.c_str(), cell.in_flight, cell.durable ? "file" : "memory", result.ours.per_second, result.ratio,
              result.ratio_min, result.ratio_max, target, verdict(cell, result), milliseconds(result.ours, 0.5),
              milliseconds(result.ours, 0.99), result.ours.server_cpu_per_operation.count(), result.echo.per_second,
              milliseconds(result.echo, 0.5), milliseconds(result.echo, 0.99),
              result.echo.server_cpu_per_operation.count());
  std::fflush(stdout);
}

void print_foot() {
  std::printf(
      "\nper s: operations; execute = start, poll, complete, poll outcome, and poll+complete two RPCs. ratio: median "
      "over\n"
      "the pairs of our rate to that of a bare echo (100 bytes, 64 in flight) just before. target: half of what a "
      "spike of\n"
      "the design reached. CPU us: of the server process, per operation. An echo below %.0f/s means the machine is "
      "busy.\n"
      "parked: 10,000 polls wait on 500 queues over 40 connections; the echo's columns and the ratio show the same "
      "load "
      "on\na second server without them.\n",
      kEchoPerSecondMin);
}

}  // namespace longbeat::bench
