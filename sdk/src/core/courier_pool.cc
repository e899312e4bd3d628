#include "core/courier_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/this_thread.h"

namespace longbeat::internal {

namespace {

/// What the calling thread runs.
struct RunningJob {
  const CourierPool* pool = nullptr;
  std::uint64_t key = 0;
};
thread_local RunningJob running_job;

/// A job answers for its own errors; one that throws all the same must not end the process.
void run(const std::function<void()>& job) noexcept {
  try {
    job();
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("user code threw where nothing can report it: ") + error.what());
  } catch (...) {
    log(LogLevel::kError, "user code threw something that is not a std::exception where nothing can report it");
  }
}

}  // namespace

CourierPool::CourierPool(CourierPace pace) : pace_(std::move(pace)) {
  watching_ = std::thread([this] {
    name_this_thread("lb-watch");
    watch();
  });
}

CourierPool::~CourierPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    watcher_.notify_all();
    for (auto& lane : lanes_) {
      for (auto& thread : lane.threads) thread.woken.notify_all();
    }
  }
  watching_.join();  // First: from here on no thread comes or goes.
  for (auto& lane : lanes_) {
    for (auto& thread : lane.threads) thread.handle.join();
  }
  for (auto& thread : ended_) thread.handle.join();
  // What came while the threads left, or when there was none.
  Thread here;
  Lock lock(mutex_);
  while (std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return !lane.ready.empty(); })) {
    for (auto& lane : lanes_) run_ready(lane, here, lock);
  }
}

void CourierPool::post(CourierJob kind, std::uint64_t key, std::function<void()> job) {
  Lane& lane = lanes_[static_cast<std::size_t>(kind)];
  const std::lock_guard lock(mutex_);
  auto& queue = lane.jobs[key];
  queue.push_back(std::move(job));
  if (queue.size() > 1) return;  // Its predecessor passes the turn on.
  lane.ready.push_back({key, system_clock().now()});
  if (lane.idle.empty()) return alert();
  Thread& called = *lane.idle.back();
  lane.idle.pop_back();
  called.is_called = true;
  called.woken.notify_one();
}

std::uint64_t CourierPool::running_here() const noexcept {
  return running_job.pool == this ? running_job.key : 0;
}

std::size_t CourierPool::threads() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& lane : lanes_) count += lane.threads.size();
  return count;
}

/// Once, however many jobs wait: the watching thread looks at all of them.
void CourierPool::alert() {
  if (!std::exchange(alerted_, true)) watcher_.notify_one();
}

// --- The threads ---

void CourierPool::serve(Lane& lane, Thread& self) {
  name_this_thread("lb-courier");
  Lock lock(mutex_);
  do {
    run_ready(lane, self, lock);
  } while (wait_for_call(lane, self, lock));
}

void CourierPool::run_ready(Lane& lane, Thread& self, Lock& lock) {
  while (!lane.ready.empty()) {
    const std::uint64_t key = lane.ready.front().key;
    lane.ready.pop_front();
    // The job stays in front of its queue as a mark that the key is busy.
    std::function<void()> job = std::move(lane.jobs[key].front());
    self.busy_since = system_clock().now();
    lock.unlock();
    running_job = {this, key};
    run(job);
    job = nullptr;  // What it holds may have a destructor of the user's.
    running_job = {};
    lock.lock();
    self.busy_since.reset();
    auto& queue = lane.jobs[key];
    queue.pop_front();
    if (queue.empty()) {
      lane.jobs.erase(key);
    } else {
      lane.ready.push_back({key, system_clock().now()});
    }
  }
}

/// False: the thread ends.
bool CourierPool::wait_for_call(Lane& lane, Thread& self, Lock& lock) {
  if (stopping_) return false;
  self.is_called = false;
  lane.idle.push_back(&self);
  self.woken.wait_for(lock, pace_.idle, [&] { return self.is_called || stopping_; });
  if (self.is_called) return true;
  std::erase(lane.idle, &self);
  if (stopping_) return false;
  if (lane.threads.size() == 1) return true;
  const auto here =
      std::find_if(lane.threads.begin(), lane.threads.end(), [&](const Thread& thread) { return &thread == &self; });
  ended_.splice(ended_.end(), lane.threads, here);
  watcher_.notify_one();
  return false;
}

// --- The watching thread ---

