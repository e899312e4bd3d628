// The worker's machine with real threads: loop, courier and executor as in a program, a server that answers at once.
// Says little by itself; ThreadSanitizer reads along.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/log.h"
#include "base/timer_heap.h"
#include "core/courier_pool.h"
#include "core/handover.h"
#include "longbeat/json.h"
#include "longbeat/worker.h"
#include "support/catch.h"
#include "support/unasked_stub.h"
#include "worker/registry.h"
#include "worker/thread_executor.h"
#include "worker/worker_machine.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

class ThreadLoop final : public Loop {
 public:
  ThreadLoop() : thread_([this] { run(); }) {}
  ~ThreadLoop() override {
    post([this] { over_ = true; });
    thread_.join();
  }
  TimePoint now() const override { return system_clock().now(); }
  WallTime wall_now() const override { return system_clock().wall_now(); }
  TimePoint last_idle() const override { return now(); }
  bool post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    came_.notify_one();
    return true;
  }
  TimerId schedule(TimePoint at, std::function<void()> work) override { return timers_.schedule(at, std::move(work)); }
  void cancel(TimerId timer) override { timers_.cancel(timer); }

 private:
  void run() {
    while (!over_) {
      while (const auto due = timers_.pop_due(now())) (*due)();
      std::unique_lock lock(mutex_);
      const auto next = timers_.next_deadline().value_or(now() + 1s);
      came_.wait_for(lock, next - now(), [&] { return !posted_.empty(); });
      auto work = std::exchange(posted_, {});
      lock.unlock();
      for (auto& each : work) {
        each();
        each = nullptr;
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> posted_;
  TimerHeap<TimePoint, std::function<void()>> timers_;
  bool over_ = false;  // Loop thread only.
  std::thread thread_;
};

/// Hands out numbered tasks. Loop thread only.
class QuickServer final : public longbeat::test::UnaskedStub {
 public:
  QuickServer(Loop& loop, int tasks) : loop_(loop), tasks_(tasks) {}

  CallId get_system_info(Nanoseconds, Done<SystemInfo> done) override { return answer(done, SystemInfo{}); }
  CallId describe_namespace(std::string, Nanoseconds, Done<NamespaceInfo> done) override {
    return answer(done, NamespaceInfo{});
  }
  CallId poll_tasks(PollTaskParams, Nanoseconds, Done<std::vector<ActivityTask>> done) override {
    if (given_ == tasks_) {
      parked_.emplace(++call_, done);
      return call_;
    }
    ActivityTask task;
    task.activity_type = "kind" + std::to_string(given_ % 7);
    task.activity_id = task.token = std::to_string(given_++);
    task.attempt = 1;
    task.heartbeat = 500ms;
    task.start_to_close = 1min;
    return answer(done, std::vector{std::move(task)});
  }
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds, Done<HeartbeatFlags> done) override {
    const int number = ++beats_;
    if (number % 5 == 0) return fail(done, StatusCode::kUnavailable);
    if (number % 23 == 0) return fail(done, StatusCode::kNotFound);
    HeartbeatFlags flags;
    flags.cancel_requested = std::stoi(params.token) % 7 == 1;
    flags.activity_paused = number % 11 == 0;
    return answer(done, flags);
  }
  CallId respond_completed(CompletedParams, Nanoseconds, Done<void> done) override { return report(done); }
  CallId respond_failed(FailedParams, Nanoseconds, Done<void> done) override { return report(done); }
  CallId respond_canceled(CanceledParams, Nanoseconds, Done<void> done) override { return report(done); }
  CallId record_worker_heartbeat(WorkerHeartbeatParams, Nanoseconds, Done<void> done) override {
    return answer(done, StatusOr<>());
  }
  CallId shutdown_worker(ShutdownWorkerParams, Nanoseconds, Done<void> done) override {
    return answer(done, StatusOr<>());
  }
  void cancel(CallId call) override {
    if (const auto found = parked_.find(call); found != parked_.end()) {
      fail(found->second, StatusCode::kCancelled);
      parked_.erase(found);
    }
  }

 private:
  template <class T, class Value>
  CallId answer(const Done<T>& done, Value value) {
    loop_.post([done, value] { done(value); });
    return ++call_;
  }
  template <class T>
  CallId fail(const Done<T>& done, StatusCode code) {
    loop_.post([done, code] { done(Status{code, "fault", {}}); });
    return ++call_;
  }
  CallId report(const Done<void>& done) {
    return ++reports_ % 4 == 0 ? fail(done, StatusCode::kUnavailable) : answer(done, StatusOr<>());
  }

  Loop& loop_;
  const int tasks_;
  int given_ = 0, beats_ = 0, reports_ = 0;
  CallId call_ = 0;
  std::map<CallId, Done<std::vector<ActivityTask>>> parked_;
};

void serve(Registry& registry, const std::string& name, std::function<void(ActivityContext&)> function) {
  registry.add(name, [function = std::move(function)](ActivityContext& context, const Payloads&) {
    function(context);
    return Payloads();
  });
}

/// Seven kinds of activities, each with threads or waits of its own.
void fill(Registry& registry) {
  serve(registry, "kind0", [](ActivityContext& context) {
    std::atomic<int> heard{0};
    const auto registration = context.on_stop([&](StopCause) { ++heard; });
    std::thread other([&] {
      for (int i = 0; i < 500; ++i) context.heartbeat(i, std::string("other"));
    });
    for (int i = 0; i < 500; ++i) context.heartbeat(i);
    other.join();
  });
  serve(registry, "kind1", [](ActivityContext& context) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    std::stop_callback callback(context.stop_token(), [&] { context.heartbeat(std::string("cleaning up")); });
    context.wait_for(lock, never, 200ms, [] { return false; });
    context.throw_if_stopped();
  });
  serve(registry, "kind2", [](ActivityContext& context) {
    std::atomic<std::uint64_t> progress{0};
    const AutoHeartbeat beats(context, {.stall_timeout = 20ms, .progress = &progress});
    for (int i = 0; i < 100; ++i) {
      ++progress;
      std::this_thread::yield();
    }
    context.sleep_for(1h);  // Until it has stalled, or the worker stops.
    context.throw_if_stopped();
  });
  serve(registry, "kind3", [](ActivityContext& context) {
    auto other = std::async(std::launch::async, [&] {
      for (int i = 0; i < 20; ++i) static_cast<void>(context.save_now(0s, i).ok());
    });
    for (int i = 0; i < 5; ++i) static_cast<void>(context.save_now(20ms, std::string("here")).ok());
  });
  serve(registry, "kind4", [](ActivityContext& context) {
    context.heartbeat(1);
    static_cast<void>(context.complete_later().release());
  });
  serve(registry, "kind5", [](ActivityContext& context) {
    const auto registration = context.on_stop([&](StopCause) { context.advance(); });
    context.heartbeat(2);
    context.logger().debug("fails now");
    throw std::runtime_error("no luck");
  });
  serve(registry, "kind6", [](ActivityContext& context) {
    auto checkpoint = context.checkpoint<int>();
    for (int i = 0; i < 100 && !context.stopped(); ++i) checkpoint.save(i);
    context.sleep_until(system_clock().wall_now() + 5ms);
  });
}

}  // namespace

