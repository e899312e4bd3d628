#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/executor.h"

namespace longbeat::internal {

/// Runs each attempt on a thread of its own, made when it is first needed and kept. The destructor waits for the
/// functions to return: no thread outlives it.
///
/// Whoever submits calls at most a few idle threads at a time, the ones that slept last; each that comes and finds more
/// than it can take calls the next. So a burst of short activities runs on a few warm threads, and waking costs the
/// submitter, the connection's loop, next to nothing; a burst of long ones has all its threads after a short chain.
class ThreadExecutor final : public Executor {
 public:
  using Run = std::function<AttemptOutcome(const std::shared_ptr<Attempt>&)>;

  ThreadExecutor(std::size_t threads_max, Run run);
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void submit(AttemptInput input) override;
  std::uint64_t running_here() const noexcept override;

 private:
  /// Where one thread sleeps.
  struct Seat {
    std::condition_variable wake;
    bool called = true;  ///< on its way to the work; a new thread is
  };

  void serve(Seat& seat);
  void run(AttemptInput input, std::int64_t thread_number);
  /// Under the lock. The seat to notify once the lock is free, if another thread should come.
  Seat* call_one();

  const std::size_t threads_max_, calls_max_;
  const Run run_;
  std::mutex mutex_;
  std::deque<AttemptInput> waiting_;
  std::vector<Seat*> idle_;  ///< the one that slept last at the back
  std::size_t called_ = 0;   ///< threads on their way
  bool stopping_ = false;
  std::deque<Seat> seats_;
  std::vector<std::thread> threads_;
};

}  // namespace longbeat::internal
