#pragma once
#include "base/clock.h"
#include "base/loop.h"

namespace longbeat::internal {

/// The time of a loop as a clock, for tests and the simulation. Real attempts read the machine's clock, because they
/// may outlive their loop.
class LoopClock final : public Clock {
 public:
  explicit LoopClock(const Loop& loop) : loop_(loop) {}
  TimePoint now() const override { return loop_.now(); }
  WallTime wall_now() const override { return loop_.wall_now(); }

 private:
  const Loop& loop_;
};

}  // namespace longbeat::internal
