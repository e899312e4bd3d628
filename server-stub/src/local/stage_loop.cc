#include "local/stage_loop.h"

#include <algorithm>
#include <deque>
#include <future>
#include <iterator>
#include <memory>
#include <utility>

namespace longbeat::server {

namespace {

// A timer's ID tells by its lowest bit in which heap it lies.
internal::TimerId target_id(std::uint64_t handle) {
  return handle << 1;
}
internal::TimerId keepalive_id(std::uint64_t handle) {
  return handle << 1 | 1;
}

}  // namespace

StageLoop::StageLoop(std::shared_ptr<StageThread> thread) : thread_(std::move(thread)), stage_(thread_->stage()) {
  const std::lock_guard lock(stage_.mutex_);
  stage_.loops_.push_back(this);
}

internal::TimerId StageLoop::schedule(TimePoint at, std::function<void()> work) {
  return target_id(targets_.schedule(at, std::move(work)));
}

internal::TimerId StageLoop::schedule_keepalive(TimePoint at, std::function<void()> work) {
  return keepalive_id(keepalives_.schedule(at, std::move(work)));
}

void StageLoop::cancel(internal::TimerId timer) {
  (timer & 1 ? keepalives_ : targets_).cancel(timer >> 1);
}

void StageLoop::stop(const std::function<void()>& last) {
  const auto ended = std::make_shared<std::promise<void>>();
  // The posts of others go on; those of this loop end with this one.
  const bool open = post([this, &last, ended] {
    last();
    std::deque<Stage::Posted> dropped;
    Timers targets, keepalives;
    {
      const std::lock_guard lock(stage_.mutex_);
      closed_ = true;
      std::erase(stage_.loops_, this);
      const auto others = std::stable_partition(stage_.posted_.begin(), stage_.posted_.end(),
                                                [this](const auto& posted) { return posted.loop != this; });
      std::move(others, stage_.posted_.end(), std::back_inserter(dropped));
      stage_.posted_.erase(others, stage_.posted_.end());
      std::swap(targets, targets_);
      std::swap(keepalives, keepalives_);
    }
    dropped.clear();
    targets.clear();
    keepalives.clear();
    ended->set_value();
  });
  if (open) ended->get_future().wait();
}

}  // namespace longbeat::server
