#include "bench/against.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "bench/other_side.h"
#include "support/percentile.h"
#include "support/server_process.h"

namespace longbeat::bench {
namespace {

using std::chrono::duration;
using test::Clock;
using test::LoadTarget;
using test::WireClient;

constexpr std::size_t kOpen = 64;               // Activities that heartbeat.
constexpr std::int64_t kLeftForSeconds = 3600;  // What a load leaves open on the other server ends after that.
constexpr std::chrono::seconds kDrain{10};      // For what is under way when a window closes.
constexpr std::size_t kErrorsShown = 3;         // Of each side and line.
constexpr std::size_t kErrorBytes = 160;

struct Line {
  const char* name;
  std::size_t in_flight;
  std::function<std::unique_ptr<test::Load>(WireClient&, const LoadTarget&)> make_load;
};

/// Few in flight, for the time that one takes; many, for what the server can do.
std::vector<Line> all_lines() {
  const auto start = [](WireClient& client, const LoadTarget& target) { return test::make_start_load(client, target); };
  const auto execute = [](WireClient& client, const LoadTarget& target) {
    return test::make_execute_load(client, target);
  };
  const auto beat = [](WireClient& client, const LoadTarget& target) {
    return test::make_heartbeat_load(client, kOpen, 100, target);
  };
  return {{"start", 16, start},     {"start", 64, start},    {"execute", 1, execute}, {"execute", 16, execute},
          {"execute", 64, execute}, {"heartbeat", 16, beat}, {"heartbeat", 64, beat}};
}

/// One server under one load.
class Side {
 public:
  Side(const char* whose, const Line& line, const std::string& address, const std::string& namespace_name,
       const MeasureOptions& options)
      : whose_(whose),
        in_flight_(line.in_flight),
        options_(options),
        client_(address),
        load_(line.make_load(client_, {namespace_name, kLeftForSeconds})) {}

  /// Throws std::runtime_error when a call fails.
  void prepare() {
    try {
      load_->prepare(0);
    } catch (const std::exception& error) {
      throw std::runtime_error(std::string(whose_) + ": " + error.what());
    }
  }

  /// Only what ends well within the window counts for rate and latencies; errors count from the beginning to the end.
  void run_window() {
    const auto begin = Clock::now() + options_.warm_up;
    const auto end = begin + options_.window;
    std::size_t done = 0;
    test::run_tolerant_loop(client_, *load_, in_flight_, end, end + kDrain,
                            [&](const std::string& error, Clock::duration latency) {
                              if (!error.empty()) return static_cast<void>(++errors_[error.substr(0, kErrorBytes)]);
                              const auto now = Clock::now();
                              if (now < begin || now > end) return;
                              ++done;
                              latencies_ms_.push_back(duration<float, std::milli>(latency).count());
                            });
    rates_.push_back(static_cast<double>(done) / duration<double>(options_.window).count());
  }

  const std::vector<double>& rates() const { return rates_; }
  float latency_ms(double share) const { return test::percentile(latencies_ms_, share); }
  const std::map<std::string, std::uint64_t>& errors() const { return errors_; }
  std::uint64_t error_count() const {
    std::uint64_t sum = 0;
    for (const auto& [text, times] : errors_) sum += times;
    return sum;
  }

  const char* whose() const { return whose_; }

