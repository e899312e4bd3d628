#pragma once
#include <string>

#include "simulation/neighbour.h"
#include "simulation/registry_witness.h"

namespace longbeat::simulation {

inline constexpr auto kFleetNamespace = "fleet";

/// Workers that listen for commands on a queue of their own, whose activities are canceled; and workers that do nothing
/// but tell that they live.
class FleetActor final : public Neighbour {
 public:
  FleetActor(World& world, SimServer& server, const NetworkFaults& faults, RegistryWitness& registry);
  void act() override;
  void settle() override;
  bool at_rest() const override { return orders_ended_; }

 private:
  void listen(const std::string& queue);
  void work(const std::string& queue);
  void start();
  void beat();
  void ask();
  void until_ended(std::uint64_t from);
  server::WorkerBeat new_beat(std::int32_t status);

  RegistryWitness& registry_;
  std::uint64_t orders_ = 0, next_request_ = 0;
  bool listening_ = false, orders_ended_ = false;
};

}  // namespace longbeat::simulation
