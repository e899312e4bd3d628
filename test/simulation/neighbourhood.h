#pragma once
#include <memory>
#include <vector>

#include "simulation/callback_witness.h"
#include "simulation/command_witness.h"
#include "simulation/fair_witness.h"
#include "simulation/neighbour.h"
#include "simulation/outside.h"
#include "simulation/registry_witness.h"
#include "simulation/space_witness.h"
#include "simulation/witness.h"

namespace longbeat::simulation {

/// Everybody who uses the parts of the server that the client, its workers and the operator leave alone, with the
/// rules that hold for these parts.
class Neighbourhood {
 public:
  /// Before the server's first start.
  Neighbourhood(World& world, SimServer& server, const NetworkFaults& faults, Witness& witness);
  ~Neighbourhood();

  void act();
  void settle();
  bool at_rest() const;
  void connection_broken();
  /// All of them, or all but some.
  void cut(const Partition& partition);
  void faults_ended();
  /// At the end of a run.
  void check_end();

 private:
  World& world_;
  SimServer& server_;
  Fail fail_;
  Outside outside_;
  CallbackWitness callbacks_;
  SpaceWitness spaces_;
  RegistryWitness registry_;
  CommandWitness commands_;
  FairWitness fair_;
  std::vector<std::unique_ptr<Neighbour>> neighbours_{};
  bool faults_ended_ = false;
};

}  // namespace longbeat::simulation
