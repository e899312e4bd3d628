#include "bench/sdk_bench.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/server_process.h"

namespace longbeat::bench {
namespace {

using Figures = std::map<std::string, double>;

constexpr std::size_t kInFlight = 64;  // Of the raw load, and as many polls of the worker.
constexpr std::size_t kWorkerSlots = 1'000, kIdleSlots = 10'000;
constexpr double kWorkerShare = 0.8, kIdleMib = 50, kIdlePercent = 0.5, kCallNanoseconds = 100, kCallsPerSecond = 5e6;
constexpr std::chrono::seconds kLongest{120};

/// A server in memory of its own, and the SDK's program beside it.
class SdkRoom {
 public:
  SdkRoom(const MeasureOptions& options, const std::string& sdk_binary, bool durable)
      : folder_(options.folder),
        server_({.binary = options.server_binary,
                 .database = durable ? folder_.path() / "bench.db" : std::filesystem::path{},
                 .folder = folder_.path()}),
        sdk_binary_(sdk_binary) {}

  std::string address() const { return server_.address(); }
  std::chrono::nanoseconds server_cpu() const { return server_.cpu_time(); }

  /// Runs it to its end and reads the figures it printed.
  Figures run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), sdk_binary_);
    arguments.insert(arguments.end(), {"--server", address()});
    test::ChildProcess child(arguments, folder_.path() / ("sdk-" + std::to_string(++runs_) + ".log"));
    const auto until = test::Clock::now() + kLongest;
    while (child.running() && test::Clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (child.exit_code() != 0) throw std::runtime_error("longbeat-bench-sdk failed; it said:\n" + child.log_tail());
    Figures figures;
    std::istringstream said(child.log_tail());
    std::string name;
    for (double value = 0; said >> name >> value;) figures[name] = value;
    return figures;
  }

 private:
  const test::TempFolder folder_;
  test::ServerProcess server_;
  const std::string sdk_binary_;
  int runs_ = 0;
};

const char* verdict(bool reached) {
  return reached ? "reached" : "MISSED";
}

/// With a heartbeat timeout the worker sends a third call for each activity, its own first heartbeat.
void worker_line(const MeasureOptions& options, const std::string& sdk_binary, std::int64_t heartbeat_seconds) {
  SdkRoom room(options, sdk_binary, true);
  test::WireClient client(room.address());
  const auto raw = test::make_poll_complete_load(client, heartbeat_seconds);
  const double seconds = std::chrono::duration<double>(options.warm_up + options.window).count();
  double expected = 12'000;
  std::vector<double> raw_rates, worker_rates, ratios, worker_cpu;
  for (int pair = 0; pair < options.pairs; ++pair) {
    raw->prepare(static_cast<std::size_t>(expected * seconds));
    const Sample sample = measure_window(client, *raw, kInFlight, options, [&] { return room.server_cpu(); });
    expected = std::max(3'000.0, sample.per_second * 1.7);
    const auto tasks = static_cast<std::size_t>(std::max(500.0, sample.per_second * seconds));
    const auto backlog = test::make_poll_complete_load(client, heartbeat_seconds);
    backlog->prepare(tasks);
    auto figures = room.run({"drain", "--queue", backlog->task_queue(), "--slots", std::to_string(kWorkerSlots),
                             "--polls", std::to_string(kInFlight), "--tasks", std::to_string(tasks)});
    raw_rates.push_back(sample.per_second);
    worker_rates.push_back(figures["per_second"]);
    worker_cpu.push_back(figures["cpu_us"]);
    ratios.push_back(sample.per_second > 0 ? figures["per_second"] / sample.per_second : 0);
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  const double ratio = median(ratios);
  std::printf(
      "worker, %zu slots%s: %.0f activities/s, raw poll+complete %.0f/s, ratio %.3f (%.3f-%.3f), target %.1f %s; "
      "worker %.1f us CPU each\n",
      kWorkerSlots, heartbeat_seconds > 0 ? ", heartbeat timeout" : "", median(worker_rates), median(raw_rates), ratio,
      *low, *high, kWorkerShare, verdict(ratio >= kWorkerShare), median(worker_cpu));
}

void idle_line(const MeasureOptions& options, const std::string& sdk_binary) {
  SdkRoom room(options, sdk_binary, false);
  auto figures = room.run({"idle", "--queue", "idle", "--slots", std::to_string(kIdleSlots), "--seconds",
                           std::to_string(std::max(2, options.pairs))});
  std::printf(
      "worker, %zu idle slots: %.2f %% of a core, target %.1f %s; %.1f MiB in all (%.1f its own), target %.0f %s\n",
      kIdleSlots, figures["cpu_percent"], kIdlePercent, verdict(figures["cpu_percent"] <= kIdlePercent), figures["mib"],
      figures["own_mib"], kIdleMib, verdict(figures["mib"] <= kIdleMib));
}

void call_lines(const MeasureOptions& options, const std::string& sdk_binary) {
  SdkRoom room(options, sdk_binary, false);
  const std::string calls = options.pairs > 2 ? "2000000" : "200000";
  auto figures = room.run({"calls", "--queue", "calls", "--calls", calls});
  std::printf("heartbeat call, 64 bytes: %.0f ns CPU (median, one thread), target %.0f %s\n", figures["ns_per_call"],
              kCallNanoseconds, verdict(figures["ns_per_call"] <= kCallNanoseconds));
  for (const auto& [name, text] : {std::pair("one_attempt", "one attempt"), {"eight_attempts", "eight attempts"}}) {
    std::printf("heartbeat call, 8 threads on %s: %.1f million/s together, target %.0f %s\n", text, figures[name] / 1e6,
                kCallsPerSecond / 1e6, verdict(figures[name] >= kCallsPerSecond));
  }
}

void worker_lines(const MeasureOptions& options, const std::string& sdk_binary) {
  worker_line(options, sdk_binary, 0);
  worker_line(options, sdk_binary, 600);
}

struct Line {
  const char* name;
  void (*run)(const MeasureOptions&, const std::string&);
};
constexpr Line kLines[] = {{"worker", worker_lines}, {"idle worker", idle_line}, {"call", call_lines}};

bool asked_for(const Line& line, const std::string& only) {
  return std::string(line.name).rfind(only, 0) == 0;
}

}  // namespace

bool is_sdk_line(const std::string& only) {
  return std::any_of(std::begin(kLines), std::end(kLines), [&](const Line& line) { return asked_for(line, only); });
}

void run_sdk_lines(const std::string& only, const MeasureOptions& options, const std::string& sdk_binary) {
  for (const Line& line : kLines) {
    if (!asked_for(line, only)) continue;
    line.run(options, sdk_binary);
    std::fflush(stdout);
  }
}

}  // namespace longbeat::bench
