#include "testing/virtual_loop.h"

#include <algorithm>
#include <utility>

#include "base/this_thread.h"

namespace longbeat::internal {
namespace {

using namespace std::chrono_literals;

/// In real time: a job that takes longer is taken for blocked.
constexpr auto kJobPatience = 1s;
/// In real time: how long to wait for something that no timer announces.
constexpr auto kIdleWait = 50ms;
/// In virtual time: no AutoHeartbeat, the last thing of an attempt's own that may end a wait, is more patient.
constexpr auto kHope = 240h;

/// The calling thread runs a job, which time cannot wait for while the job waits for time.
thread_local bool in_job = false;

}  // namespace

VirtualLoop::VirtualLoop(std::shared_ptr<VirtualClock> clock, std::chrono::nanoseconds thread_time)
    : clock_(std::move(clock)), thread_time_(thread_time) {
  thread_ = std::thread([this] {
    name_this_thread("lb-virtual");
    serve();
  });
  thread_id_ = thread_.get_id();  // Nothing has been posted yet that could ask.
}

bool VirtualLoop::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  posted_.push_back(std::move(work));
  work_came_.notify_one();
  return true;
}

TimerId VirtualLoop::schedule(TimePoint at, std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  return timers_.schedule(at, std::move(work));
}

void VirtualLoop::cancel(TimerId timer) {
  const std::lock_guard lock(mutex_);
  timers_.cancel(timer);
}

bool VirtualLoop::has_work() const {
  return !posted_.empty() || timers_.next_deadline().value_or(TimePoint::max()) <= clock_->now();
}

void VirtualLoop::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    busy_ = false;
    changed_.notify_all();
    const auto woken = [&] { return stopping_ || has_work(); };
    if (!tell_silence_) {
      work_came_.wait(lock, [&] { return woken() || tell_silence_; });
    } else if (!work_came_.wait_for(lock, silence_, woken) && waits_.empty() && !std::exchange(waited_, false) &&
               tell_silence_) {
      const auto tell = std::exchange(tell_silence_, nullptr);
      lock.unlock();
      tell();
      lock.lock();
    }
    if (stopping_) return;
    busy_ = true;
    ++rounds_;
    if (has_work()) idle_ = 0s;
    while (has_work()) {
      std::function<void()> work;
      if (!posted_.empty()) {
        work = std::move(posted_.front());
        posted_.pop_front();
      } else {
        work = *timers_.pop_due(clock_->now());
      }
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }
}

void VirtualLoop::settle() {
  std::unique_lock lock(mutex_);
  settle(lock);
}

void VirtualLoop::settle(std::unique_lock<std::mutex>& lock) {
  const auto at_rest = [&] { return stopping_ || (!busy_ && !has_work()); };
  const auto all_at_rest = [&] { return at_rest() && (jobs_ == 0 || stopping_ || jobs_ended_ == blocked_at_); };
  if (in_job) return changed_.wait(lock, at_rest);
  if (!changed_.wait_for(lock, kJobPatience, all_at_rest)) {
    changed_.wait(lock, at_rest);
    if (jobs_ > 0) blocked_at_ = jobs_ended_;
  }
}

std::multiset<TimePoint>::iterator VirtualLoop::begin_wait(TimePoint until) {
  if (until <= VirtualClock::end()) planned_until_ = std::max(planned_until_, until);
  awake_.remove();
  changed_.notify_all();
  return waits_.insert(until);
}

void VirtualLoop::pass(TimePoint until, const std::function<bool()>& over) {
  std::unique_lock lock(mutex_);
  const auto own = begin_wait(until);
  for (;;) {
    settle(lock);
    const auto before = std::pair(rounds_, now());
    lock.unlock();
    const bool ended = over();
    lock.lock();
    if (ended || stopping_ || now() >= until) break;
    if (std::pair(rounds_, now()) != before || busy_ || has_work()) continue;  // Another thread was here: ask again.
    if (step(lock, until)) continue;
    rest(lock);
    break;
  }
  waits_.erase(own);
  wake();
  changed_.notify_all();
}

void VirtualLoop::pass_a_step(TimePoint until, std::chrono::nanoseconds waited) {
  std::unique_lock lock(mutex_);
  const auto own = begin_wait(until);
  waited_ = true;
  if (!stopping_ && !busy_ && !has_work() && jobs_ == 0 && !awake_for() && !step(lock, until)) idled(lock, waited);
  settle(lock);
  waits_.erase(own);
  if (now() >= until) wake();
  changed_.notify_all();
}

