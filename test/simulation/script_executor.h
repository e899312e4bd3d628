#pragma once
#include <functional>
#include <map>
#include <memory>

#include "core/attempt.h"
#include "core/executor.h"
#include "longbeat/async_activity.h"
#include "longbeat/auto_heartbeat.h"
#include "simulation/sim_courier.h"
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
  Nanoseconds stall{0};               ///< heartbeats go on by themselves until it has not moved for so long; 0: not so
  std::uint32_t hanging_percent = 0;  ///< chance that a step takes several times that
  bool left = false;                  ///< its end is left to somebody else, sometimes before it returns
  std::uint32_t urgent_percent = 0;   ///< chance that a heartbeat is a save_now() that does not wait
};
Payloads encode(const Script& script);
Script decode_script(const Payloads& payloads);

/// Runs activities as scripts of context calls on virtual time: no threads. Dies with its process.
class ScriptExecutor final : public internal::Executor {
 public:
  /// Gets the duty to end an attempt, with so many steps done.
  using Leave = std::function<void(LateCompletion object, const internal::ActivityTask& task, std::uint64_t count)>;

  ScriptExecutor(World& world, SimLoop& loop, SimCourier& courier, Witness& witness, Leave leave)
      : world_(world), loop_(loop), courier_(courier), witness_(witness), leave_(std::move(leave)) {}
  void submit(internal::AttemptInput input) override;

 private:
  struct Run;
  void step(const std::shared_ptr<Run>& run);
  void next(const std::shared_ptr<Run>& run);
  void save(Run& run);
  /// Whether its heartbeats have left in time.
  void look_at_beats(const Run& run);
  /// Leaves the end to somebody else, while the function may go on.
  void hand_over(Run& run);
  /// One more step of a function whose end is somebody else's.
  void step_left(const std::shared_ptr<Run>& run, bool told_to_stop);
  void finish(Run& run, internal::AttemptOutcome outcome);

  World& world_;
  SimLoop& loop_;
  SimCourier& courier_;
  Witness& witness_;
  Leave leave_;
  std::map<std::uint64_t, std::unique_ptr<AutoHeartbeat>> auto_heartbeats_{};  ///< by key of the attempt
};

}  // namespace longbeat::simulation