 private:
  const char* whose_;
  std::size_t in_flight_;
  const MeasureOptions& options_;
  WireClient client_;
  std::unique_ptr<test::Load> load_;
  std::vector<double> rates_{};
  std::vector<float> latencies_ms_{};
  std::map<std::string, std::uint64_t> errors_{};
};

void print_head() {
  std::printf("%-10s %6s | %7s %8s %8s %6s | %7s %8s %8s %6s | %5s\n", "", "in", "ours", "ms", "ms", "", "theirs", "ms",
              "ms", "", "ours/");
  std::printf("%-10s %6s | %7s %8s %8s %6s | %7s %8s %8s %6s | %s\n", "load", "flight", "per s", "p50", "p99", "errors",
              "per s", "p50", "p99", "errors", "theirs (min-max)");
}

void print_side(const Side& side) {
  std::printf(" %7.0f %8.2f %8.2f %6llu |", median(side.rates()), static_cast<double>(side.latency_ms(0.5)),
              static_cast<double>(side.latency_ms(0.99)), static_cast<unsigned long long>(side.error_count()));
}

/// The commonest first; how many other kinds there are beyond those.
void print_errors(const Side& side) {
  std::vector<std::pair<std::uint64_t, std::string>> kinds;
  for (const auto& [text, times] : side.errors()) kinds.emplace_back(times, text);
  std::sort(kinds.rbegin(), kinds.rend());
  for (std::size_t i = 0; i < std::min(kinds.size(), kErrorsShown); ++i) {
    std::printf("  %s: %llu times %s\n", side.whose(), static_cast<unsigned long long>(kinds[i].first),
                kinds[i].second.c_str());
  }
  if (kinds.size() > kErrorsShown) std::printf("  %s: %zu other kinds\n", side.whose(), kinds.size() - kErrorsShown);
}

/// False when one side did nothing.
bool print_line(const Line& line, const Side& ours, const Side& theirs) {
  std::printf("%-10s %6zu |", line.name, line.in_flight);
  print_side(ours);
  print_side(theirs);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.rates().size(); ++i) {
    if (theirs.rates()[i] > 0) ratios.push_back(ours.rates()[i] / theirs.rates()[i]);
  }
  if (ratios.empty()) {
    std::printf("     -\n");
  } else {
    const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
    std::printf(" %5.2f (%.2f-%.2f)\n", median(ratios), *low, *high);
  }
  print_errors(ours);
  print_errors(theirs);
  std::fflush(stdout);
  return median(ours.rates()) > 0 && median(theirs.rates()) > 0;
}

/// Ours first in every other pair, so that neither is always the one that runs behind the other.
void run_pairs(Side& ours, Side& theirs, int pairs) {
  std::array<Side*, 2> order{&ours, &theirs};
  for (Side* side : order) side->prepare();
  for (int pair = 0; pair < pairs; ++pair) {
    for (Side* side : order) side->run_window();
    std::swap(order[0], order[1]);
  }
}

/// False when one side did nothing.
bool run_line(const Line& line, const std::string& our_address, const AgainstOptions& options) {
  Side ours("ours", line, our_address, "default", options.measure);
  Side theirs("theirs", line, options.address, options.namespace_name, options.measure);
  try {
    run_pairs(ours, theirs, options.measure.pairs);
  } catch (const std::exception& error) {
    std::printf("%-10s %6zu | not measured, %s\n", line.name, line.in_flight, error.what());
    return false;
  }
  return print_line(line, ours, theirs);
}

}  // namespace

int run_against(const AgainstOptions& options) {
  check_address(options.address);
  std::vector<Line> lines = all_lines();
  std::erase_if(lines, [&](const Line& line) { return std::string(line.name).rfind(options.only, 0) != 0; });
  if (lines.empty()) {
    throw std::invalid_argument("--only is \"" + options.only + "\"; with --against: start, execute, heartbeat");
  }
  WireClient greeting(options.address);
  const std::string version = meet(greeting, options.address, options.namespace_name);
  const test::TempFolder folder(options.measure.folder);
  const test::ServerProcess server(
      {.binary = options.measure.server_binary, .database = folder.path() / "bench.db", .folder = folder.path()});
  std::printf("ours: longbeat-server on a file in %s\ntheirs: %s, version %s, namespace %s\n\n",
              options.measure.folder.c_str(), options.address.c_str(), version.c_str(), options.namespace_name.c_str());
  print_head();
  bool both_worked = true;
  for (const Line& line : lines) {
    both_worked = run_line(line, server.address(), options) && both_worked;
  }
  std::printf(
      "\nper s: median of %d windows of %.1f s, ours and theirs in turn; execute = start, poll, complete, poll "
      "outcome;\n"
      "heartbeat: on %zu open activities. ours/theirs: median of the pairs' ratios. Errors do not count as done; one "
      "that\n"
      "is CANCELLED had not ended %lld s after its window. What stays open on the other server ends after an hour.\n",
      options.measure.pairs, duration<double>(options.measure.window).count(), kOpen,
      static_cast<long long>(kDrain.count()));
  if (!both_worked) std::printf("One side did nothing of a load.\n");
  return both_worked ? 0 : 1;
}

}  // namespace longbeat::bench
