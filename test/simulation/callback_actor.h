#pragma once
#include <string>
#include <vector>

#include "simulation/callback_witness.h"
#include "simulation/neighbour.h"
#include "simulation/outside.h"

namespace longbeat::simulation {

inline constexpr auto kHooksNamespace = "hooks";

/// Starts activities with completion callbacks, attaches more, and ends some of them; others run out of time.
class CallbackActor final : public Neighbour {
 public:
  CallbackActor(World& world, SimServer& server, const NetworkFaults& faults, Outside& outside,
                const CallbackWitness& witness)
      : Neighbour(world, server, faults), outside_(outside), witness_(witness) {}
  void act() override;
  void settle() override;
  bool at_rest() const override { return open_ended_ && witness_.everything_settled(); }

 private:
  void start();
  void end(const std::string& id, int tries);
  void until_ended(std::size_t from);

  Outside& outside_;
  const CallbackWitness& witness_;
  std::vector<std::string> ids_{};
  std::uint64_t next_request_ = 0;
  bool open_ended_ = false;
};

}  // namespace longbeat::simulation
