#include "worker/thread_executor.h"

#include <system_error>
#include <utility>

#include "base/this_thread.h"
#include "core/attempt.h"
#include "core/outcome.h"

namespace longbeat::internal {
namespace {

constexpr const char* kThreadName = "lb-activity";

/// What the calling thread runs.
struct RunningAttempt {
  const ThreadExecutor* executor = nullptr;
  std::uint64_t key = 0;
};
thread_local RunningAttempt running_attempt;

}  // namespace

ThreadExecutor::~ThreadExecutor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    work_came_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
}

void ThreadExecutor::submit(AttemptInput input) {
  std::unique_lock lock(mutex_);
  if (idle_ <= waiting_.size() && threads_.size() < threads_max_) {
    try {
      threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error& error) {
      if (threads_.empty()) {
        lock.unlock();
        return input.done(AttemptFailed{
            application_failure("ThreadUnavailable", std::string("the worker got no thread: ") + error.what())});
      }
      // One of the others takes it later.
    }
  }
  waiting_.push_back(std::move(input));
  work_came_.notify_one();
}

std::uint64_t ThreadExecutor::running_here() const noexcept {
  return running_attempt.executor == this ? running_attempt.key : 0;
}

void ThreadExecutor::serve() {
  name_this_thread(kThreadName);
  const std::int64_t number = this_thread_number();
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_came_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    AttemptInput input = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    running_attempt = {this, input.attempt->key()};
    input.attempt->runs_on(number, kThreadName);
    input.done(run_(input.attempt));
    running_attempt = {};
    input = {};
    lock.lock();
  }
}

}  // namespace longbeat::internal
