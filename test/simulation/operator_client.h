#pragma once
#include <map>
#include <string>

#include "simulation/sim_client.h"

namespace longbeat::simulation {

/// An operator's program that uses the SDK's client: the same orders as
/// OperatorActor gives, as calls of handles in the forms that do not block.
/// What it is told is SteerWitness's to judge. It does not die in a run.
class OperatorClient {
 public:
  OperatorClient(World& world, SimServer& server, const NetworkFaults& faults, Witness& witness)
      : world_(world), server_(server), faults_(faults), witness_(witness) {}

  /// False when a client has no call for this.
  bool give(const server::Request& request);
  void connection_broken();
  void cut(const Partition& partition);

 private:
  const Client& client_in(const std::string& namespace_name);

  World& world_;
  SimServer& server_;
  const NetworkFaults& faults_;
  Witness& witness_;
  std::map<std::string, SimClient> clients_{};  ///< by namespace
  Partition partition_{};
};

}  // namespace longbeat::simulation
