#include <utility>

#include "local/stage.h"

namespace longbeat::server {

/// Time that a real look at a condition of the program's own may take to come: its threads run in real time.
constexpr auto kStepWait = std::chrono::milliseconds(5);

class Stage::BusyMark final : public internal::Busy {
 public:
  BusyMark(std::shared_ptr<Stage> stage, std::string who) : stage_(std::move(stage)) {
    const std::lock_guard lock(stage_->mutex_);
    own_ = stage_->workers_.insert(stage_->workers_.end(), {std::move(who)});
  }
  ~BusyMark() override {
    const std::lock_guard lock(stage_->mutex_);
    stage_->workers_.erase(own_);
    stage_->happened();
  }

 private:
  const std::shared_ptr<Stage> stage_;
  Workers::iterator own_{};
};

class Stage::WaitMark final : public internal::TimeWait {
 public:
  explicit WaitMark(std::shared_ptr<Stage> stage) : stage_(std::move(stage)) {
    const std::lock_guard lock(stage_->mutex_);
    own_ = stage_->calls_waiting_.insert(stage_->calls_waiting_.end(), {internal::system_clock().now()});
    stage_->happened();
  }
  ~WaitMark() override { end(); }
  void end() noexcept override {
    const std::lock_guard lock(stage_->mutex_);
    if (std::exchange(waits_, false)) stage_->calls_waiting_.erase(own_);
  }

 private:
  const std::shared_ptr<Stage> stage_;
  std::list<Call>::iterator own_{};
  bool waits_ = true;
};

class Stage::StageRunner final : public internal::Runner {
 public:
  StageRunner(std::shared_ptr<Stage> stage, std::string who) : stage_(std::move(stage)) {
    const std::lock_guard lock(stage_->mutex_);
    own_ = stage_->workers_.insert(stage_->workers_.end(), {std::move(who), false, false, 0});
  }
  ~StageRunner() override {
    const std::lock_guard lock(stage_->mutex_);
    stage_->workers_.erase(own_);
    stage_->happened();
  }

  void begins() noexcept override {
    const std::lock_guard lock(stage_->mutex_);
    own_->active = true;
    if (!stage_->on_this_thread()) {
      wake();
      if (threads_begin_until_ == TimePoint()) threads_begin_until_ = real_now() + stage_->patience_.thread;
    }
    stage_->happened();
  }
  void ended() noexcept override {
    const std::lock_guard lock(stage_->mutex_);
    own_->active = false;
    own_->awake.clear();
    stage_->happened();
  }

  void pass(TimePoint until, const std::function<bool()>& over) noexcept override {
    std::unique_lock lock(stage_->mutex_);
    own_->awake.remove();
    const auto waiter = enter(until);
    static_cast<void>(stage_->wait_here(lock, *waiter, over, false));  // The caller looks at the time itself.
    wake();
    leave(waiter);
  }

  void pass_a_step(TimePoint until) noexcept override {
    std::unique_lock lock(stage_->mutex_);
    const TimePoint begin = stage_->clock_->now();
    // With others in a wait it may be waiting for one that has yet to begin: those get their time.
    if (own_->waits == 0 && real_now() >= threads_begin_until_) own_->awake.remove();
    const auto waiter = enter(until);
    // Looks at nothing: whatever happens, its condition is looked at in real time afterwards.
    const auto moved = [&] {
      waiter->seen = stage_->epoch_;
      stage_->work_came_.notify_one();
      return stage_->stopping_ || stage_->clock_->now() != begin;
    };
    stage_->changed_.wait_for(lock, kStepWait, moved);
    if (stage_->clock_->now() >= until) wake();
    leave(waiter);
  }

 private:
  std::list<Waiter>::iterator enter(TimePoint until) {
    ++own_->waits;
    own_->passed_over = false;
    stage_->happened();
    return stage_->waiters_.insert(stage_->waiters_.end(), {until});
  }
  void leave(std::list<Waiter>::iterator waiter) {
    stage_->waiters_.erase(waiter);
    --own_->waits;
    stage_->work_came_.notify_one();
  }
  /// Counted from here, where the thread runs again, not from the step that ended its wait: load must not use it up.
  void wake() {
    const TimePoint real = real_now();
    own_->awake.add(real, real + stage_->patience_.thread);
  }

  const std::shared_ptr<Stage> stage_;
  Workers::iterator own_{};
  TimePoint threads_begin_until_{};  ///< real time
};

std::shared_ptr<internal::Busy> Stage::busy(std::string who) {
  return std::make_shared<BusyMark>(shared_from_this(), std::move(who));
}
std::shared_ptr<internal::TimeWait> Stage::wait() {
  return std::make_shared<WaitMark>(shared_from_this());
}
std::shared_ptr<internal::Runner> Stage::runner(std::string who) {
  return std::make_shared<StageRunner>(shared_from_this(), std::move(who));
}

}  // namespace longbeat::server
