#pragma once
#include <functional>
#include <memory>
#include <string>

#include "longbeat/async_activity.h"
#include "longbeat/client.h"
#include "simulation/witness.h"
#include "simulation/world.h"

namespace longbeat::simulation {

/// Whoever has the duty to end attempts that their functions have left: with the object in the worker's process, or
/// with a token in another one. Uses the public calls, in the forms that do not block. Dies with its process.
class LateHolder {
 public:
  LateHolder(World& world, SimLoop& loop, Witness& witness) : world_(world), loop_(loop), witness_(witness) {}
  LateHolder(const LateHolder&) = delete;
  LateHolder& operator=(const LateHolder&) = delete;

  /// Given the token of a duty that goes elsewhere, and how many steps are done.
  using PassOn = std::function<void(const TaskToken& token, std::uint64_t count)>;

  void take(LateCompletion object, std::uint64_t count, PassOn pass_on);
  void take(AsyncActivity activity, const TaskToken& token, std::uint64_t count);
  /// Duties under way.
  std::size_t held() const { return *held_; }

 private:
  struct Duty;
  using Ref = std::shared_ptr<Duty>;
  void note(const Duty& duty, const std::string& what, std::uint64_t count);
  void next(const Ref& duty);
  void step(const Ref& duty);
  void save(const Ref& duty);
  void report(const Ref& duty);
  void reported(const Ref& duty, internal::OutcomeKind kind, std::uint64_t count, const Result<>& result);
  void drop(const Ref& duty);

  World& world_;
  SimLoop& loop_;
  Witness& witness_;
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);
};

}  // namespace longbeat::simulation
