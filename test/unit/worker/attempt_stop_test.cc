// How an attempt learns that it should stop, and what it may do after that.
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>

#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// The next beat's answer carries these flags.
void answer(FakeWorker& worker, ActivityContext& context, HeartbeatFlags flags) {
  worker.stub.flags = flags;
  context.heartbeat();
  worker.loop.run_for(8s);
}

}  // namespace

TEST_CASE("causes to stop are told apart, later ones too", "[worker][stop]") {
  FakeWorker worker;
  auto& context = worker.begin();
  answer(worker, context, {.activity_paused = true});
  CHECK(context.stop_causes() == std::vector{StopCause::kPaused});
  answer(worker, context, {.activity_reset = true});
  answer(worker, context, {.cancel_requested = true});
  CHECK(context.stop_causes() == std::vector{StopCause::kPaused, StopCause::kReset, StopCause::kCanceled});
  CHECK_FALSE(context.lost_token().stop_requested());
  SECTION("and the outcome follows all of them") {
    worker.end(worker.stopped());
    CHECK(worker.stub.canceled.size() == 1);
  }
  SECTION("and a function that ends all the same has its result reported") {
    worker.end(AttemptCompleted{});
    CHECK(worker.stub.completed.size() == 1);
  }
}

TEST_CASE("after a stop there is a window to clean up, in which heartbeats work", "[worker][stop]") {
  FakeWorker worker;
  const auto cause = GENERATE(StopCause::kCanceled, StopCause::kPaused, StopCause::kReset, StopCause::kShutdown);
  auto& context = worker.begin();
  if (cause == StopCause::kShutdown) {
    worker.machine->stop(0s, 1h, [](const auto&) {});
    worker.loop.run_ready();
  } else {
    answer(worker, context,
           {.cancel_requested = cause == StopCause::kCanceled,
            .activity_paused = cause == StopCause::kPaused,
            .activity_reset = cause == StopCause::kReset});
  }
  REQUIRE(context.stop_causes() == std::vector{cause});
  for (int second = 0; second < 60; ++second) {
    context.heartbeat(second);
    worker.loop.run_for(1s);
  }
  CHECK(context.stop_causes() == std::vector{cause});
  CHECK(worker.stub.beats.size() >= 8);
  context.heartbeat(std::string("last words"));
  worker.end(worker.stopped());
  if (cause == StopCause::kCanceled) {
    CHECK(worker.stub.canceled.size() == 1);
    CHECK(text_of(worker.stub.beats.back().params.details) == "\"last words\"");
    return;
  }
  REQUIRE(worker.stub.failed.size() == 1);
  const auto& report = worker.stub.failed[0].params;
  CHECK_FALSE(report.failure.non_retryable);
  CHECK(report.failure.type == (cause == StopCause::kPaused  ? "ActivityPause"
                                : cause == StopCause::kReset ? "ActivityReset"
                                                             : "WorkerShutdown"));
  CHECK(text_of(report.last_heartbeat_details.value()) == "\"last words\"");
}

TEST_CASE("save_now works after a stop too, as long as the lease lasts", "[worker][stop][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  answer(worker, context, {.activity_paused = true});
  REQUIRE(context.stopped());
  CHECK(context.save_now(0s, std::string("cleaned up")).error().code ==
        ErrorCode::kDeadlineExceeded);  // Nobody ran the loop.
  worker.loop.run_ready();
  CHECK(text_of(worker.stub.beats.back().params.details) == "\"cleaned up\"");
  worker.loop.run_for(20s);
  const auto sent = worker.stub.beats.size();
  CHECK(context.save_now(0s, std::string("too late")).error().code == ErrorCode::kLeaseLost);
  worker.loop.run_ready();
  CHECK(worker.stub.beats.size() == sent);
}

