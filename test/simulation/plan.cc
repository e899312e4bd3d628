#include "simulation/plan.h"

#include "base/random.h"

namespace longbeat::simulation {
namespace {

std::uint32_t below(internal::Random& random, std::uint64_t end) {
  return static_cast<std::uint32_t>(random.below(end));
}

}  // namespace

Plan plan_of(std::uint64_t seed) {
  internal::Random random(seed * 2 + 1);
  Plan plan;
  plan.activities = 1 + below(random, 12);
  plan.workers = 1 + below(random, 3);
  if (random.chance(70)) {
    plan.network.request_lost = below(random, 10);
    plan.network.reply_lost = below(random, 10);
    plan.network.request_doubled = below(random, 8);
    plan.network.slow = below(random, 10);
  }
  plan.worker_kills = below(random, 4);
  plan.server_kills = below(random, 4);
  plan.broken_commits = below(random, 3);
  plan.server_freezes = below(random, 3);
  plan.cancels = below(random, 4);
  plan.worker_stops = below(random, 2);
  plan.operations = random.chance(80) ? below(random, 40) : 0;
  plan.retention = std::chrono::seconds(10 + random.below(50));
  plan.neighbour_acts = random.chance(50) ? below(random, 80) : 0;
  plan.worker_freezes = below(random, 3);
  plan.clock_jumps = below(random, 2);
  if (random.chance(50)) plan.network.reordered = below(random, 30);
  plan.client_kills = random.chance(40) ? below(random, 3) : 0;
  plan.partitions = random.chance(50) ? below(random, 4) : 0;
  plan.server_clock_jumps = random.chance(50) ? 1 + below(random, 3) : 0;
  plan.clock_skew = random.chance(50);
  plan.rare_branches = random.chance(30);
  plan.full_disks = random.chance(20) ? 1 + below(random, 2) : 0;
  plan.operators_have_client = random.chance(50);
  plan.slow_codecs = random.chance(40);
  plan.failing_codecs = random.chance(25) ? 1 + below(random, 5) : 0;
  if (random.chance(20)) plan.server_falls_behind = std::chrono::seconds(60 + random.below(540));
  return plan;
}

}  // namespace longbeat::simulation
