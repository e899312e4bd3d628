// The write-ahead log stays small however long the load lasts: it is emptied faster than it grows.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "support/loads.h"
#include "support/program.h"
#include "support/server_process.h"

namespace longbeat::crash {
namespace {

using test::Clock;

// At 128 MiB the server waits, after a commit that may be a large one.
constexpr std::uintmax_t kWalBytesMax = std::uintmax_t{144} << 20;
constexpr std::size_t kDetailsBytes = 1024;
constexpr double kMiB = 1024.0 * 1024.0;

int run(const std::string& binary, std::chrono::seconds length) {
  const test::TempFolder folder;
  test::ServerProcess server({.binary = binary, .database = folder.path() / "wal.db", .folder = folder.path()});
  test::WireClient beating(server.address());
  test::WireClient executing(server.address());
  const auto heartbeats = test::make_heartbeat_load(beating, 2000, kDetailsBytes);
  const auto executions = test::make_poll_complete_load(executing);
  heartbeats->prepare(0);
  std::uint64_t beats = 0, executed = 0;
  std::uintmax_t largest = 0;
  const auto end = Clock::now() + length;
  auto sampled = Clock::now();
  const auto sample = [&] {
    if (Clock::now() < sampled + std::chrono::milliseconds(20)) return;
    sampled = Clock::now();
    largest = std::max(largest, server.wal_bytes());
  };
  // Turns of the two loads: one rewrites what is there, the other adds and closes.
  while (Clock::now() < end && largest < kWalBytesMax) {
    const auto turn = [&](int ms) { return std::min(end, Clock::now() + std::chrono::milliseconds(ms)); };
    test::run_closed_loop(beating, *heartbeats, 64, turn(700), [&](Clock::duration) { ++beats, sample(); });
    executions->prepare(1000);
    test::run_closed_loop(executing, *executions, 64, turn(300), [&](Clock::duration) { ++executed, sample(); });
  }
  const double details = static_cast<double>(beats * kDetailsBytes) / kMiB;
  std::printf("%llu heartbeats (%.0f MiB of details) and %llu starts and completions in %lld s: WAL at most %.1f MiB\n",
              static_cast<unsigned long long>(beats), details, static_cast<unsigned long long>(executed),
              static_cast<long long>(length.count()), static_cast<double>(largest) / kMiB);
  if (largest == 0) throw std::runtime_error("there never was a WAL; is the store a file?");
  if (largest >= kWalBytesMax) throw std::runtime_error("the WAL reached 144 MiB");
  return 0;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("wal_test", "", [&] {
    if (count != 3) throw std::invalid_argument("usage: wal_test SERVER SECONDS");
    return longbeat::crash::run(arguments[1], std::chrono::seconds(std::stoi(arguments[2])));
  });
}
