#pragma once
#include <chrono>
#include <cstdint>
#include <set>

#include "simulation/network_faults.h"

namespace longbeat::simulation {

/// What may go wrong in one run, and how much there is to do. A seed chooses; tests can choose themselves.
struct Plan {
  std::uint32_t activities = 8;
  std::uint32_t workers = 2;
  NetworkFaults network{};
  std::uint32_t worker_kills = 2;
  std::uint32_t server_kills = 2;
  std::uint32_t client_kills = 0;
  std::uint32_t broken_commits = 1;
  std::uint32_t server_freezes = 1;
  /// Nothing gets through to a process, from it, or both.
  std::uint32_t partitions = 0;
  /// SIGSTOP, and clocks that are an hour wrong from then on.
  std::uint32_t worker_freezes = 1, clock_jumps = 0;
  /// The clock of the server's machine is set, back or forth, while it runs or is down.
  std::uint32_t server_clock_jumps = 0;
  /// After half of the trouble the server is started anew with a clock that is so far behind; the last of the faults is
  /// then that all workers die, so attempts that began by that clock are left to their timeouts.
  std::chrono::nanoseconds server_falls_behind{0};
  /// No two machines agree about the time.
  bool clock_skew = false;
  /// What workers send and get goes through codecs that take seconds at times, or fail in so many percent.
  bool slow_codecs = false;
  std::uint32_t failing_codecs = 0;
  /// Limits so small that code runs which seldom does.
  bool rare_branches = false;
  std::uint32_t cancels = 2;
  std::uint32_t worker_stops = 1;
  /// What operators and other clients do, and what is asked by ID.
  std::uint32_t operations = 12;
  /// Orders go through the SDK's client, with its retries, not as raw requests.
  bool operators_have_client = false;
  /// What is done beside them: completion callbacks, namespaces and more. 0: there are no neighbours at all.
  std::uint32_t neighbour_acts = 0;
  /// Of the namespace that has no workers; the client's keeps everything for an hour.
  std::chrono::nanoseconds retention = std::chrono::seconds(30);
  /// The server finds its disk full, and has room again some seconds later.
  std::uint32_t full_disks = 0;
  /// A crash takes back the latest commit, though it was acknowledged. No promise survives that.
  bool lying_disk = false;
  /// Faults and operations happen in this time; afterwards everything must come to rest.
  std::chrono::nanoseconds trouble = std::chrono::seconds(60);
  /// By their number among Simulation::happenings(): these do not happen. The others do, as far as that is possible.
  std::set<std::size_t> dropped{};
};
Plan plan_of(std::uint64_t seed);

}  // namespace longbeat::simulation
