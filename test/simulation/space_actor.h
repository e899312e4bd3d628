#pragma once
#include <string>

#include "simulation/neighbour.h"
#include "simulation/space_witness.h"

namespace longbeat::simulation {

/// Registers namespaces, fills them with activities, polls, waits, settings and search attributes, and deletes them
/// while all that runs; the same names come again.
class SpaceActor final : public Neighbour {
 public:
  SpaceActor(World& world, SimServer& server, const NetworkFaults& faults, const SpaceWitness& witness)
      : Neighbour(world, server, faults), witness_(witness) {}
  void act() override;
  void settle() override;
  bool at_rest() const override { return all_gone_; }

 private:
  void start(const std::string& space);
  void poll(const std::string& space);
  void change_attributes(const std::string& space);
  void until_gone();

  const SpaceWitness& witness_;
  std::uint64_t next_request_ = 0;
  bool all_gone_ = false;
};

}  // namespace longbeat::simulation
