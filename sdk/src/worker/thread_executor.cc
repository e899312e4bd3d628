#include "worker/thread_executor.h"

#include <system_error>
#include <utility>

#include "core/attempt.h"
#include "core/outcome.h"

namespace longbeat::internal {

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

void ThreadExecutor::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_came_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    AttemptInput input = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    input.done(run_(input.attempt));
    input = {};
    lock.lock();
  }
}

}  // namespace longbeat::internal
