// Around the end of an attempt: who still waits, what still may count, what must not begin any more.
#include <array>
#include <future>
#include <vector>

#include "core/outcome.h"
#include "support/catch.h"
#include "support/toy_codecs.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// Tells when somebody has posted.
struct TellingLoop final : ManualLoop {
  bool post(std::function<void()> work) override {
    const bool posted = ManualLoop::post(std::move(work));
    if (told) std::exchange(told, nullptr)->set_value();
    return posted;
  }
  std::promise<void>* told = nullptr;
};

/// A driver of its own, so that a test can end it between two posts.
struct LoneDriver {
  explicit LoneDriver(WireFormat format = {}) {
    host.format = std::move(format);
    host.stats = std::make_shared<Guarded<WorkerStats>>();
    host.payload_bytes_max = 1000;
    host.settled = [this](std::uint64_t) { driver.reset(); };
    driver = std::make_shared<AttemptDriver>(host, attempt, lease, loop.now() + 1h);
    driver->start(executor);
    loop.run_ready();
  }
  TellingLoop loop;
  LoopClock clock{loop};
  ScriptedStub stub{loop};
  InlineCourier courier;
  ScriptExecutor executor;
  AttemptHost host{loop, stub, courier, Random(1)};
  Lease lease{loop.now(), 10s, 1h};
  std::shared_ptr<Attempt> attempt =
      std::make_shared<Attempt>(FakeWorker::task(), "q", DataConverter(), clock, lease, 1);
  std::shared_ptr<AttemptDriver> driver;
};

}  // namespace

TEST_CASE("a save_now that the loop has not seen yet is answered when the worker ends", "[worker][report][shutdown]") {
  LoneDriver lone;
  std::promise<void> posted;
  lone.loop.told = &posted;
  auto answer =
      std::async(std::launch::async, [&] { return lone.attempt->save_now({make_payload("json/plain", "1")}, 10s); });
  posted.get_future().wait();
  lone.driver->abandon();
  lone.driver.reset();
  lone.loop.run_ready();
  REQUIRE(answer.wait_for(5s) == std::future_status::ready);
  CHECK(answer.get().error().code == ErrorCode::kLeaseLost);
}

TEST_CASE("codecs encode each value that a save_now waits for, one after the other", "[worker][codec]") {
  const auto codec = std::make_shared<Reversing>();
  LoneDriver lone(WireFormat({codec}, false));
  lone.courier.blocked = true;
  std::array<std::promise<void>, 3> posted;
  std::vector<std::future<Result<>>> answers;
  for (auto& each : posted) {
    lone.loop.told = &each;
    answers.push_back(std::async(std::launch::async,
                                 [&] { return lone.attempt->save_now({make_payload("json/plain", "1")}, 1min); }));
    each.get_future().wait();
    lone.loop.run_ready();
  }
  CHECK(lone.courier.held.size() == 1);
  lone.courier.release();
  lone.loop.run_ready();
  CHECK(codec->encodes == 3);
  for (auto& answer : answers) {
    REQUIRE(answer.wait_for(5s) == std::future_status::ready);
    CHECK(answer.get());
  }
}

