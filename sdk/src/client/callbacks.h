#pragma once
#include <cstddef>
#include <functional>
#include <memory>

#include "base/transport.h"

namespace longbeat::internal {

/// Where callbacks and resumptions of client calls run: the user's executor, or a few threads that are made when they
/// are needed. Belongs to a client; calls under way share it. Any thread.
class Callbacks {
 public:
  using Job = std::function<void()>;
  using Executor = std::function<void(Job)>;

  /// Without an executor the pool takes everything.
  explicit Callbacks(Executor executor = {});
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;
  /// close() has been called.
  ~Callbacks();

  /// Runs `job` once. `on_loop`: the caller is the event loop, where an executor may not run it in place; then the pool
  /// does, as it does when the executor throws. What an executor drops is not run. Jobs that come after close() are
  /// dropped.
  void post(Job job, bool on_loop);
  /// Runs what was posted to the pool and joins its threads; a caller that is one of them ends later by itself, and is
  /// joined at the end of the process at the latest.
  void close();
  /// The same threads and the same end, never the executor: for what must run also when the program's executor has
  /// gone or drops it.
  std::shared_ptr<Callbacks> without_executor() const;

  /// Who is told of jobs in the pool, and of who waits for an answer. Before anything is posted; null: nobody.
  void observe(std::shared_ptr<Watch> watch);
  std::shared_ptr<Watch> watch() const;

  static constexpr std::size_t kThreadsMax = 4;

 private:
  struct Pool;
  Callbacks(Executor executor, std::shared_ptr<Pool> pool);

  Executor executor_;
  std::shared_ptr<Pool> pool_;
};

/// Runs `job` on a thread of its own, because the caller is one that it waits for. The end of the process waits for it.
void run_late(std::function<void()> job) noexcept;
/// From here on what is registered with std::atexit comes before that wait.
void expect_late_threads();

}  // namespace longbeat::internal
