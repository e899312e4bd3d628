// One attempt on the worker's machine: heartbeats, lease, stop, report. The test plays activity and server.
#include <future>

#include "core/outcome.h"
#include "core/wire_size.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

TEST_CASE("a heartbeat", "[worker][heartbeat]") {
  FakeWorker worker;
  SECTION("of the worker's own opens the attempt and repeats the old details") {
    auto task = FakeWorker::task();
    task.heartbeat_details = {make_payload("json/plain", "7")};
    worker.begin(task);
    REQUIRE(worker.stub.beats.size() == 1);
    CHECK(text_of(worker.stub.beats[0].params.details) == "7");
  }
  SECTION("is not sent by itself when there is no heartbeat timeout") {
    worker.begin(FakeWorker::task(0s));
    worker.loop.run_for(5min);
    CHECK(worker.stub.beats.empty());
  }
  SECTION("of the activity leaves at once, the following ones are coalesced to the newest") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    REQUIRE(worker.stub.beats.size() == 2);
    CHECK(text_of(worker.stub.beats[1].params.details) == "1");
    for (int i = 2; i < 100; ++i) context.heartbeat(i);
    worker.loop.run_for(7999ms);
    CHECK(worker.stub.beats.size() == 2);
    worker.loop.run_for(1ms);
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "99");
  }
  SECTION("without a value repeats the newest and never erases") {
    auto& context = worker.begin();
    context.heartbeat(5);
    worker.loop.run_ready();
    context.heartbeat();
    worker.loop.run_for(8s);
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "5");
  }
  SECTION("that failed keeps its details, unless newer ones came") {
    auto& context = worker.begin();
    worker.stub.answers_beats = false;
    context.heartbeat(1);
    worker.loop.run_ready();
    worker.stub.beats.back().done(unavailable("x"));
    worker.loop.run_for(500ms);
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "1");
    context.heartbeat(2);
    worker.stub.beats.back().done(unavailable("x"));
    worker.loop.run_for(1s);
    REQUIRE(worker.stub.beats.size() >= 4);
    worker.stub.beats.back().done(unavailable("x"));
    worker.loop.run_for(1s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("has a deadline of its own: two seconds, or half the rest of the lease") {
    auto& context = worker.begin(FakeWorker::task(2s));
    context.heartbeat(1);
    worker.loop.run_ready();
    CHECK(worker.stub.beats.back().timeout == 1s);
    auto& relaxed = worker.begin(FakeWorker::task(1min));
    relaxed.heartbeat(1);
    worker.loop.run_ready();
    CHECK(worker.stub.beats.back().timeout == 2s);
  }
  SECTION("leaves with older details when encoding the newest takes too long") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    worker.courier.blocked = true;
    context.heartbeat(2);
    worker.loop.run_for(9s);
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "1");
    CHECK(worker.machine->stats().heartbeats_without_newest == 1);
    worker.courier.release();
    worker.loop.run_for(8s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("keeps the lease while an encoding hangs, once for each time the activity gave a sign of life") {
    auto& context = worker.begin();
    worker.courier.blocked = true;
    for (int second = 0; second < 60; ++second) {
      context.heartbeat(second);
      worker.loop.run_for(1s);
    }
    CHECK_FALSE(context.stopped());
    CHECK(worker.machine->stats().heartbeats_without_newest >= 6);
    const auto sent = worker.stub.beats.size();
    CHECK(sent <= 10);
    worker.loop.run_for(30s);  // Nothing comes any more: what lies in the cell is not a sign of life again and again.
    CHECK(worker.stub.beats.size() <= sent + 1);
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
  }
  SECTION("without a value keeps the lease as well while an encoding hangs") {
    auto& context = worker.begin();
    worker.courier.blocked = true;
    context.heartbeat(1);
    for (int second = 0; second < 60; ++second) {
      worker.loop.run_for(1s);
      context.heartbeat();
    }
    CHECK_FALSE(context.stopped());
    worker.courier.release();
    worker.loop.run_for(8s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "1");
  }
  SECTION("that comes late while an encoding hangs wakes the loop and leaves at once") {
    auto& context = worker.begin();
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_for(9s);
    const auto sent = worker.stub.beats.size();
    context.heartbeat(2);
    worker.loop.run_ready();
    CHECK(worker.stub.beats.size() == sent + 1);
    worker.courier.release();
    worker.loop.run_for(20s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("with details that cannot be encoded fails the attempt with that error") {
    auto& context = worker.begin();
    context.heartbeat(std::string("\xff"));
    worker.loop.run_ready();
    CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
    worker.end(outcome_of_stop(context.stop_causes(), false, worker.executor.inputs.back().attempt->details_failure()));
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "HeartbeatDetailsError");
  }
  SECTION("with details that are too large never leaves") {
    auto& context = worker.begin();
    context.heartbeat(std::string(2000, 'x'));
    worker.loop.run_for(1min);
    CHECK(context.stopped());
    for (const auto& beat : worker.stub.beats) CHECK(text_of(beat.params.details).size() < 1000);
  }
}

TEST_CASE("the newest details", "[worker][report]") {
  FakeWorker worker;
  SECTION("travel inside the failure report") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    worker.fail();
    REQUIRE(worker.stub.failed.size() == 1);
    REQUIRE(worker.stub.failed[0].params.last_heartbeat_details);
    CHECK(text_of(*worker.stub.failed[0].params.last_heartbeat_details) == "2");
    CHECK(worker.stub.beats.size() == 2);
  }
  SECTION("do not travel twice") {
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    worker.fail();
    CHECK_FALSE(worker.stub.failed.at(0).params.last_heartbeat_details);
  }
  SECTION("go first in a heartbeat when the server does not take them there") {
    worker.stub.system.activity_failure_include_heartbeat = false;
    auto& context = worker.begin();
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    worker.fail();
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "2");
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK_FALSE(worker.stub.failed[0].params.last_heartbeat_details);
  }
  SECTION("go first before canceled") {
    worker.stub.flags.cancel_requested = true;
    auto& context = worker.begin();
    CHECK(context.stop_causes() == std::vector{StopCause::kCanceled});
    CHECK(context.stop_token().stop_requested());
    context.heartbeat(1);
    worker.end(AttemptCanceled{});
    CHECK(text_of(worker.stub.beats.back().params.details) == "1");
    CHECK(worker.stub.canceled.size() == 1);
    CHECK(worker.machine->stats().canceled == 1);
  }
  SECTION("are waited for although a heartbeat would not have waited so long") {
    auto& context = worker.begin();
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_for(1s);
    context.heartbeat(2);
    worker.fail();
    worker.loop.run_for(1500ms);
    CHECK(worker.stub.failed.empty());
    worker.courier.release();
    worker.loop.run_ready();
    REQUIRE(worker.stub.failed.size() == 1);
    REQUIRE(worker.stub.failed[0].params.last_heartbeat_details);
    CHECK(text_of(*worker.stub.failed[0].params.last_heartbeat_details) == "2");
  }
  SECTION("are waited for no longer than a worker that stops has time") {
    auto& context = worker.begin();
    const bool returned = GENERATE(true, false);
    worker.courier.blocked = true;
    std::optional<std::vector<std::string>> left;
    worker.machine->stop(0s, 10s, [&](std::vector<std::string> names) { left = std::move(names); });
    worker.loop.run_for(8900ms);
    context.heartbeat(1);
    if (returned) worker.fail();
    worker.loop.run_for(1s);
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].at <= worker.loop.now() - 300ms);
    worker.loop.run_for(1s);
    REQUIRE(left);
    CHECK(left->size() == (returned ? 0 : 1));
    worker.courier.release();
    worker.loop.run_for(1min);
  }
  SECTION("are not waited for when the courier is blocked") {
    auto& context = worker.begin();
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.fail();
    CHECK(worker.stub.failed.empty());
    worker.loop.run_for(3s);
    CHECK(worker.stub.failed.size() == 1);
    worker.courier.release();
    worker.loop.run_for(1min);
  }
}

