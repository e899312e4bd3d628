// longbeat-bench: how fast the server is, as a ratio to a bare gRPC echo of the same run. README.md says how to read
// it.
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "bench/against.h"
#include "bench/echo_server.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/sdk_bench.h"
#include "support/child_process.h"
#include "support/percentile.h"
#include "support/program.h"

#ifndef LONGBEAT_SERVER_BINARY
#define LONGBEAT_SERVER_BINARY ""
#endif
#ifndef LONGBEAT_BENCH_SDK_BINARY
#define LONGBEAT_BENCH_SDK_BINARY ""
#endif

namespace longbeat::bench {
namespace {

using std::chrono::milliseconds;

/// With ten million closed activities in the file, at most a fifth may be lost.
constexpr double kOnFullFile = 0.8;

constexpr const char* kUsage =
    "longbeat-bench [--only NAME] [--pairs N] [--server PATH] [--dir FOLDER] [--database FILE] [--quick]\n"
    "longbeat-bench --against HOST:PORT [--namespace NAME] [--only NAME] [--pairs N] [--server PATH] [--dir FOLDER]\n"
    "  --only NAME    only loads whose line begins with NAME: start, poll+complete, execute, heartbeat, parked,\n"
    "                 echo; worker, idle worker and call are the SDK's\n"
    "  --pairs N      windows of echo and ours in turn, per line (default 7; of ours and theirs 5)\n"
    "  --server PATH  the longbeat-server program (default: the one built with this)\n"
    "  --dir FOLDER   where database files go (default: the system's temporary folder); should be on a real disk\n"
    "  --database FILE\n"
    "                 durable loads run on this file (longbeat-fill makes large ones) and leave in it what they "
    "start;\n"
    "                 the ratio is to the same load on an empty file. In memory nothing is measured\n"
    "  --against HOST:PORT\n"
    "                 ours beside another server of this protocol, such as a Temporal server, without TLS: start,\n"
    "                 execute and heartbeat in turn. Three minutes; leaves activities there, which end after an hour\n"
    "  --namespace NAME\n"
    "                 where theirs go (default \"default\"); must exist\n"
    "  --quick        2 short pairs: shows that everything runs, the figures mean little\n";

struct Options {
  MeasureOptions measure{.server_binary = LONGBEAT_SERVER_BINARY, .folder = std::filesystem::temp_directory_path()};
  std::string only{};
  std::string echo_port_file{};          // Set: be the echo server.
  std::optional<std::string> against{};  // The other server.
  std::string namespace_name{};          // Of the other server; empty: "default".
  std::optional<int> pairs{};
  bool quick = false;
  bool help = false;
};

void set_times(Options& options) {
  MeasureOptions& measure = options.measure;
  if (options.against) {
    measure.pairs = 5;
    measure.window = milliseconds(2000);  // The other server may do a hundred activities a second.
    measure.warm_up = milliseconds(500);
  }
  if (options.quick) {
    measure.pairs = 2;
    measure.window = milliseconds(200);
    measure.warm_up = milliseconds(50);
  }
  measure.pairs = options.pairs.value_or(measure.pairs);
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return test::value_of_option(count, arguments, i); };
    if (name == "--only")
      options.only = value();
    else if (name == "--pairs")
      options.pairs = static_cast<int>(test::whole_number(name, value(), 1, 1000));
    else if (name == "--server")
      options.measure.server_binary = value();
    else if (name == "--dir")
      options.measure.folder = value();
    else if (name == "--database")
      options.measure.database = value();
    else if (name == "--against")
      options.against = value();
    else if (name == "--namespace")
      options.namespace_name = value();
    else if (name == "--echo-server")
      options.echo_port_file = value();
    else if (name == "--help")
      options.help = true;
    else if (name == "--quick")
      options.quick = true;
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (!options.against && !options.namespace_name.empty()) {
    throw std::invalid_argument("--namespace is for --against; ours is always \"default\"");
  }
  if (options.against && !options.measure.database.empty()) {
    throw std::invalid_argument("--database does not go with --against");
  }
  set_times(options);
  return options;
}

bool in_memory(const std::filesystem::path& folder) {
  struct statfs info{};
  return ::statfs(folder.c_str(), &info) == 0 && info.f_type == TMPFS_MAGIC;
}

/// The echo alone, for a look at the machine.
void run_echo(const MeasureOptions& options, const std::string& address, const test::ChildProcess& server) {
  test::WireClient client(address);
  const auto load = test::make_echo_load(client);
  for (int i = 0; i < options.pairs; ++i) {
    const Sample sample = measure_window(client, *load, 64, options, [&] { return server.cpu_time(); });
    std::printf("echo %.0f/s, p50 %.2f ms, p99 %.2f ms, server %.1f us CPU per call\n", sample.per_second,
                test::percentile(sample.latencies_us, 0.5) / 1000.0,
                test::percentile(sample.latencies_us, 0.99) / 1000.0, sample.server_cpu_per_operation.count());
  }
}

void tell_of_memory(const std::filesystem::path& folder) {
  if (!in_memory(folder)) return;
  std::printf("%s is in memory: what is on a file shows no disk. --dir names another folder.\n\n", folder.c_str());
}

int run_beside(const Options& options) {
  tell_of_memory(options.measure.folder);
  return run_against({.address = *options.against,
                      .namespace_name = options.namespace_name.empty() ? "default" : options.namespace_name,
                      .only = options.only,
                      .measure = options.measure});
}

int run(const Options& options) {
  const test::TempFolder folder(options.measure.folder);
  const auto port_file = folder.path() / "echo.port";
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  test::ChildProcess echo_server({self, "--echo-server", port_file.string()}, folder.path() / "echo.log");
  const std::string address =
      "127.0.0.1:" + std::to_string(echo_server.wait_for_port(port_file, std::chrono::seconds(10)));
  if (options.only == "echo") return run_echo(options.measure, address, echo_server), 0;

  tell_of_memory(options.measure.folder);
  bool any = false;
  for (const Cell& cell : all_cells()) {
    if (cell.name.rfind(options.only, 0) != 0) continue;
    if (!options.measure.database.empty() && (!cell.durable || cell.parked_polls > 0 || cell.alone)) continue;
    if (!any) print_head();
    any = true;
    const auto result = measure_cell(cell, options.measure, address, [&] { return echo_server.cpu_time(); });
    Cell shown = cell;
    if (!options.measure.database.empty()) shown.target = kOnFullFile;
    print_row(shown, result);
  }
  if (any) print_foot();
  if (is_sdk_line(options.only)) {
    run_sdk_lines(options.only, options.measure, LONGBEAT_BENCH_SDK_BINARY);
    any = true;
  }
  if (!any) throw std::invalid_argument("--only is \"" + options.only + "\", which no load is called");
  return 0;
}

}  // namespace
}  // namespace longbeat::bench

int main(int count, char** arguments) {
  return longbeat::test::run_program("longbeat-bench", longbeat::bench::kUsage, [&] {
    const auto options = longbeat::bench::parse(count, arguments);
    if (options.help) return std::fputs(longbeat::bench::kUsage, stdout), 0;
    if (!options.echo_port_file.empty()) return longbeat::bench::run_echo_server(options.echo_port_file);
    return options.against ? longbeat::bench::run_beside(options) : longbeat::bench::run(options);
  });
}