void CourierPool::watch() {
  Lock lock(mutex_);
  for (auto& lane : lanes_) add_thread(lane, lock);
  for (;;) {
    wait_for_news(lock);
    join_ended(lock);
    if (stopping_) return;
    if (alerted_) {
      watcher_.wait_for(lock, pace_.patience, [&] { return stopping_; });
      if (stopping_) return;
      for (auto& lane : lanes_) grow(lane, lock);
      alerted_ = std::any_of(lanes_.begin(), lanes_.end(),
                             [&](const Lane& lane) { return !lane.ready.empty() && !is_full(lane); });
    }
    look_for_jam(CourierJob::kConvert, lock);
    look_for_jam(CourierJob::kStopCallbacks, lock);
  }
}

bool CourierPool::is_full(const Lane& lane) const {
  return lane.threads.size() >= pace_.threads_max;
}

/// Where no thread more may come nobody has news of those who go on to wait.
void CourierPool::wait_for_news(Lock& lock) {
  const auto has_news = [&] { return stopping_ || alerted_ || !ended_.empty(); };
  const bool looks_again = std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.jam.told() || (!lane.ready.empty() && is_full(lane));
  });
  if (!looks_again) return watcher_.wait(lock, has_news);
  watcher_.wait_for(lock, pace_.jam_patience, has_news);
}

/// Told without the lock: where the log goes is user code too.
void CourierPool::look_for_jam(CourierJob kind, Lock& lock) {
  Lane& lane = lanes_[static_cast<std::size_t>(kind)];
  const TimePoint now = system_clock().now();
  // A thread that has just been made is not busy yet.
  const bool taken = is_full(lane) && std::all_of(lane.threads.begin(), lane.threads.end(),
                                                  [](const Thread& one) { return one.busy_since.has_value(); });
  const bool jammed = taken && !lane.ready.empty() && now - lane.ready.front().since >= pace_.jam_patience;
  const auto news = lane.jam.look(jammed, now);
  if (news == CourierJam::News::kNone) return;
  const std::size_t waiting = lane.ready.size();
  const std::string user = kind == CourierJob::kConvert ? "codecs and converters" : "callbacks";
  lock.unlock();
  if (news == CourierJam::News::kJam) {
    log(LogLevel::kWarn, "all " + std::to_string(pace_.threads_max) + " threads for " + user +
                             " of a connection are taken and do not come back; " + std::to_string(waiting) +
                             " more jobs wait until one does");
  } else {
    log(LogLevel::kInfo, "jobs no longer wait for threads for " + user + " of a connection");
  }
  lock.lock();
}

void CourierPool::grow(Lane& lane, Lock& lock) {
  // Half: what began right after the last look counts at this one.
  const auto long_ago = system_clock().now() - pace_.patience / 2;
  CourierLoad load;
  load.threads = lane.threads.size();
  load.held_up =
      static_cast<std::size_t>(std::count_if(lane.threads.begin(), lane.threads.end(), [&](const Thread& one) {
        return one.busy_since && *one.busy_since <= long_ago;
      }));
  load.waiting = lane.ready.size();
  load.waits_long = !lane.ready.empty() && lane.ready.front().since <= long_ago;
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  for (auto more = threads_to_add(load, processors, pace_.threads_max); more > 0; --more) {
    if (!add_thread(lane, lock)) return;
  }
}

/// Made without the lock, which the loop may wait for.
bool CourierPool::add_thread(Lane& lane, Lock& lock) {
  Thread& fresh = lane.threads.emplace_back();
  lock.unlock();
  try {
    fresh.handle = pace_.make_thread([this, &lane, &fresh] { serve(lane, fresh); });
  } catch (const std::system_error& error) {
    const auto now = system_clock().now();
    if (!complained_at_ || now - *complained_at_ > std::chrono::minutes(1)) {
      complained_at_ = now;
      log(LogLevel::kWarn, std::string("no further thread for codecs, converters and callbacks: ") + error.what());
    }
  }
  lock.lock();
  if (fresh.handle.joinable()) return true;
  lane.threads.pop_back();  // Only this thread adds any.
  return false;
}

void CourierPool::join_ended(Lock& lock) {
  std::list<Thread> ended;
  ended.swap(ended_);
  lock.unlock();
  for (auto& thread : ended) thread.handle.join();
  lock.lock();
}

}  // namespace longbeat::internal
