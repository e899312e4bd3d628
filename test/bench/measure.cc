#include "bench/measure.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>

#include "support/parked_polls.h"
#include "support/percentile.h"
#include "support/server_process.h"

namespace longbeat::bench {
namespace {

using std::chrono::duration;
using std::chrono::nanoseconds;
using test::Clock;
using test::Load;
using test::WireClient;

constexpr std::size_t kEchoInFlight = 64;
constexpr double kFirstGuess = 12'000;                // Operations per second to be ready for before the first window.
constexpr double kReserve = 1.7;                      // How much faster than the last window the next one may get.
constexpr std::chrono::milliseconds kRenewPolls{20};  // Between windows: polls that were answered are sent again.

Sample put_together(const std::vector<Sample>& windows) {
  Sample all;
  std::vector<double> rates, cpu;
  for (const Sample& window : windows) {
    rates.push_back(window.per_second);
    cpu.push_back(window.server_cpu_per_operation.count());
    std::copy(window.latencies_us.begin(), window.latencies_us.end(), std::back_inserter(all.latencies_us));
  }
  all.per_second = median(rates);
  all.server_cpu_per_operation = decltype(all.server_cpu_per_operation)(median(cpu));
  return all;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Sample measure_window(WireClient& client, Load& load, std::size_t in_flight, const MeasureOptions& options,
                      const std::function<nanoseconds()>& server_cpu) {
  Sample sample;
  const auto begin = Clock::now() + options.warm_up;
  const auto end = begin + options.window;
  test::Time first{}, last{};
  nanoseconds cpu_first{}, cpu_last{};
  // The window opens and closes with an operation's end, so that times and CPU belong to a whole number of them.
  test::run_closed_loop(client, load, in_flight, end, [&](Clock::duration latency) {
    const auto now = Clock::now();
    if (now < begin || now > end) return;
    if (first == test::Time{}) {
      first = now;
      cpu_first = server_cpu();
      return;
    }
    sample.latencies_us.push_back(duration<float, std::micro>(latency).count());
    last = now;
    if (sample.latencies_us.size() % 64 == 0) cpu_last = server_cpu();
  });
  const double operations = static_cast<double>(sample.latencies_us.size());
  const double counted_for_cpu = static_cast<double>(sample.latencies_us.size() / 64 * 64);
  if (last > first) sample.per_second = operations / duration<double>(last - first).count();
  if (counted_for_cpu > 0) {
    sample.server_cpu_per_operation = duration<double, std::micro>(cpu_last - cpu_first) / counted_for_cpu;
  }
  return sample;
}

namespace {

/// A fresh server with the cell's load on it; `database` empty: its own.
class Measured {
 public:
  Measured(const Cell& cell, const MeasureOptions& options, const std::filesystem::path& database = {})
      : cell_(cell),
        options_(options),
        folder_(options.folder),
        server_({.binary = options.server_binary,
                 .database = !cell.durable      ? std::filesystem::path{}
                             : database.empty() ? folder_.path() / "bench.db"
                                                : database,
                 .folder = folder_.path()}),
        client_(server_.address()),
        load_(cell.make_load(client_)) {}

  void prepare() {
    const double seconds = duration<double>(options_.warm_up + options_.window).count();
    load_->prepare(static_cast<std::size_t>(expected_ * seconds));
  }
  Sample window() {
    Sample sample = measure_window(client_, *load_, cell_.in_flight, options_, [this] { return server_.cpu_time(); });
    expected_ = std::max(kFirstGuess / 4, sample.per_second * kReserve);
    return sample;
  }
  std::string address() const { return server_.address(); }

 private:
  const Cell& cell_;
  const MeasureOptions& options_;
  const test::TempFolder folder_;
  test::ServerProcess server_;
  WireClient client_;
  std::unique_ptr<Load> load_;
  double expected_ = kFirstGuess;
};

double ratio_of(const Cell& cell, const Sample& ours, const Sample& other) {
  if (ours.latencies_us.empty() || other.latencies_us.empty()) return 0;
  if (cell.alone) return test::percentile(ours.latencies_us, 0.5) / test::percentile(other.latencies_us, 0.5);
  return ours.per_second / other.per_second;
}

}  // namespace

CellResult measure_cell(const Cell& cell, const MeasureOptions& options, const std::string& echo_address,
                        const std::function<nanoseconds()>& echo_cpu) {
  Measured ours(cell, options, options.database);
  WireClient echo_client(echo_address);
  const auto echo = test::make_echo_load(echo_client);
  std::optional<Measured> plain;  // Without polls, or on an empty file.
  std::optional<test::ParkedPolls> polls;
  if (cell.parked_polls > 0) {
    plain.emplace(cell, options, options.database);
    polls.emplace(ours.address(), test::ParkedPolls::Options{.polls = cell.parked_polls});
    polls->park();
  }
  if (!plain && !options.database.empty()) plain.emplace(cell, options);
  const auto other_window = [&] {
    const std::size_t in_flight = cell.alone ? 1 : kEchoInFlight;
    return plain ? plain->window() : measure_window(echo_client, *echo, in_flight, options, echo_cpu);
  };
  std::vector<Sample> other_windows, our_windows;
  std::vector<double> ratios;
  for (int pair = 0; pair < options.pairs; ++pair) {
    if (polls) polls->client().run_until(Clock::now() + kRenewPolls);
    if (plain) plain->prepare();
    ours.prepare();
    other_windows.push_back(other_window());
    our_windows.push_back(ours.window());
    ratios.push_back(ratio_of(cell, our_windows.back(), other_windows.back()));
  }
  if (polls && polls->waiting() != cell.parked_polls) throw std::runtime_error("not all polls waited to the end");
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {put_together(other_windows), put_together(our_windows), median(ratios), *low, *high, plain.has_value()};
}

}  // namespace longbeat::bench
