// Heartbeats that nobody calls for.
#include <atomic>
#include <optional>
#include <stdexcept>

#include "longbeat/auto_heartbeat.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Time passes in seconds; the work moves in each of them.
template <class Work>
void work_for(FakeWorker& worker, int seconds, const Work& work) {
  for (int second = 0; second < seconds; ++second) {
    work();
    worker.loop.run_for(1s);
  }
}

}  // namespace

TEST_CASE("an auto-heartbeat", "[worker][heartbeat]") {
  FakeWorker worker;
  auto task = FakeWorker::task();
  task.heartbeat_details = {make_payload("json/plain", "7")};
  auto& context = worker.begin(task);
  std::atomic<std::uint64_t> counter{100};
  std::optional<AutoHeartbeat> beat;
  SECTION("keeps the lease at the throttle's pace as long as the counter moves, and repeats the newest details") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s, .progress = &counter});
    work_for(worker, 80, [&] { --counter; });
    CHECK_FALSE(context.stopped());
    CHECK(worker.stub.beats.size() >= 11);
    CHECK(worker.stub.beats.size() <= 13);
    CHECK(text_of(worker.stub.beats.back().params.details) == "7");
  }
  SECTION("takes advance() for progress") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s});
    work_for(worker, 80, [&] { context.advance(); });
    CHECK_FALSE(context.stopped());
  }
  SECTION("takes heartbeats and checkpoints for progress, and sends their values") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 3s});
    auto checkpoint = context.checkpoint<int>();
    int saved = 0;
    work_for(worker, 80, [&] { checkpoint.save(++saved); });
    CHECK_FALSE(context.stopped());
    CHECK(std::stoi(text_of(worker.stub.beats.back().params.details)) > 70);
    CHECK(worker.stub.beats.size() <= 13);
  }
  SECTION("takes each of several kinds of progress for progress, also where they come together") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s});
    int step = 0;
    work_for(worker, 80, [&] {
      context.advance();
      context.heartbeat(++step);
    });
    CHECK_FALSE(context.stopped());
  }
  SECTION("goes on between two signs of progress, and no longer than the time given") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 40s, .progress = &counter});
    worker.loop.run_for(39999ms);
    CHECK_FALSE(context.stopped());
    worker.loop.run_for(1ms);
    CHECK(context.stop_causes() == std::vector{StopCause::kStalled});
    CHECK(context.stop_token().stop_requested());
    CHECK_FALSE(context.lost_token().stop_requested());
    const auto sent = worker.stub.beats.size();
    worker.loop.run_for(1h);
    CHECK(worker.stub.beats.size() == sent);
  }
  SECTION("that is gone leaves the lease to the activity") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s});
    beat.reset();
    worker.loop.run_for(1h);
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
    CHECK(worker.stub.failed.empty());
  }
  SECTION("is replaced by the newest, whose end leaves none") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 1s});
    std::optional<AutoHeartbeat> newer;
    newer.emplace(context, AutoHeartbeatOptions{.stall_timeout = 30s});
    worker.loop.run_for(10s);
    CHECK_FALSE(context.stopped());
    beat.reset();
    work_for(worker, 30, [&] { context.advance(); });
    CHECK_FALSE(context.stopped());
    newer.reset();
    worker.loop.run_for(20s);
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("does nothing once the attempt has ended") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s, .progress = &counter});
    worker.end(AttemptCompleted{});
    const auto sent = worker.stub.beats.size();
    AutoHeartbeat late(context, {.stall_timeout = 10ms});
    worker.loop.run_for(1h);
    CHECK(worker.stub.beats.size() == sent);
    CHECK(worker.loop.armed_timers() == 0);
  }
  SECTION("refuses times that make no sense") {
    CHECK_THROWS_AS(AutoHeartbeat(context, {}), std::invalid_argument);
    CHECK_THROWS_AS(AutoHeartbeat(context, {.stall_timeout = 9ms}), std::invalid_argument);
    CHECK_THROWS_AS(AutoHeartbeat(context, {.stall_timeout = 241h}), std::invalid_argument);
  }
  SECTION("leaves with older details while an encoding hangs") {
    beat.emplace(context, AutoHeartbeatOptions{.stall_timeout = 20s, .progress = &counter});
    worker.courier.blocked = true;
    context.heartbeat(1);
    work_for(worker, 60, [&] { ++counter; });
    CHECK_FALSE(context.stopped());
    CHECK(text_of(worker.stub.beats.back().params.details) == "7");
    worker.courier.release();
    work_for(worker, 10, [&] { ++counter; });
    CHECK(text_of(worker.stub.beats.back().params.details) == "1");
  }
}