TEST_CASE("a save_now whose value takes long to encode", "[worker][codec][lease]") {
  LoneDriver lone(WireFormat({std::make_shared<Reversing>()}, false));
  auto& beats = lone.stub.beats;
  const Payloads saved{make_payload("json/plain", "1")};
  lone.loop.run_for(1s);
  const std::size_t own = beats.size();  // The worker's own.
  lone.courier.blocked = true;
  SECTION("keeps the lease for three heartbeat timeouts, with the newest details that are encoded") {
    std::promise<void> posted;
    lone.loop.told = &posted;
    auto answer = std::async(std::launch::async, [&] { return lone.attempt->save_now(saved, 1min); });
    posted.get_future().wait();
    lone.loop.run_for(30s);
    CHECK_FALSE(lone.attempt->stopped());
    REQUIRE(beats.size() >= own + 3);
    CHECK(beats.size() <= own + 5);  // And no more often than the throttle allows.
    CHECK(beats.back().params.details.empty());
    CHECK(lone.host.stats->with([](auto& stats) { return stats.heartbeats_without_newest; }) >= 3);
    lone.courier.release();
    lone.loop.run_ready();
    CHECK(encoding_of(beats.back().params.details.at(0)) == "binary/reversed");
    REQUIRE(answer.wait_for(5s) == std::future_status::ready);
    CHECK(answer.get());
    lone.loop.run_for(20s);  // Nobody says anything any more.
    CHECK(lone.attempt->causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("is one sign of life when nobody waits for it any more") {
    CHECK_FALSE(lone.attempt->save_now(saved, 0s));
    lone.loop.run_for(30s);
    CHECK(beats.size() == own + 1);
    CHECK(lone.attempt->causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("is one with each call") {
    for (int second = 0; second < 30; ++second) {
      CHECK_FALSE(lone.attempt->save_now(saved, 0s));
      lone.loop.run_for(1s);
    }
    CHECK_FALSE(lone.attempt->stopped());
    CHECK(beats.size() <= own + 5);
  }
  SECTION("sends nothing older when that is soon over") {
    CHECK_FALSE(lone.attempt->save_now(saved, 0s));
    lone.loop.run_for(100ms);
    CHECK(beats.size() == own);
    lone.courier.release();
    lone.loop.run_for(1s);
    REQUIRE(beats.size() == own + 1);
    CHECK(encoding_of(beats.back().params.details.at(0)) == "binary/reversed");
  }
  SECTION("never lets older details follow newer ones") {
    lone.stub.answers_beats = false;
    CHECK_FALSE(lone.attempt->save_now(saved, 0s));
    lone.loop.run_for(1s);
    REQUIRE(beats.size() == own + 1);  // The older ones, whose answer takes long.
    lone.courier.release();
    lone.loop.run_ready();
    CHECK(beats.size() == own + 1);
    lone.stub.answers_beats = true;
    beats.back().done(HeartbeatFlags{});
    lone.loop.run_for(30s);
    REQUIRE(beats.size() == own + 2);
    CHECK(encoding_of(beats.back().params.details.at(0)) == "binary/reversed");
  }
}

TEST_CASE("callers of save_now that have gone leave nothing behind", "[worker][heartbeat]") {
  FakeWorker worker;
  const Lease lease(worker.loop.now(), 10s, 0s);
  Attempt attempt(FakeWorker::task(), "q", {}, worker.clock, lease, 1);
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(attempt.save_now({make_payload("json/plain", std::to_string(i))}, 0s).ok());
  const auto saves = attempt.take_urgent_saves();
  REQUIRE(saves.size() == 1);
  CHECK(text_of(saves[0].details) == "999");
}

TEST_CASE("a first report whose answer does not come is heartbeated for", "[worker][report]") {
  FakeWorker worker;
  worker.begin(FakeWorker::task(3s));
  worker.stub.answers_reports = false;
  SECTION("when it takes long") {
    const auto outcome = GENERATE(0, 1);
    const auto beats = worker.stub.beats.size();
    worker.end(outcome == 0 ? AttemptOutcome{AttemptCompleted{}} : AttemptOutcome{AttemptFailed{}});
    worker.loop.run_for(9s);
    CHECK(worker.stub.beats.size() >= beats + 3);
    CHECK(worker.stub.completed.size() + worker.stub.failed.size() == 1);
  }
  SECTION("and not when it is quick") {
    const auto beats = worker.stub.beats.size();
    worker.end(AttemptCompleted{});
    worker.loop.run_for(500ms);
    worker.stub.completed.back().done(StatusOr<>());
    worker.loop.run_for(10s);
    CHECK(worker.stub.beats.size() == beats);
    CHECK(worker.loop.armed_timers() == 0);
  }
}

TEST_CASE("a report does not wait for details until the lease is over", "[worker][report]") {
  FakeWorker worker;
  auto& context = worker.begin(FakeWorker::task(1s));
  worker.courier.blocked = true;  // By the codecs of others, for example.
  for (int i = 0; i < 30; ++i) {
    context.heartbeat(i);
    worker.loop.run_for(100ms);
  }
  REQUIRE_FALSE(context.stopped());
  const auto last_beat = worker.stub.beats.back().at;
  const auto outcome = GENERATE(0, 1);
  worker.end(outcome == 0 ? AttemptOutcome{AttemptCanceled{}} : AttemptOutcome{AttemptFailed{}});
  worker.loop.run_for(10s);
  REQUIRE(worker.stub.canceled.size() + worker.stub.failed.size() == 1);
  const auto reported = outcome == 0 ? worker.stub.canceled[0].at : worker.stub.failed[0].at;
  CHECK(reported < last_beat + 1s);
}

TEST_CASE("a result does not hide that heartbeat details were no good", "[worker][report]") {
  FakeWorker worker;
  auto& context = worker.begin();
  context.heartbeat(std::string("\xff"));
  worker.loop.run_ready();
  worker.end(AttemptCompleted{});
  CHECK(worker.stub.completed.empty());
  REQUIRE(worker.stub.failed.size() == 1);
  CHECK(worker.stub.failed[0].params.failure.type == "HeartbeatDetailsError");
  CHECK_FALSE(worker.stub.failed[0].params.failure.non_retryable);
}

TEST_CASE("a report to a server that does not know the namespace just now is repeated", "[worker][report]") {
  FakeWorker worker;
  worker.begin();
  worker.stub.answers_reports = false;
  worker.end(AttemptCompleted{});
  worker.stub.completed.back().done(Status{StatusCode::kNotFound, "namespace", NamespaceNotFoundDetail{"default"}});
  worker.loop.run_for(1s);
  REQUIRE(worker.stub.completed.size() == 2);
  worker.stub.completed.back().done(not_found("x"));
  worker.loop.run_ready();
  CHECK(worker.machine->stats().reports_stale == 1);
}

TEST_CASE("a function that still runs when its worker is forced to end", "[worker][report][shutdown]") {
  FakeWorker worker;
  auto& context = worker.begin();
  const auto stop = [&] {
    worker.machine->stop(0s, 10s, [](const auto&) {});
    worker.loop.run_for(9500ms);
  };
  SECTION("is not reported when the server does not know the attempt any more") {
    worker.stub.answers_beats = false;
    context.heartbeat(1);
    worker.loop.run_ready();
    worker.stub.beats.back().done(not_found("gone"));
    stop();
    CHECK(worker.stub.failed.empty());
    CHECK(worker.machine->stats().abandoned == 1);
  }
  SECTION("is left to those who complete it later") {
    const auto late = context.complete_later();
    stop();
    CHECK(worker.stub.failed.empty());
    CHECK(worker.machine->stats().handed_over == 1);
  }
}

TEST_CASE("a heartbeat too large for a message fails the attempt and not the lease", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  worker.stub.answers_beats = false;
  context.heartbeat(1);
  worker.loop.run_ready();
  worker.stub.beats.back().done(
      Status{StatusCode::kResourceExhausted, "Received message larger than max (5000000 vs. 4194304)", {}});
  worker.loop.run_ready();
  CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
  worker.loop.run_for(1s);
  CHECK(worker.stub.beats.back().params.details.empty());
}

TEST_CASE("times far away do not overflow", "[worker][context]") {
  FakeWorker worker;
  auto task = FakeWorker::task(0s);
  task.start_to_close = Nanoseconds::max() - 1010s;  // The loop's time is 1000 s: just before what counts as none.
  auto& context = worker.begin(task);
  CHECK(context.deadline().value() > worker.loop.wall_now());
  CHECK(context.lease_expiry().value() > worker.loop.wall_now());
}