void VirtualLoop::works_here() {
  const std::lock_guard lock(mutex_);
  wake();
}

void VirtualLoop::forget_threads() {
  const std::lock_guard lock(mutex_);
  awake_.clear();
  changed_.notify_all();
}

/// Counted from here, where the thread runs again, not from the step that ended its wait: load must not use it up.
void VirtualLoop::wake() {
  const TimePoint real = system_clock().now();
  awake_.add(real, real + thread_time_);
}

/// In real time; nothing: nobody has to be waited for.
std::optional<std::chrono::nanoseconds> VirtualLoop::awake_for() const {
  if (awake_.empty()) return std::nullopt;
  const TimePoint real = system_clock().now();
  const auto until = awake_.until(real);
  return until ? std::optional(*until - real) : std::nullopt;
}

/// False when time does not move by itself.
bool VirtualLoop::step(std::unique_lock<std::mutex>& lock, TimePoint until) {
  const TimePoint next = std::min({until, *waits_.begin(), timers_.next_deadline().value_or(TimePoint::max())});
  if (next > VirtualClock::end()) return false;
  idle_ = 0s;
  if (on_endless_ && now() - kHope > planned_until_ && *waits_.begin() > VirtualClock::end()) {
    tell_endless(lock);
    return true;  // Who waits looks again.
  }
  if (next <= now()) {  // Another thread's wait is over, and it has yet to leave; or a timer came just now.
    changed_.wait_for(lock, kIdleWait);
    return true;
  }
  if (const auto left = awake_for()) {
    changed_.wait_for(lock, *left);
    return true;
  }
  clock_->now_.store(next.time_since_epoch().count());
  changed_.notify_all();
  if (!has_work()) return true;
  busy_ = true;  // From here on: nobody may find it at rest before the thread has seen its timer.
  work_came_.notify_one();
  return true;
}

/// Until something happens after all, or for a moment.
void VirtualLoop::rest(std::unique_lock<std::mutex>& lock) {
  waited_ = true;
  const auto before = rounds_;
  const bool disturbed =
      changed_.wait_for(lock, kIdleWait, [&] { return stopping_ || has_work() || rounds_ != before; });
  if (!disturbed && jobs_ == 0) idled(lock, kIdleWait);
}

void VirtualLoop::idled(std::unique_lock<std::mutex>& lock, std::chrono::nanoseconds real_time) {
  idle_ += real_time;
  if (idle_ >= idle_max_) tell_endless(lock);
}

void VirtualLoop::tell_endless(std::unique_lock<std::mutex>& lock) {
  const auto tell = std::exchange(on_endless_, nullptr);
  if (!tell) return;
  lock.unlock();
  tell();
  lock.lock();
}

void VirtualLoop::begin_job() {
  const std::lock_guard lock(mutex_);
  ++jobs_;
}

void VirtualLoop::run_job(std::function<void()> job) {
  struct Mark {
    explicit Mark(VirtualLoop& of) : loop(of) { in_job = true; }
    ~Mark() {
      in_job = false;
      loop.end_job();
    }
    VirtualLoop& loop;
  } const mark(*this);
  const auto run = std::move(job);  // Gone before the mark: what it holds may have a destructor of the user's.
  run();
}

void VirtualLoop::end_job() {
  const std::lock_guard lock(mutex_);
  --jobs_;
  ++jobs_ended_;
  awake_.remove();
  changed_.notify_all();
}

void VirtualLoop::on_silence(std::chrono::milliseconds real_time, std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  silence_ = real_time;
  tell_silence_ = std::move(tell);
  work_came_.notify_one();
}

void VirtualLoop::on_endless_wait(std::chrono::nanoseconds real_time, TimePoint planned_until,
                                  std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  idle_ = 0s;
  idle_max_ = real_time;
  planned_until_ = planned_until;
  on_endless_ = std::move(tell);
}

void VirtualLoop::stop() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    work_came_.notify_all();
    changed_.notify_all();
    changed_.wait(lock, [&] { return waits_.empty(); });
  }
  if (thread_.joinable()) thread_.join();
  std::deque<std::function<void()>> dropped;
  TimerHeap<TimePoint, std::function<void()>> canceled;
  const std::lock_guard lock(mutex_);
  std::swap(dropped, posted_);
  std::swap(canceled, timers_);
}

}  // namespace longbeat::internal
