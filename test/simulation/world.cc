#include "simulation/world.h"

#include <algorithm>
#include <utility>

namespace longbeat::simulation {

void World::trace(const std::string& line) {
  std::string stamped = std::to_string(now_.time_since_epoch().count() / 1000) + " " + line;
  for (const char c : stamped) {
    trace_hash_ ^= static_cast<unsigned char>(c);
    trace_hash_ *= 0x100000001b3ULL;  // FNV-1a.
  }
  trace_.push_back(std::move(stamped));
  if (trace_.size() > trace_lines_max_) trace_.pop_front();
}

bool SimLoop::post(std::function<void()> work) {
  if (!*alive_) return false;
  after(Nanoseconds(0), std::move(work));
  return true;
}

void SimLoop::after(Nanoseconds delay, std::function<void()> work) {
  world_.after(delay, [this, alive = alive_, work = std::move(work)]() mutable {
    if (!*alive) return;
    if (world_.now() < frozen_until_) return after(frozen_until_ - world_.now(), std::move(work));
    work();
  });
}

void SimLoop::freeze(Nanoseconds duration) {
  if (world_.now() > frozen_until_) frozen_at_ = world_.now();
  frozen_until_ = std::max(frozen_until_, world_.now() + duration);
}

internal::TimerId SimLoop::schedule(TimePoint at, std::function<void()> work) {
  const auto timer = timers_.schedule(at, std::move(work));
  const auto delay = at > world_.now() ? at - world_.now() : Nanoseconds(0);
  after(delay, [this] { run_due(); });
  return timer;
}

void SimLoop::kill() {
  *alive_ = false;
  // What the timers hold goes with the process; its destructors may come back here.
  const auto dead = std::exchange(timers_, {});
}

void SimLoop::run_due() {
  while (*alive_) {
    auto due = timers_.pop_due(world_.now());
    if (!due) return;
    (*due)();
  }
}

}  // namespace longbeat::simulation
