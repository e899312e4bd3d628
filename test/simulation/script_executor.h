#pragma once
#include <memory>

#include "core/attempt.h"
#include "core/executor.h"
#include "simulation/witness.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// What a simulated activity does: so many steps with a pause before each, a heartbeat with the count after each. It
/// goes on from the count that its details tell.
struct Script {
  std::uint64_t steps = 5;
  Nanoseconds pause{0};
  std::uint32_t failing_percent = 0;  ///< chance that a step throws instead
  bool deaf = false;                  ///< never looks whether it should stop
  bool silent = false;                ///< never heartbeats
  std::uint32_t urgent_percent = 0;   ///< chance that a heartbeat is a save_now() that does not wait
};
Payloads encode(const Script& script);
Script decode_script(const Payloads& payloads);

/// Runs activities as scripts of context calls on virtual time: no threads. Dies with its process.
class ScriptExecutor final : public internal::Executor {
 public:
  ScriptExecutor(World& world, SimLoop& loop, Witness& witness) : world_(world), loop_(loop), witness_(witness) {}
  void submit(internal::AttemptInput input) override;

 private:
  struct Run;
  void step(const std::shared_ptr<Run>& run);
  void next(const std::shared_ptr<Run>& run);
  void save(Run& run);

  World& world_;
  SimLoop& loop_;
  Witness& witness_;
};

}  // namespace longbeat::simulation