TEST_CASE("save_now", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  auto& attempt = *worker.executor.inputs.back().attempt;
  context.heartbeat(1);
  worker.loop.run_ready();
  SECTION("does not wait for the throttle") {
    CHECK(attempt.save_now({make_payload("json/plain", "2")}, 0s).error().code ==
          ErrorCode::kDeadlineExceeded);  // Nobody ran the loop.
    worker.loop.run_ready();
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("says so when the value is too large") {
    CHECK_FALSE(attempt.save_now({make_payload("json/plain", std::string(2000, 'x'))}, 0s));
    const auto beats = worker.stub.beats.size();
    worker.loop.run_ready();
    CHECK(worker.stub.beats.size() == beats);
  }
}

TEST_CASE("save_now with the longest of all timeouts waits for its answer", "[worker][heartbeat]") {
  FakeWorker worker;
  const Lease lease(worker.loop.now(), 10s, 0s);
  Attempt attempt(FakeWorker::task(), "q", {}, worker.clock, lease, 1);
  auto answer = std::async(std::launch::async, [&] { return attempt.save_now({}, std::chrono::nanoseconds::max()); });
  std::vector<UrgentSave> saves;
  while (saves.empty()) saves = attempt.take_urgent_saves();
  CHECK(answer.wait_for(10ms) == std::future_status::timeout);
  saves[0].settle(Result<>());
  CHECK(answer.get());
}

TEST_CASE("a lease that is not renewed", "[worker][lease]") {
  FakeWorker worker;
  auto& context = worker.begin();
  worker.stub.answers_beats = false;
  const auto start = worker.loop.now();
  context.heartbeat(1);
  SECTION("sets the flags before the server's timeout can have fired") {
    worker.loop.run_until(start + 9499ms);
    CHECK_FALSE(context.stopped());
    worker.loop.run_until(start + 9500ms);
    CHECK(context.stopped());
    CHECK(context.lost_token().stop_requested());
    CHECK(context.stop_causes() == std::vector{StopCause::kLeaseLost});
    CHECK(worker.machine->stats().leases_lost == 1);
  }
  SECTION("is not extended by failed sends") {
    for (auto now = start; now < start + 11s; now += 100ms) {
      worker.loop.run_until(now);
      if (!worker.stub.beats.empty()) worker.stub.beats.back().done(unavailable("x"));
    }
    CHECK(context.stopped());
  }
  SECTION("ends without a report when the function notices") {
    worker.loop.run_until(start + 10s);
    worker.end(outcome_of_stop(context.stop_causes(), true, {}));
    CHECK(worker.stub.failed.empty());
    CHECK(worker.stub.canceled.empty());
    CHECK(worker.machine->stats().abandoned == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("does not bound a finished result") {
    worker.loop.run_until(start + 10s);
    worker.end(AttemptCompleted{});
    CHECK(worker.stub.completed.size() == 1);
  }
}

TEST_CASE("an attempt the server does not know", "[worker][report]") {
  FakeWorker worker;
  auto& context = worker.begin();
  worker.stub.answers_beats = false;
  context.heartbeat(1);
  worker.loop.run_ready();
  worker.stub.beats.back().done(not_found("gone"));
  worker.loop.run_ready();
  CHECK(context.stop_causes() == std::vector{StopCause::kNotFound});
  SECTION("ends quietly, whatever it returns") {
    worker.end(AttemptCompleted{});
    CHECK(worker.stub.completed.empty());
    CHECK(worker.machine->stats().abandoned == 1);
  }
  SECTION("sends no further heartbeats") {
    const auto sent = worker.stub.beats.size();
    for (int i = 0; i < 10; ++i) context.heartbeat(i);
    worker.loop.run_for(1min);
    CHECK(worker.stub.beats.size() == sent);
  }
}

TEST_CASE("a report", "[worker][report]") {
  FakeWorker worker;
  worker.begin();
  worker.stub.answers_reports = false;
  SECTION("is repeated while the server is away, and heartbeats go on for it") {
    worker.end(AttemptCompleted{{make_payload("json/plain", "9")}});
    const auto beats = worker.stub.beats.size();
    for (int i = 0; i < 20; ++i) {
      worker.stub.completed.back().done(unavailable("x"));
      worker.loop.run_for(3s);
      REQUIRE(worker.stub.completed.size() == static_cast<std::size_t>(i) + 2);
    }
    CHECK(worker.stub.beats.size() > beats + 5);
    CHECK(worker.machine->stats().slots_used == 1);
    worker.stub.completed.back().done(StatusOr<>());
    worker.loop.run_ready();
    CHECK(worker.machine->stats().completed == 1);
    CHECK(worker.machine->stats().slots_used == 0);
    CHECK(worker.machine->stats().reports_repeated == 20);
  }
  SECTION("is given up a minute after the attempt's time") {
    worker.end(AttemptCompleted{});
    for (int i = 0; i < 5000 && worker.machine->stats().slots_used > 0; ++i) {
      worker.stub.completed.back().done(unavailable("x"));
      worker.loop.run_for(3s);
    }
    CHECK(worker.machine->stats().reports_given_up == 1);
    CHECK(worker.loop.now().time_since_epoch() >= 1000s + 61min);
  }
  SECTION("that answers NOT_FOUND after a lost answer is unknown, otherwise stale") {
    worker.end(AttemptCompleted{});
    const bool lost_answer = GENERATE(true, false);
    if (lost_answer) {
      worker.stub.completed.back().done(Status{StatusCode::kDeadlineExceeded, "", {}});
      worker.loop.run_for(3s);
    }
    worker.stub.completed.back().done(not_found("x"));
    worker.loop.run_ready();
    CHECK(worker.machine->stats().reports_unknown == (lost_answer ? 1 : 0));
    CHECK(worker.machine->stats().reports_stale == (lost_answer ? 0 : 1));
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("with a result too large becomes a failure that says so") {
    worker.end(AttemptCompleted{{make_payload("json/plain", std::string(2000, 'x'))}});
    CHECK(worker.stub.completed.empty());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "ResultTooLarge");
  }
  SECTION("is measured as the server measures it, with all that is around the data") {
    const auto result_of = [](std::size_t bytes) {
      return Payloads{make_payload("json/plain", std::string(bytes, 'x'))};
    };
    const std::size_t most = 1000 - (wire_size(result_of(500)) - 500);
    REQUIRE(wire_size(result_of(most)) == 1000);
    const std::size_t bytes = GENERATE_COPY(most - 1, most, most + 1);
    worker.end(AttemptCompleted{result_of(bytes)});
    if (bytes <= most) {
      CHECK(worker.stub.failed.empty());
      CHECK(worker.stub.completed.size() == 1);
    } else {
      CHECK(worker.stub.completed.empty());
      REQUIRE(worker.stub.failed.size() == 1);
      CHECK(worker.stub.failed[0].params.failure.message == "the result has 1001 bytes, the server takes 1000");
    }
  }
  SECTION("that the server refuses is replaced by its refusal once") {
    worker.end(AttemptCompleted{});
    worker.stub.completed.back().done(invalid_argument("nope"));
    worker.loop.run_ready();
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK_THAT(worker.stub.failed[0].params.failure.message, ContainsSubstring("nope"));
    worker.stub.failed.back().done(invalid_argument("nope"));
    worker.loop.run_ready();
    CHECK(worker.machine->stats().reports_given_up == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
}

TEST_CASE("heartbeat details are measured as the server measures them", "[worker][attempt][size]") {
  FakeWorker worker;
  auto& context = worker.begin();
  const auto details_of = [](std::size_t bytes) { return make_payload("json/plain", std::string(bytes, 'x')); };
  const std::size_t most = 1000 - (wire_size(Payloads{details_of(500)}) - 500);
  REQUIRE(wire_size(Payloads{details_of(most)}) == 1000);
  const std::size_t bytes = GENERATE_COPY(most - 1, most, most + 1);
  context.heartbeat(details_of(bytes));
  worker.loop.run_ready();
  const auto failure = worker.executor.inputs.back().attempt->details_failure();
  if (bytes <= most) {
    CHECK(worker.stub.beats.back().params.details == Payloads{details_of(bytes)});
    CHECK_FALSE(failure.has_value());
  } else {
    CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
    REQUIRE(failure.has_value());
    CHECK_THAT(failure->message, ContainsSubstring("1001 bytes, the server takes 1000"));
  }
}
