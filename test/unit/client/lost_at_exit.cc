// Loses one late completion in main() and one in a global that is destroyed after everything of the SDK's: both are
// reported, and their connections have gone, before the process ends. A program of its own, without Catch2.
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/timer_heap.h"
#include "client/async_reports.h"
#include "core/courier_pool.h"
#include "longbeat/activity_context.h"
#include "support/unasked_stub.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

class ThreadLoop final : public Loop {
 public:
  ThreadLoop() : thread_([this] { run(); }) {}
  ~ThreadLoop() override { stop(); }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      came_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }
  TimePoint now() const override { return system_clock().now(); }
  WallTime wall_now() const override { return system_clock().wall_now(); }
  TimePoint last_idle() const override { return now(); }
  bool post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    posted_.push_back(std::move(work));
    came_.notify_one();
    return true;
  }
  TimerId schedule(TimePoint at, std::function<void()> work) override { return timers_.schedule(at, std::move(work)); }
  void cancel(TimerId timer) override { timers_.cancel(timer); }
  bool on_this_thread() const override { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void run() {
    for (;;) {
      while (const auto due = timers_.pop_due(now())) (*due)();
      std::unique_lock lock(mutex_);
      const auto next = timers_.next_deadline().value_or(now() + 1s);
      came_.wait_for(lock, next - now(), [&] { return stopped_ || !posted_.empty(); });
      auto work = std::exchange(posted_, {});
      if (stopped_ && work.empty()) return;
      lock.unlock();
      for (const auto& each : work) each();
    }
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> posted_;
  TimerHeap<TimePoint, std::function<void()>> timers_;
  bool stopped_ = false;
  std::thread thread_;
};

std::atomic<int> reports{0}, links{0};

/// Takes a moment for each report.
class SlowServer final : public longbeat::test::UnaskedStub {
 public:
  explicit SlowServer(Loop& loop) : loop_(loop) {}
  CallId respond_failed(FailedParams, Nanoseconds, Done<void> done) override {
    loop_.schedule(loop_.now() + 100ms, [done = std::move(done)] {
      ++reports;
      done({});
    });
    return 1;
  }

 private:
  Loop& loop_;
};

struct Link final : Connection {
  ThreadLoop own_loop{};
  SlowServer own_stub{own_loop};
  CourierPool own_courier{};

  Link() { ++links; }
  ~Link() override {
    own_loop.stop();
    --links;
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  Loop& loop() override { return own_loop; }
  ServiceStub& stub() override { return own_stub; }
  Courier& courier() override { return own_courier; }
};

/// The duty of an attempt whose function has returned.
LateCompletion completion() {
  auto core = core_from({});
  core->connection = std::make_shared<Link>();
  Loop& loop = core->connection->loop();
  ActivityTask task;
  task.token = "token";
  task.activity_id = "a";
  const Lease lease(loop.now(), 10s, 1h);
  const auto attempt = std::make_shared<Attempt>(task, "q", DataConverter(), system_clock(), lease, 1);
  auto late = give_away(std::move(core), attempt, {});
  attempt->end();
  loop.post([attempt] { attempt->handover()->leave({}); });
  return late;
}

/// Outlives what the SDK has at the end of main(), and the global below.
struct Verdict {
  ~Verdict() {
    if (reports == 2 && links == 0) return;
    std::fprintf(stderr, "%d of 2 losses were reported, %d connections are left\n", reports.load(), links.load());
    _exit(1);
  }
};
const Verdict verdict;
std::optional<LateCompletion> in_a_global;

}  // namespace

int main() {
  in_a_global = completion();
  const auto lost = completion();
  return 0;
}
