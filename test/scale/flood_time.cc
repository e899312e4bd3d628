// After a long outage: so many timers are due at once. How long they take to be worked off, and what new calls feel.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "scale/fill.h"
#include "support/loads.h"
#include "support/percentile.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_client.h"

namespace longbeat::scale {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using test::Clock;

constexpr const char* kUsage =
    "flood_time --server PATH [--timers N] [--limit-ms N] [--in-flight N]\n"
    "  Starts the server on a file with N activities (default 100000) whose deadline has passed meanwhile, and starts\n"
    "  others until all of those are closed. Fails when the 99th percentile of those starts is above the limit\n"
    "  (default 100 ms).\n";

struct Options {
  std::string server{};
  std::uint64_t timers = 100'000;
  std::size_t in_flight = 1;
  double limit_ms = 100;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto text = [&] { return test::value_of_option(count, arguments, i); };
    if (name == "--server")
      options.server = text();
    else if (name == "--timers")
      options.timers = test::whole_number(name, text(), 1, 10'000'000);
    else if (name == "--limit-ms")
      options.limit_ms = std::stod(text());
    else if (name == "--in-flight")
      options.in_flight = test::whole_number(name, text(), 1, 10'000);
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (options.server.empty()) throw std::invalid_argument("--server is missing");
  return options;
}

/// Looks again and again whether an activity is closed; tells the server's clock apart from ours by nothing else.
class Watcher {
 public:
  Watcher(test::WireClient& client, std::string id) : client_(client) {
    describe_.set_namespace_("default");
    describe_.set_activity_id(std::move(id));
  }
  void look() {
    if (asked_ || closed_) return;
    asked_ = true;
    client_.call(test::kDescribe, describe_, milliseconds(60'000), [this](const auto& answer) {
      asked_ = false;
      if (!answer.ok()) throw std::runtime_error("describe: " + answer.status.error_message());
      closed_ = answer.response.info().has_close_time();
    });
  }
  bool closed() const { return closed_; }

 private:
  test::WireClient& client_;
  test::wire::DescribeActivityExecutionRequest describe_;
  bool asked_ = false, closed_ = false;
};

int run(const Options& options) {
  const test::TempFolder folder;
  FillOptions fill_options;
  fill_options.to = folder.path() / "flood.db";
  fill_options.open = options.timers;
  fill_options.schedule_to_close = std::chrono::minutes(5);
  fill_options.age = std::chrono::minutes(10);
  fill(fill_options);

  test::ServerProcess server({.binary = options.server, .database = fill_options.to, .folder = folder.path()});
  test::WireClient client(server.address());
  const auto load = test::make_start_load(client);
  // Deadlines rise with the numbers, so the last one is closed last.
  Watcher last(client, activity_id(options.timers - 1));
  std::vector<double> latencies;
  const auto begin = Clock::now();
  const auto until = begin + std::chrono::minutes(2);
  while (!last.closed() && Clock::now() < until) {
    last.look();
    test::run_closed_loop(
        client, *load, options.in_flight, Clock::now() + milliseconds(20),
        [&](Clock::duration latency) { latencies.push_back(duration<double>(latency).count() * 1000); });
  }
  const double took = duration<double>(Clock::now() - begin).count();
  if (!last.closed()) throw std::runtime_error("the timers were not worked off within two minutes");
  const auto at = [&](double share) { return test::percentile(latencies, share); };
  std::printf(
      "%llu timers worked off in %.2f s; meanwhile %zu starts, %zu in flight: p50 %.1f ms, p99 %.1f ms, longest "
      "%.1f ms; limit of p99 %.0f ms\n",
      static_cast<unsigned long long>(options.timers), took, latencies.size(), options.in_flight, at(0.5), at(0.99),
      at(1), options.limit_ms);
  return at(0.99) <= options.limit_ms ? 0 : 1;
}

}  // namespace
}  // namespace longbeat::scale

int main(int count, char** arguments) {
  return longbeat::test::run_program("flood_time", longbeat::scale::kUsage,
                                     [&] { return longbeat::scale::run(longbeat::scale::parse(count, arguments)); });
}
