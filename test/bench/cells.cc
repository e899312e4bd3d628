#include "bench/cells.h"

namespace longbeat::bench {
namespace {

// A spike of the whole design, with thin messages, reached these shares of the echo. Half of them is what we hold.
constexpr double kHalf = 0.5;
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
      {"start", 64, true, kHalf * 0.55, start},
      {"start", 256, true, kHalf * 0.63, start},
      {"poll+complete", 64, true, std::nullopt, poll_complete},
      {"execute", 32, true, kHalf * 0.10, execute},
      {"execute", 64, true, kHalf * 0.13, execute},
      {"execute", 256, true, kHalf * 0.175, execute},
      {"heartbeat, 64 open", 64, true, kHalf * 0.55, beat_64},
      {"heartbeat, 10k open", 64, true, kHalf * 0.46, beat_10k},
      {"start", 64, false, std::nullopt, start},
      {"start", 256, false, std::nullopt, start},
      {"poll+complete", 64, false, std::nullopt, poll_complete},
      {"execute", 32, false, std::nullopt, execute},
      {"execute", 64, false, kHalf * 0.25, execute},
      {"execute", 256, false, std::nullopt, execute},
      {"heartbeat, 64 open", 64, false, std::nullopt, beat_64},
      {"heartbeat, 10k open", 64, false, std::nullopt, beat_10k},
      {"parked 10k, info", 64, false, kBesideParked, info, kParked},
      {"parked 10k, start", 64, true, kBesideParked, start, kParked},
      {"parked 10k, execute", 64, true, kBesideParked, execute, kParked},
  };
}

}  // namespace longbeat::bench
