#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/attempt_probe.h"
#include "core/connection.h"

namespace longbeat::internal {

/// Tells whoever moves the time where a real attempt waits in its context, and lets it pass there.
class RunnerProbe final : public AttemptProbe {
 public:
  RunnerProbe(std::shared_ptr<Runner> runner, std::shared_ptr<const Clock> clock)
      : runner_(std::move(runner)), clock_(std::move(clock)) {}

  std::unique_ptr<DetailsValue> calling(std::unique_ptr<DetailsValue> value) noexcept override { return value; }
  void repeating() noexcept override {}
  void failing(const char*) noexcept override {}
  void saving(const Payloads&) noexcept override {}
  void called() noexcept override {}
  void pass(TimePoint until, const std::function<bool()>& over) noexcept override { runner_->pass(until, over); }
  void begins() noexcept override { runner_->begins(); }
  void returned() noexcept override { runner_->ended(); }

  void begin_wait() noexcept override { fresh_wait_ = true; }
  std::chrono::nanoseconds slice(TimePoint until) noexcept override {
    // Called under the lock that the activity's own threads need: they get it in between.
    std::exchange(fresh_wait_, false) ? runner_->begins() : runner_->pass_a_step(until);
    return std::chrono::milliseconds(2);
  }

 private:
  static inline thread_local bool fresh_wait_ = false;  ///< the calling thread has not looked at its condition yet
  const std::shared_ptr<Runner> runner_;
  const std::shared_ptr<const Clock> clock_;  ///< the attempt reads it as long as it has this
};

/// What a connection on which time does not move by itself wants to be put into attempts; null for others.
inline std::function<std::shared_ptr<AttemptProbe>(const ActivityTask&)> probes_of(Connection& connection) {
  const auto watch = connection.watch();
  if (!watch) return nullptr;
  return [watch, clock = connection.clock()](const ActivityTask& task) {
    auto who = "activity " + task.activity_type + " '" + task.activity_id + "' (attempt " +
               std::to_string(task.attempt) + ") runs, and not inside a wait of its context";
    return std::make_shared<RunnerProbe>(watch->runner(std::move(who)), clock);
  };
}

}  // namespace longbeat::internal