TEST_CASE("a stalled attempt", "[worker][heartbeat][stop]") {
  FakeWorker worker;
  std::atomic<std::uint64_t> counter{41};
  SECTION("fails retryably and says what stood still, for how long") {
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 15s, .progress = &counter});
    ++counter;
    worker.loop.run_for(30s);
    REQUIRE(worker.stub.failed.size() == 1);  // Its function has not noticed.
    const auto& failure = worker.stub.failed[0].params.failure;
    CHECK(failure.type == "ActivityStalled");
    CHECK_FALSE(failure.non_retryable);
    CHECK_THAT(failure.message, ContainsSubstring("no progress for 15 s"));
    CHECK_THAT(failure.message, ContainsSubstring("counter stands at 42"));
  }
  SECTION("that notices reports it itself") {
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(3s);
    CHECK_THROWS_AS(context.throw_if_stopped(), ActivityStopped);
    worker.end(worker.stopped());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "ActivityStalled");
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("that does not notice is reported before the lease ends, and keeps its slot until it returns") {
    auto& context = worker.begin();
    const auto begun = worker.loop.now();
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(9499ms);
    CHECK(worker.stub.failed.empty());
    worker.loop.run_for(1ms);
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].at - begun < 10s);
    CHECK(context.lost_token().stop_requested());
    CHECK(worker.machine->stats().slots_used == 1);
    CHECK(worker.machine->stats().failed == 1);
    worker.end(AttemptCompleted{});
    CHECK(worker.stub.completed.empty());
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("without a heartbeat timeout is reported after as much time again") {
    auto& context = worker.begin(FakeWorker::task(0s));
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(5999ms);
    CHECK(context.stop_causes() == std::vector{StopCause::kStalled});
    CHECK(worker.stub.failed.empty());
    worker.loop.run_for(1ms);
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "ActivityStalled");
    CHECK(worker.machine->stats().slots_used == 1);
  }
  SECTION("without a heartbeat timeout that moves again has time to clean up") {
    auto& context = worker.begin(FakeWorker::task(0s));
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(3s);
    work_for(worker, 60, [&] { context.advance(); });
    CHECK(worker.stub.failed.empty());
    worker.end(worker.stopped());
    CHECK(worker.stub.failed.size() == 1);
  }
  SECTION("that heartbeats keeps its lease while it cleans up") {
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(3s);
    work_for(worker, 60, [&] { context.heartbeat(1); });
    CHECK(context.stop_causes() == std::vector{StopCause::kStalled});
    CHECK(worker.stub.failed.empty());
    worker.end(AttemptCompleted{});
    CHECK(worker.stub.completed.size() == 1);
  }
  SECTION("sends the details that had not left yet") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    const AutoHeartbeat beat(context, {.stall_timeout = 1s});
    worker.loop.run_for(1s);
    worker.end(worker.stopped());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(text_of(worker.stub.failed[0].params.last_heartbeat_details.value()) == "2");
  }
  SECTION("that was asked to cancel is canceled") {
    worker.stub.flags.cancel_requested = true;
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(3s);
    worker.end(worker.stopped());
    CHECK(worker.stub.canceled.size() == 1);
  }
  SECTION("that the server does not know any more is not reported") {
    auto& context = worker.begin();
    worker.stub.answers_beats = false;
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_ready();
    worker.stub.beats.back().done(not_found("gone"));
    worker.loop.run_for(1min);
    CHECK(worker.stub.failed.empty());
    CHECK(context.stop_causes() == std::vector{StopCause::kNotFound});
  }
  SECTION("does not send again what fails after it has stalled, unless its activity has something to say") {
    worker.stub.answers_beats = false;
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 1s});
    worker.loop.run_for(1500ms);
    REQUIRE(context.stop_causes() == std::vector{StopCause::kStalled});
    const auto sent = worker.stub.beats.size();
    const bool says = GENERATE(false, true);
    if (says) context.heartbeat(8);
    worker.stub.beats.back().done(unavailable("lost"));
    worker.loop.run_for(4s);
    CHECK(worker.stub.beats.size() == sent + (says ? 1 : 0));
  }
  SECTION("is reported as such also when its worker stops just then") {
    auto& context = worker.begin();
    const AutoHeartbeat beat(context, {.stall_timeout = 3s});
    worker.loop.run_for(3s);
    worker.machine->stop(0s, 2s, [](const auto&) {});
    worker.loop.run_for(2s);
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "ActivityStalled");
  }
}
