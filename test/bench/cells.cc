#include "bench/cells.h"

namespace longbeat::bench {
namespace {

// An activity alone may take as long as so many calls that do nothing: it is four calls, and three syncs.
constexpr double kRoundTripsMax = 25;
constexpr double kP99Max = 40;
// Polls that wait must leave others at least half of what they get without them.
constexpr double kBesideParked = 0.5;
constexpr std::size_t kParked = 10'000;

}  // namespace

std::vector<Cell> all_cells() {
  using test::WireClient;
  const auto info = [](WireClient& client) { return test::make_system_info_load(client); };
  const auto start = [](WireClient& client) { return test::make_start_load(client); };
  const auto poll_complete = [](WireClient& client) { return test::make_poll_complete_load(client); };
  const auto execute = [](WireClient& client) { return test::make_execute_load(client); };
  const auto beat_64 = [](WireClient& client) { return test::make_heartbeat_load(client, 64); };
  const auto beat_10k = [](WireClient& client) { return test::make_heartbeat_load(client, 10'000); };
  return {
      {"start", 64, true, 0.40, start},
      {"start", 256, true, 0.45, start},
      {"poll+complete", 64, true, std::nullopt, poll_complete},
      {"execute", 32, true, 0.07, execute},
      {"execute", 64, true, 0.10, execute, 0, kP99Max},
      {"execute", 256, true, 0.12, execute},
      {"execute, alone", 1, true, kRoundTripsMax, execute, 0, std::nullopt, true},
      {"heartbeat, 64 open", 64, true, 0.45, beat_64},
      {"heartbeat, 10k open", 64, true, 0.40, beat_10k},
      {"start", 64, false, std::nullopt, start},
      {"start", 256, false, std::nullopt, start},
      {"poll+complete", 64, false, std::nullopt, poll_complete},
      {"execute", 32, false, std::nullopt, execute},
      {"execute", 64, false, std::nullopt, execute},
      {"execute", 256, false, std::nullopt, execute},
      {"heartbeat, 64 open", 64, false, std::nullopt, beat_64},
      {"heartbeat, 10k open", 64, false, std::nullopt, beat_10k},
      {"parked 10k, info", 64, false, kBesideParked, info, kParked},
      {"parked 10k, start", 64, true, kBesideParked, start, kParked},
      {"parked 10k, execute", 64, true, kBesideParked, execute, kParked},
  };
}

}  // namespace longbeat::bench
