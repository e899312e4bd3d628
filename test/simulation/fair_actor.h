#pragma once
#include <string>
#include <vector>

#include "simulation/fair_witness.h"
#include "simulation/neighbour.h"

namespace longbeat::simulation {

/// Fills a queue with tasks of several priorities, fairness keys and weights, faster than its one worker takes them.
class FairActor final : public Neighbour {
 public:
  FairActor(World& world, SimServer& server, const NetworkFaults& faults, FairWitness& witness);
  void act() override;
  void settle() override;
  bool at_rest() const override { return ended_; }

 private:
  void start();
  void work();
  void until_ended(std::uint64_t from);

  FairWitness& witness_;
  std::vector<float> weights_{};
  std::uint64_t tasks_ = 0, workers_ = 0;
  bool ended_ = false;
};

}  // namespace longbeat::simulation
