#include "client/callbacks.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/this_thread.h"

namespace longbeat::internal {
namespace {

/// Threads whose last job destroyed their own pool, which cannot join themselves, and those of run_late(). Joined when
/// the next one comes or the process ends.
class LateThreads {
 public:
  struct Entry {
    std::thread thread{};
    std::shared_ptr<std::atomic<bool>> ended{};
  };
  /// Also those that come meanwhile; not the caller's own.
  void join_all() {
    for (auto late = take(); !late.empty(); late = take()) {
      for (auto& entry : late) {
        if (entry.thread.get_id() == std::this_thread::get_id()) {
          entry.thread.detach();  // It is ending the process.
        } else {
          entry.thread.join();
        }
      }
    }
  }
  void add(Entry entry) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](Entry& late) {
      if (!late.ended->load()) return false;
      late.thread.join();
      return true;
    });
    entries_.push_back(std::move(entry));
  }

 private:
  std::vector<Entry> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(entries_, {});
  }

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

/// Never destroyed: globals of the program may end clients after it.
LateThreads& late_threads() {
  static LateThreads& threads = []() -> LateThreads& {
    std::atexit([] { late_threads().join_all(); });
    return *new LateThreads;
  }();
  return threads;
}

void run(Callbacks::Job& job) noexcept {
  try {
    job();
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("a callback of a client call threw: ") + error.what());
  } catch (...) {
    log(LogLevel::kError, "a callback of a client call threw something that is not a std::exception");
  }
  job = nullptr;  // What it holds may have a destructor of the user's: not under a lock, nor on the event loop.
}

/// Lets an executor that runs or drops a job in place on the event loop be noticed.
thread_local bool giving_on_loop = false;

class GivingOnLoop {
 public:
  explicit GivingOnLoop(bool on_loop) : before_(std::exchange(giving_on_loop, on_loop)) {}
  ~GivingOnLoop() { giving_on_loop = before_; }
  GivingOnLoop(const GivingOnLoop&) = delete;
  GivingOnLoop& operator=(const GivingOnLoop&) = delete;

 private:
  bool before_;
};

}  // namespace

struct Callbacks::Pool : std::enable_shared_from_this<Pool> {
  struct Worker {
    std::thread thread{};
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);
  };

  std::mutex mutex{};
  std::condition_variable work_came{};
  std::deque<Job> jobs{};
  std::vector<Worker> workers{};
  std::size_t idle = 0;
  std::size_t serving = 0;  ///< threads that have not ended
  bool closed = false;
  std::shared_ptr<Watch> watch{};

  void post(Job job) {
    if (watch) {
      job = [busy = watch->busy("a callback of a client call"), job = std::move(job)]() mutable {
        std::exchange(job, nullptr)();
        busy.reset();
      };
    }
    const std::lock_guard lock(mutex);
    if (closed && serving == 0) return;
    jobs.push_back(std::move(job));
    if (jobs.size() > idle && workers.size() < kThreadsMax && !closed) add_worker();
    work_came.notify_one();
  }

  void add_worker() {
    Worker worker;
    try {
      worker.thread = std::thread([pool = shared_from_this(), ended = worker.ended] {
        name_this_thread("lb-callbacks");
        pool->serve();
        ended->store(true);
      });
    } catch (const std::system_error& error) {
      log(LogLevel::kError, std::string("no thread for callbacks: ") + error.what());
      return;
    }
    workers.push_back(std::move(worker));
    ++serving;
  }

  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      work_came.wait(lock, [this] { return closed || !jobs.empty(); });
      --idle;
      if (jobs.empty()) {
        --serving;
        return;
      }
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      run(job);
      lock.lock();
    }
  }

  void close() {
    std::vector<Worker> ending;
    {
      const std::lock_guard lock(mutex);
      closed = true;
      work_came.notify_all();
      ending = std::move(workers);
      workers.clear();
    }
    for (auto& worker : ending) {
      if (worker.thread.get_id() == std::this_thread::get_id()) {
        late_threads().add({std::move(worker.thread), worker.ended});
      } else {
        worker.thread.join();
      }
    }
    std::deque<Job> left;  // Destroyed without the lock: jobs hold what the user gave.
    const std::lock_guard lock(mutex);
    if (serving == 0) left.swap(jobs);  // Else the caller is one of them, and runs them once it is back.
  }
};

Callbacks::Callbacks(Executor executor) : Callbacks(std::move(executor), std::make_shared<Pool>()) {}
Callbacks::Callbacks(Executor executor, std::shared_ptr<Pool> pool)
    : executor_(std::move(executor)), pool_(std::move(pool)) {}
Callbacks::~Callbacks() = default;

void Callbacks::observe(std::shared_ptr<Watch> watch) {
  pool_->watch = std::move(watch);
}
std::shared_ptr<Watch> Callbacks::watch() const {
  return pool_->watch;
}

void Callbacks::post(Job job, bool on_loop) {
  if (!executor_) return pool_->post(std::move(job));
  struct Given {
    Job job{};
    std::shared_ptr<Pool> pool{};
    std::atomic<bool> taken{false};
    std::shared_ptr<Busy> busy{};  ///< until it has run, or is dropped

    void to_pool() { pool->post(std::exchange(job, nullptr)); }
    ~Given() {
      // Dropped by the executor. What the user gave must not die on the event loop: it may be the last to hold a
      // client.
      if (job && giving_on_loop) pool->post([dropped = std::move(job)] {});
    }
  };
  const GivingOnLoop giving(on_loop);  // Until the last of what follows has gone.
  const auto given = std::make_shared<Given>();
  given->job = std::move(job);
  given->pool = pool_;
  if (pool_->watch) given->busy = pool_->watch->busy("a callback of a client call in ClientOptions::callback_executor");
  std::optional<std::string> thrown;
  try {
    executor_([given] {
      if (given->taken.exchange(true)) return;
      const auto busy = std::exchange(given->busy, nullptr);  // The executor may keep what it has run.
      if (giving_on_loop) return given->to_pool();
      run(given->job);
    });
  } catch (const std::exception& error) {
    thrown = error.what();
  } catch (...) {
    thrown = "something that is not a std::exception";
  }
  if (!thrown) return;
  log(LogLevel::kError, "ClientOptions::callback_executor threw: " + *thrown);
  if (given->taken.exchange(true)) return;
  given->to_pool();
  given->busy.reset();
}

void Callbacks::close() {
  pool_->close();
}

std::shared_ptr<Callbacks> Callbacks::without_executor() const {
  return std::shared_ptr<Callbacks>(new Callbacks({}, pool_));
}

void run_late(std::function<void()> job) noexcept {
  try {
    auto ended = std::make_shared<std::atomic<bool>>(false);
    late_threads().add({std::thread([job = std::move(job), ended]() mutable {
                          name_this_thread("lb-late");
                          run(job);
                          ended->store(true);
                        }),
                        ended});
  } catch (const std::exception& error) {
    log(LogLevel::kError, std::string("no thread to end a connection, which stays open: ") + error.what());
  }
}

void expect_late_threads() {
  static_cast<void>(late_threads());
}

}  // namespace longbeat::internal
