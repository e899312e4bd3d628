#pragma once
#include <functional>
#include <memory>

#include "base/loop.h"
#include "base/timer_heap.h"
#include "local/stage.h"

namespace longbeat::server {

/// The loop of one inhabitant of a stage: its timers, and a way to be ended without the others.
class StageLoop final : public internal::Loop {
 public:
  explicit StageLoop(std::shared_ptr<StageThread> thread);
  ~StageLoop() override {
    stop([] {});
  }
  StageLoop(const StageLoop&) = delete;
  StageLoop& operator=(const StageLoop&) = delete;

  TimePoint now() const override { return stage_.clock_->now(); }
  internal::WallTime wall_now() const override { return stage_.clock_->wall_now(); }
  TimePoint last_idle() const override { return stage_.clock_->manual() ? now() : stage_.last_idle_; }
  bool post(std::function<void()> work) override { return stage_.post(*this, std::move(work), false); }
  /// The same for what only reads: a waiter may ask for it while it looks at its condition.
  bool post_look(std::function<void()> work) { return stage_.post(*this, std::move(work), true); }
  internal::TimerId schedule(TimePoint at, std::function<void()> work) override;
  internal::TimerId schedule_keepalive(TimePoint at, std::function<void()> work) override;
  void cancel(internal::TimerId timer) override;
  bool on_this_thread() const override { return stage_.on_this_thread(); }

  /// Refuses posts, runs `last` on the loop, drops timers and what was posted; then nothing runs here any more. May
  /// come twice. Never on the stage's thread.
  void stop(const std::function<void()>& last);

 private:
  friend class Stage;
  using Timers = internal::TimerHeap<TimePoint, std::function<void()>>;

  const std::shared_ptr<StageThread> thread_;
  Stage& stage_;
  // On the stage's thread only.
  Timers targets_, keepalives_;
  bool closed_ = false;  ///< under the stage's lock
};

}  // namespace longbeat::server
