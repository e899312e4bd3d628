// longbeat-soak: a long run under a mixed load with faults, to see whether anything grows. README.md says what is
// judged.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crash/ledger.h"
#include "crash/mixed_load.h"
#include "soak/samples.h"
#include "support/flaky_proxy.h"
#include "support/percentile.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_client.h"

namespace longbeat::soak {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::Clock;
namespace wire = test::wire;

constexpr double kMiB = 1024.0 * 1024.0;
/// What is closed goes soon, so that a run of minutes shows what years would; and later than anybody asks for it.
constexpr const char* kSettings =
    "[namespaces.default]\nretention = \"20s\"\n[limits]\nretention_min = \"1s\"\nretention_sweep = \"1s\"\n";

struct Options {
  std::string server{};
  int minutes = 20;
  std::uint64_t seed = std::random_device{}();
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return test::value_of_option(count, arguments, i); };
    if (name == "--server") {
      options.server = value();
    } else if (name == "--minutes") {
      options.minutes = static_cast<int>(test::whole_number(name, value(), 2, 24 * 60));
    } else if (name == "--seed") {
      options.seed = test::whole_number(name, value(), 0, UINT64_MAX);
    } else {
      throw std::invalid_argument("unknown option " + name);
    }
  }
  if (options.server.empty())
    throw std::invalid_argument("usage: longbeat-soak --server PATH [--minutes 2..1440] [--seed S]");
  return options;
}

/// Durable calls beside the load, on a connection without faults: how long they take. A thread of its own.
class Probe {
 public:
  explicit Probe(const std::string& address) : thread_([this, address] { run(address); }) {}
  ~Probe() {
    over_ = true;
    thread_.join();
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Milliseconds of the calls since the last time.
  std::vector<double> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(latencies_, {});
  }
  double open_activities() const { return open_; }
  std::uint64_t refused() const { return refused_; }

 private:
  void run(const std::string& address) {
    test::WireClient client(address);
    for (std::uint64_t number = 0; !over_; ++number) {
      const auto next = Clock::now() + 100ms;
      number % 10 == 0 ? count(client) : start(client, number);
      while (client.outstanding() > 0) client.run_one(Clock::now() + 100ms);
      std::this_thread::sleep_until(next);
    }
  }

  /// Nobody polls its queue: it ends by itself.
  void start(test::WireClient& client, std::uint64_t number) {
    wire::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id("probe-" + std::to_string(number));
    request.set_request_id("probe-" + std::to_string(number));
    request.mutable_activity_type()->set_name("probe");
    request.mutable_task_queue()->set_name("probes");
    request.mutable_schedule_to_close_timeout()->set_seconds(5);
    client.call(test::kStart, request, 30s, [this](const auto& answer) {
      if (!answer.ok()) ++refused_;
      const std::lock_guard lock(mutex_);
      latencies_.push_back(std::chrono::duration<double, std::milli>(answer.latency()).count());
    });
  }

  void count(test::WireClient& client) {
    wire::CountActivityExecutionsRequest request;
    request.set_namespace_("default");
    request.set_query("ExecutionStatus = 'Running'");
    client.call(test::kCount, request, 30s, [this](const auto& answer) {
      if (!answer.ok()) ++refused_;
      if (answer.ok()) open_ = static_cast<double>(answer.response.count());
    });
  }

  std::atomic<bool> over_{false};
  std::atomic<double> open_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;
  std::vector<double> latencies_;
  std::thread thread_;
};

/// What happens to the load's connections, every few seconds.
class Faults {
 public:
  Faults(test::FlakyProxy& proxy, std::uint64_t seed) : proxy_(proxy), random_(seed) {}

  void look(Clock::time_point now) {
    if (now < next_) return;
    if (std::exchange(in_force_, false)) {
      proxy_.pass();
      next_ = now + milliseconds(2000 + random_() % 5000);
      return;
    }
    ++count_;
    in_force_ = true;
    next_ = now + milliseconds(200 + random_() % 700);  // Shorter than the leases of the load.
    switch (random_() % 4) {
      case 0:
        return proxy_.cut_all();
      case 1:
        return proxy_.stall();
      case 2:
        proxy_.refuse();
        return proxy_.cut_all();
      default:
        return proxy_.delay(50ms);
    }
  }
  void end() { proxy_.pass(); }
  int count() const { return count_; }

 private:
  test::FlakyProxy& proxy_;
  std::mt19937_64 random_;
  Clock::time_point next_ = Clock::now() + 2s;
  bool in_force_ = false;
  int count_ = 0;
};

