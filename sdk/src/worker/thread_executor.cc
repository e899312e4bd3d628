#include "worker/thread_executor.h"

#include <algorithm>
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

ThreadExecutor::ThreadExecutor(std::size_t threads_max, Run run)
    : threads_max_(threads_max),
      calls_max_(std::max<std::size_t>(std::thread::hardware_concurrency() / 2, 1)),
      run_(std::move(run)) {}

ThreadExecutor::~ThreadExecutor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    for (Seat& seat : seats_) seat.wake.notify_one();
  }
  for (auto& thread : threads_) thread.join();
}

void ThreadExecutor::submit(AttemptInput input) {
  std::unique_lock lock(mutex_);
  if (idle_.size() + called_ <= waiting_.size() && threads_.size() < threads_max_) {
    Seat& seat = seats_.emplace_back();
    try {
      threads_.emplace_back([this, &seat] { serve(seat); });
      ++called_;
    } catch (const std::system_error& error) {
      seats_.pop_back();
      if (threads_.empty()) {
        lock.unlock();
        return input.done(AttemptFailed{
            application_failure("ThreadUnavailable", std::string("the worker got no thread: ") + error.what())});
      }
      // One of the others takes it later.
    }
  }
  waiting_.push_back(std::move(input));
  Seat* const next = call_one();
  lock.unlock();
  if (next != nullptr) next->wake.notify_one();  // Not under the lock, or it would run into it at once.
}

std::uint64_t ThreadExecutor::running_here() const noexcept {
  return running_attempt.executor == this ? running_attempt.key : 0;
}

ThreadExecutor::Seat* ThreadExecutor::call_one() {
  if (waiting_.empty() || idle_.empty() || called_ >= calls_max_) return nullptr;
  Seat* const seat = idle_.back();
  idle_.pop_back();
  seat->called = true;
  ++called_;
  return seat;
}

void ThreadExecutor::serve(Seat& seat) {
  name_this_thread(kThreadName);
  const std::int64_t number = this_thread_number();
  std::unique_lock lock(mutex_);
  for (;;) {
    seat.wake.wait(lock, [&] { return seat.called || stopping_; });
    if (std::exchange(seat.called, false)) --called_;
    while (!waiting_.empty()) {
      AttemptInput input = std::move(waiting_.front());
      waiting_.pop_front();
      Seat* const next = call_one();
      lock.unlock();
      if (next != nullptr) next->wake.notify_one();
      run(std::move(input), number);
      lock.lock();
    }
    if (stopping_) return;
    idle_.push_back(&seat);
  }
}

void ThreadExecutor::run(AttemptInput input, std::int64_t thread_number) {
  running_attempt = {this, input.attempt->key()};
  input.attempt->runs_on(thread_number, kThreadName);
  if (input.attempt->probe() != nullptr) input.attempt->probe()->begins();
  input.done(run_(input.attempt));
  running_attempt = {};
}

}  // namespace longbeat::internal