TEST_CASE("on_stop", "[worker][stop]") {
  FakeWorker worker;
  auto& context = worker.begin();
  std::vector<StopCause> heard;
  const auto hear = [&](StopCause cause) { heard.push_back(cause); };
  SECTION("hears each cause as it comes") {
    const auto registration = context.on_stop(hear);
    worker.loop.run_ready();
    CHECK(heard.empty());
    answer(worker, context, {.activity_paused = true});
    CHECK(heard == std::vector{StopCause::kPaused});
    answer(worker, context, {.cancel_requested = true});
    CHECK(heard == std::vector{StopCause::kPaused, StopCause::kCanceled});
    worker.loop.run_for(20s);  // Nobody beats any more.
    CHECK(heard == std::vector{StopCause::kPaused, StopCause::kCanceled, StopCause::kLeaseLost});
  }
  SECTION("hears also what came before it") {
    answer(worker, context, {.activity_paused = true});
    answer(worker, context, {.cancel_requested = true});
    const auto registration = context.on_stop(hear);
    worker.loop.run_ready();
    CHECK(heard == std::vector{StopCause::kPaused, StopCause::kCanceled});
  }
  SECTION("hears nothing once its registration is gone") {
    {
      auto registration = context.on_stop(hear);
      auto moved = std::move(registration);
    }
    answer(worker, context, {.activity_paused = true});
    CHECK(heard.empty());
  }
  SECTION("that throws harms nobody else") {
    const auto thrower = context.on_stop([](StopCause) { throw std::runtime_error("no"); });
    const auto registration = context.on_stop(hear);
    answer(worker, context, {.activity_paused = true});
    CHECK(heard == std::vector{StopCause::kPaused});
    CHECK(context.stop_token().stop_requested());
  }
  SECTION("does nothing when the attempt has ended") {
    worker.end(AttemptCompleted{});
    const auto registration = context.on_stop(hear);
    worker.loop.run_ready();
    CHECK(heard.empty());
  }
}

TEST_CASE("every listener and every token has its own turn on the courier", "[worker][stop]") {
  struct KeyCourier final : Courier {
    void post(CourierJob kind, std::uint64_t key, std::function<void()> job) override {
      if (kind != CourierJob::kStopCallbacks) return job();
      CHECK(keys.insert(key).second);
    }
    std::set<std::uint64_t> keys;
  } courier;
  FakeWorker worker;
  AttemptHost host{worker.loop, worker.stub, courier, Random(1)};
  host.stats = std::make_shared<Guarded<WorkerStats>>();
  const Lease lease(worker.loop.now(), 10s, 1h);
  const auto attempt =
      std::make_shared<Attempt>(FakeWorker::task(), "q", DataConverter(), worker.clock, lease, courier.new_key());
  const auto driver = std::make_shared<AttemptDriver>(host, attempt, lease, worker.loop.now() + 1h);
  driver->start(worker.executor);
  ActivityContext context(attempt);
  const auto one = context.on_stop([](StopCause) {}), two = context.on_stop([](StopCause) {});
  worker.loop.run_ready();
  driver->request_shutdown();
  driver->force_shutdown(worker.loop.now() + 1s);
  CHECK(courier.keys.size() == 5);  // Three tokens, two listeners.
  for (const auto key : courier.keys) CHECK(Courier::owner_of(key) == attempt->key());
}

TEST_CASE("the notice of a shutdown", "[worker][stop][shutdown]") {
  FakeWorker worker;
  AttemptHost host{worker.loop, worker.stub, worker.courier, Random(1)};
  host.stats = std::make_shared<Guarded<WorkerStats>>();
  const Lease lease(worker.loop.now(), 10s, 1h);
  const auto attempt =
      std::make_shared<Attempt>(FakeWorker::task(), "q", DataConverter(), worker.clock, lease, 1, AttemptLinks{});
  const auto driver = std::make_shared<AttemptDriver>(host, attempt, lease, worker.loop.now() + 1h);
  driver->start(worker.executor);
  ActivityContext context(attempt);
  const auto token = context.shutdown_token();
  SECTION("comes before the stop") {
    CHECK_FALSE(context.shutting_down());
    driver->notify_shutdown();
    CHECK(context.shutting_down());
    CHECK(token.stop_requested());
    CHECK_FALSE(context.stopped());
    driver->notify_shutdown();
    driver->request_shutdown();
    CHECK(context.stop_causes() == std::vector{StopCause::kShutdown});
  }
  SECTION("comes with the stop at the latest") {
    driver->request_shutdown();
    CHECK(context.shutting_down());
    CHECK(token.stop_requested());
  }
}

