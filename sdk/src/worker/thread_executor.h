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
class ThreadExecutor final : public Executor {
 public:
  using Run = std::function<AttemptOutcome(const std::shared_ptr<Attempt>&)>;

  ThreadExecutor(std::size_t threads_max, Run run) : threads_max_(threads_max), run_(std::move(run)) {}
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void submit(AttemptInput input) override;
  std::uint64_t running_here() const noexcept override;

 private:
  void serve();

  const std::size_t threads_max_;
  const Run run_;
  std::mutex mutex_;
  std::condition_variable work_came_;
  std::deque<AttemptInput> waiting_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace longbeat::internal
