#include "core/courier_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

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

CourierPool::CourierPool() {
  for (auto& lane : lanes_) lane.threads.emplace_back([this, &lane] { serve(lane); });
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
    for (auto& lane : lanes_) lane.work_came.notify_all();
  }
  watching_.join();  // First: from here on no thread is added.
  for (auto& lane : lanes_) {
    for (auto& thread : lane.threads) thread.join();
  }
}

void CourierPool::post(CourierJob kind, std::uint64_t key, std::function<void()> job) {
  Lane& lane = lanes_[static_cast<std::size_t>(kind)];
  const std::lock_guard lock(mutex_);
  auto& queue = lane.jobs[key];
  queue.push_back(std::move(job));
  if (queue.size() > 1) return;  // Its predecessor passes the turn on.
  lane.ready.push_back(key);
  lane.work_came.notify_one();
  watcher_.notify_one();
}

std::uint64_t CourierPool::running_here() const noexcept {
  return running_job.pool == this ? running_job.key : 0;
}

void CourierPool::serve(Lane& lane) {
  name_this_thread("lb-courier");
  std::unique_lock lock(mutex_);
  for (;;) {
    lane.work_came.wait(lock, [&] { return stopping_ || !lane.ready.empty(); });
    if (lane.ready.empty()) return;
    const std::uint64_t key = lane.ready.front();
    lane.ready.pop_front();
    // The job stays in front of its queue as a mark that the key is busy.
    std::function<void()> job = std::move(lane.jobs[key].front());
    lock.unlock();
    running_job = {this, key};
    run(job);
    job = nullptr;  // What it holds may have a destructor of the user's.
    running_job = {};
    lock.lock();
    ++lane.ended_jobs;
    auto& queue = lane.jobs[key];
    queue.pop_front();
    if (queue.empty()) {
      lane.jobs.erase(key);
    } else {
      lane.ready.push_back(key);
    }
  }
}

void CourierPool::watch() {
  const auto waiting = [&] {
    return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return !lane.ready.empty(); });
  };
  std::unique_lock lock(mutex_);
  for (;;) {
    watcher_.wait(lock, [&] { return stopping_ || waiting(); });
    if (stopping_) return;
    std::array<std::uint64_t, kKinds> before{};
    std::transform(lanes_.begin(), lanes_.end(), before.begin(), [](const Lane& lane) { return lane.ended_jobs; });
    watcher_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; });
    if (stopping_) return;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      Lane& lane = lanes_[kind];
      if (lane.ready.empty() || lane.ended_jobs != before[kind] || lane.threads.size() >= kThreadsPerKind) continue;
      try {
        lane.threads.emplace_back([this, &lane] { serve(lane); });
      } catch (const std::system_error& error) {
        log(LogLevel::kWarn, std::string("no further courier thread: ") + error.what());
      }
    }
  }
}

std::size_t CourierPool::threads() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& lane : lanes_) count += lane.threads.size();
  return count;
}

}  // namespace longbeat::internal