TEST_CASE("a worker with real threads answers everything it fetched", "[worker][threads]") {
  constexpr int kTasks = 210;
  const bool all = GENERATE(true, false);
  const int stop_at = all ? kTasks : kTasks / 2;
  Registry registry;
  fill(registry);
  std::mutex mutex;
  std::condition_variable changed;
  int ran = 0;
  ThreadLoop loop;
  CourierPool courier;
  QuickServer server(loop, kTasks);
  set_log_sink([](const LogRecord&) {});
  {
    ThreadExecutor executor(16, [&](const std::shared_ptr<Attempt>& attempt) {
      auto outcome = registry.run(attempt);
      const std::lock_guard lock(mutex);
      ++ran;
      changed.notify_all();
      return outcome;
    });
    WorkerSettings settings;
    settings.task_queue = "q";
    settings.slots = 16;
    settings.heartbeat_interval = 1s;
    settings.seed = 1;
    const auto machine =
        std::make_shared<WorkerMachine>(WorkerPorts{loop, server, courier, executor, system_clock()}, settings);
    loop.post([&] { machine->start([](const Error&) {}); });
    {
      std::unique_lock lock(mutex);
      REQUIRE(changed.wait_for(lock, 60s, [&] { return ran >= stop_at; }));
    }
    std::promise<std::vector<std::string>> left;
    loop.post(
        [&] { machine->stop(10ms, 20s, [&](std::vector<std::string> names) { left.set_value(std::move(names)); }); });
    CHECK(left.get_future().get().empty());
    const auto stats = machine->stats();
    CHECK(stats.slots_used == 0);
    CHECK(stats.polls_open == 0);
    CHECK(stats.attempts_started == stats.completed + stats.failed + stats.canceled + stats.abandoned +
                                        stats.handed_over + stats.reports_stale + stats.reports_unknown +
                                        stats.reports_given_up);
    CHECK(stats.tasks_dropped == 0);
    if (all) CHECK(stats.attempts_started == kTasks);
  }
  set_log_sink({});
}

TEST_CASE("who takes an attempt over while it ends is seen, or comes too late", "[worker][threads]") {
  const auto handover = std::make_shared<Handover>();
  const auto clock_now = system_clock().now();
  int unseen = 0;
  for (int i = 0; i < 3'000; ++i) {
    Attempt attempt(ActivityTask{}, "q", DataConverter(), system_clock(), Lease(clock_now, 10s, 1h), 1);
    std::atomic<bool> begun{false};
    bool given = false;
    std::thread other([&] {
      begun.store(true);
      given = attempt.give_away(handover);
    });
    while (!begun.load()) {
    }
    attempt.end();
    const bool seen = attempt.given_away();
    other.join();
    unseen += given && !seen ? 1 : 0;
  }
  CHECK(unseen == 0);
}
