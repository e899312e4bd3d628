#include "bench/report.h"

#include <cstdio>

#include "support/percentile.h"

namespace longbeat::bench {
namespace {

double milliseconds(const Sample& sample, double share) {
  return test::percentile(sample.latencies_us, share) / 1000.0;
}

const char* verdict(const Cell& cell, const CellResult& result) {
  if (!cell.target) return "";
  if (cell.alone) return result.ratio > 0 && result.ratio <= *cell.target ? "reached" : "ABOVE";
  if (!result.same_load && result.echo.per_second < kEchoPerSecondMin) return "noisy, no verdict";
  if (result.ratio < *cell.target) return "BELOW";
  return cell.p99_max && milliseconds(result.ours, 0.99) > *cell.p99_max ? "p99 TOO LONG" : "reached";
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
      "the pairs of our rate to that of a bare echo (100 bytes, 64 in flight) just before; alone: of our median "
      "latency to\n"
      "the echo's, one at a time. CPU us: of the server process, per operation. An echo below %.0f/s means the machine "
      "is busy.\n"
      "parked: 10,000 polls wait on 500 queues over 40 connections; the echo's columns and the ratio show the same "
      "load "
      "on\na second server without them. With --database: the same load on a second server with an empty file.\n",
      kEchoPerSecondMin);
}

}  // namespace longbeat::bench
