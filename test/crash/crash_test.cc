// Real servers, real kill -9: whatever was acknowledged must be there afterwards. README.md says what is compared.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>

#include "crash/ledger.h"
#include "crash/mixed_load.h"
#include "support/server_process.h"

namespace longbeat::crash {
namespace {

using std::chrono::milliseconds;
using test::Clock;

struct Options {
  std::string server{};
  int times = 15;
  std::uint64_t seed = std::random_device{}();
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    const std::string value = arguments[i + 1];
    if (name == "--server")
      options.server = value;
    else if (name == "--times")
      options.times = std::stoi(value);
    else if (name == "--seed")
      options.seed = std::stoull(value);
    else
      throw std::invalid_argument("unknown option " + name);
  }
  if (count % 2 == 0 || options.server.empty() || options.times < 1) {
    throw std::invalid_argument("usage: crash_test --server PATH [--times N] [--seed S]");
  }
  return options;
}

/// Mostly under full load, now and then within the first moments after a start.
milliseconds life_time(std::mt19937_64& random) {
  return milliseconds(random() % 100 < 20 ? random() % 60 : 300 + random() % 2000);
}

int run(const Options& options) {
  std::printf("seed %llu, %d times\n", static_cast<unsigned long long>(options.seed), options.times);
  std::mt19937_64 random(options.seed);
  const test::TempFolder folder;
  test::ServerProcess server(
      {.binary = options.server, .database = folder.path() / "crash.db", .folder = folder.path()});
  Ledger ledger(Lease{});
  test::WireClient client(server.address());
  MixedLoad load(client, ledger, random());
  load.begin();
  for (int round = 1; round <= options.times && ledger.differences().empty(); ++round) {
    const milliseconds life = life_time(random);
    load.run_until(Clock::now() + life);
    if (!server.running()) throw std::runtime_error("the server ended by itself; it said:\n" + server.log_tail());
    const milliseconds back = server.restart();
    std::printf(
        "%3d: killed after %4lld ms, back after %4lld ms; so far %zu started, %zu closed, %llu calls answered\n", round,
        static_cast<long long>(life.count()), static_cast<long long>(back.count()), ledger.started().size(),
        ledger.acknowledged_closed(), static_cast<unsigned long long>(load.answers()));
    std::fflush(stdout);
  }
  if (load.drain(Clock::now() + std::chrono::seconds(40))) server.restart();  // Once more, with nothing left to do.
  load.compare_all();
  std::printf("compared %zu activities after %d kills: ", ledger.started().size(), options.times);
  if (ledger.differences().empty()) return std::printf("nothing lost, doubled or changed\n"), 0;
  std::printf("%zu differences\n", ledger.differences().size());
  for (std::size_t i = 0; i < ledger.differences().size() && i < 20; ++i) {
    std::printf("  %s\n", ledger.differences()[i].c_str());
  }
  std::printf("the server said:\n%s\n", server.log_tail().c_str());
  return 1;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) try {
  return longbeat::crash::run(longbeat::crash::parse(count, arguments));
} catch (const std::exception& error) {
  std::fprintf(stderr, "crash_test: %s\n", error.what());
  return 1;
}