TEST_CASE("waits of an activity", "[worker][stop]") {
  FakeWorker worker;
  auto& context = worker.begin();
  std::mutex mutex;
  std::condition_variable_any changed;
  bool ready = false;
  const auto wait = [&] {
    std::unique_lock lock(mutex);
    return context.wait(lock, changed, [&] { return ready; });
  };
  SECTION("end at once when what they wait for is there") {
    ready = true;
    CHECK(wait());
    CHECK(context.sleep_until(worker.loop.wall_now()));
    CHECK(context.sleep_until(std::chrono::sys_time<std::chrono::nanoseconds>::min()));
  }
  SECTION("end when their time is over") {
    std::unique_lock lock(mutex);
    CHECK_FALSE(context.wait_for(lock, changed, 0s, [&] { return ready; }));
    CHECK(lock.owns_lock());
  }
  SECTION("end with a reason to stop, unless it is ready all the same") {
    answer(worker, context, {.activity_paused = true});
    CHECK_FALSE(wait());
    CHECK_FALSE(context.sleep_until(std::chrono::sys_time<std::chrono::nanoseconds>::max()));
    CHECK_FALSE(context.sleep_until(worker.loop.wall_now() + 1h));
    ready = true;
    CHECK(wait());
  }
  SECTION("end with the lease") {
    worker.loop.run_for(10s);
    CHECK_FALSE(wait());
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("end with the attempt, for threads that outlive it") {
    worker.end(AttemptCompleted{});
    CHECK_FALSE(wait());
    CHECK_FALSE(context.sleep_for(1h));
  }
}

TEST_CASE("a thread that waits is woken by a stop", "[worker][stop]") {
  FakeWorker worker;
  const Lease lease(system_clock().now(), 1h, 0s);
  const auto attempt = std::make_shared<Attempt>(FakeWorker::task(1h), "q", DataConverter(), system_clock(), lease, 1);
  ActivityContext context(attempt);
  std::mutex mutex;
  std::condition_variable_any changed;
  std::promise<void> waits;
  auto waiter = std::async(std::launch::async, [&] {
    std::unique_lock lock(mutex);
    return context.wait(lock, changed, [&, told = false]() mutable {
      if (!std::exchange(told, true)) waits.set_value();
      return false;
    });
  });
  auto sleeper = std::async(std::launch::async, [&] { return context.sleep_for(1h); });
  waits.get_future().wait();
  attempt->stop(StopCause::kCanceled, false);
  attempt->stop_state().request_stop();
  REQUIRE(waiter.wait_for(10s) == std::future_status::ready);
  CHECK_FALSE(waiter.get());
  REQUIRE(sleeper.wait_for(10s) == std::future_status::ready);
  CHECK_FALSE(sleeper.get());
}

TEST_CASE("a heartbeat notices by itself that the lease has ended", "[worker][stop][lease]") {
  FakeWorker worker;
  const Lease lease(worker.loop.now(), 10s, 1h);
  const auto attempt =
      std::make_shared<Attempt>(FakeWorker::task(), "q", DataConverter(), worker.clock, lease, 1, AttemptLinks{});
  ActivityContext context(attempt);
  worker.loop.run_for(10s);  // Nobody else looks at the attempt.
  REQUIRE_FALSE(attempt->lost());
  SECTION("with details") {
    context.heartbeat(1);
  }
  SECTION("without any") {
    context.heartbeat();
  }
  CHECK(attempt->lost());
}

TEST_CASE("an attempt whose own time is over", "[worker][stop][lease]") {
  FakeWorker worker;
  auto task = FakeWorker::task(0s);
  task.start_to_close = 10s;
  auto& context = worker.begin(task);
  worker.loop.run_for(9500ms);
  CHECK(context.stop_causes() == std::vector{StopCause::kTimedOut});
  CHECK(context.lost_token().stop_requested());
  worker.end(worker.stopped());
  CHECK(worker.stub.failed.empty());
  CHECK(worker.machine->stats().abandoned == 1);
}

TEST_CASE("the descriptor of an attempt tells what its flags tell", "[worker][stop]") {
  FakeWorker worker;
  auto& context = worker.begin();
  REQUIRE(context.stop_fd() >= 0);
  CHECK(context.stop_fd() == context.stop_fd());
}