class Soak {
 public:
  explicit Soak(const Options& options) : options_(options) { load_.pace(20ms); }
  ~Soak() { client_.reset(); }  // Its last answers go to what is still there.
  Soak(const Soak&) = delete;
  Soak& operator=(const Soak&) = delete;

  int run() {
    load_.begin();
    const auto begun = Clock::now(), end = begun + std::chrono::minutes(options_.minutes);
    auto next_sample = begun + 1s;
    while (Clock::now() < end && server_.running() && ledger_.differences().empty()) {
      load_.run_until(std::min(end, Clock::now() + 20ms));
      faults_.look(Clock::now());
      if (Clock::now() < next_sample) continue;
      next_sample += 1s;
      sample();
      if (samples_.size() % 30 == 0) print(samples_.back());
    }
    faults_.end();
    load_.stop_starting();
    load_.run_until(Clock::now() + 12s);  // What still runs ends, or its lease does.
    return report();
  }

 private:
  void sample() {
    const auto latencies = probe_.take();
    Sample sample;
    sample.latency_ms = latencies.empty() ? 1000 : test::percentile(latencies, 0.9);
    sample.memory_mib = static_cast<double>(server_.resident_bytes()) / kMiB;
    sample.wal_mib = static_cast<double>(server_.wal_bytes()) / kMiB;
    sample.file_mib = static_cast<double>(std::filesystem::file_size(database())) / kMiB;
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(server_.pid()) + "/fd");
    sample.descriptors = static_cast<double>(std::distance(begin(files), end(files)));
    sample.open_activities = probe_.open_activities();
    samples_.push_back(sample);
  }

  void print(const Sample& now) const {
    std::printf(
        "%5zu s: memory %.1f MiB, file %.1f, log %.1f, descriptors %.0f, open %.0f, slow calls %.1f ms, faults %d\n",
        samples_.size(), now.memory_mib, now.file_mib, now.wal_mib, now.descriptors, now.open_activities,
        now.latency_ms, faults_.count());
    std::fflush(stdout);
  }

  int report() {
    if (!server_.running()) ledger_.difference("the server ended by itself; it said:\n" + server_.log_tail());
    if (probe_.refused() > 0) ledger_.difference(std::to_string(probe_.refused()) + " calls beside the faults failed");
    const auto comparisons = compare(samples_);
    bool flat = !comparisons.empty();
    for (const Comparison& each : comparisons) {
      std::printf("%-18s %9.1f in the second quarter, %9.1f in the last, %9.1f allowed: %s\n", each.what.c_str(),
                  each.early, each.late, each.allowed, each.is_flat() ? "flat" : "GREW");
      flat = flat && each.is_flat();
    }
    for (std::size_t i = 0; i < ledger_.differences().size() && i < 20; ++i)
      std::printf("DIFFERENCE: %s\n", ledger_.differences()[i].c_str());
    const bool good = flat && ledger_.differences().empty();
    std::printf("soak %s: %d minutes, %zu activities, %llu calls answered, %d faults, seed %llu\n",
                good ? "passed" : "FAILED", options_.minutes, ledger_.started().size(),
                static_cast<unsigned long long>(load_.answers()), faults_.count(),
                static_cast<unsigned long long>(options_.seed));
    return good ? 0 : 1;
  }

  std::filesystem::path database() const { return folder_.path() / "soak.db"; }

  const Options options_;
  const test::TempFolder folder_{};
  const std::string settings_ = write_settings(folder_.path());
  test::ServerProcess server_{{.binary = options_.server,
                               .database = database(),
                               .folder = folder_.path(),
                               .arguments = {"--config", settings_}}};
  test::FlakyProxy proxy_{server_.port()};
  Faults faults_{proxy_, options_.seed};
  Probe probe_{server_.address()};
  crash::Ledger ledger_{crash::Lease{}};
  std::optional<test::WireClient> client_{std::in_place, proxy_.address(), 4};
  crash::MixedLoad load_{*client_, ledger_, options_.seed};
  std::vector<Sample> samples_;

  static std::string write_settings(const std::filesystem::path& folder) {
    const auto file = folder / "server.toml";
    std::ofstream(file) << kSettings;
    return file.string();
  }
};

}  // namespace
}  // namespace longbeat::soak

int main(int count, char** arguments) {
  return longbeat::test::run_program(
      "longbeat-soak", "", [&] { return longbeat::soak::Soak(longbeat::soak::parse(count, arguments)).run(); });
}
