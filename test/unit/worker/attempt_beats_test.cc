// What heartbeats promise, on the virtual clock. The test plays activity and server.
#include <limits>
#include <stdexcept>

#include "core/outcome.h"
#include "support/catch.h"
#include "unit/worker/fake_worker.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

/// A value whose copies can fail, as those of user types can.
struct Touchy {
  Touchy() = default;
  Touchy(const Touchy&) { throw std::runtime_error("no copy today"); }
};

}  // namespace

template <>
struct longbeat::PayloadCodec<Touchy> {
  static Payload encode(const Touchy&) { return make_payload("json/plain", "1"); }
  static longbeat::Result<Touchy> decode(const Payload&) { return Touchy(); }
};

TEST_CASE("the worker's own first beat waits a moment", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.just_begun(FakeWorker::task());
  const auto begun = worker.loop.now();
  SECTION("and then leaves by itself") {
    worker.loop.run_for(1s);
    REQUIRE(worker.stub.beats.size() == 1);
    CHECK(worker.stub.beats[0].at == begun + FakeWorker::kOwnBeatPause);
  }
  SECTION("and does not come when the activity has ended by then") {
    worker.loop.run_for(FakeWorker::kOwnBeatPause - 1ns);
    worker.end(AttemptCompleted{});
    worker.loop.run_for(9s);
    CHECK(worker.stub.beats.empty());
    CHECK(worker.stub.completed.size() == 1);
  }
  SECTION("and does not come when the activity's first one has left by then, which counts") {
    context.heartbeat(1);
    worker.loop.run_ready();
    REQUIRE(worker.stub.beats.size() == 1);
    context.heartbeat(2);
    worker.loop.run_for(7999ms);
    CHECK(worker.stub.beats.size() == 1);
    worker.loop.run_for(1ms);
    CHECK(worker.stub.beats.size() == 2);
  }
  SECTION("that is shorter where the heartbeat timeout is short") {
    worker.just_begun(FakeWorker::task(50ms));
    worker.loop.run_for(1ms);
    CHECK(worker.stub.beats.size() == 1);
  }
}

TEST_CASE("the worker's own first beat", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  REQUIRE(worker.stub.beats.size() == 1);
  CHECK(worker.stub.beats[0].at == worker.loop.now());
  SECTION("does not delay the activity's first one") {
    context.heartbeat(1);
    worker.loop.run_ready();
    REQUIRE(worker.stub.beats.size() == 2);
    CHECK(worker.stub.beats[1].at == worker.stub.beats[0].at);
  }
  SECTION("is not repeated for an activity that is silent") {
    worker.loop.run_for(9s);
    CHECK(worker.stub.beats.size() == 1);
  }
}

TEST_CASE("the pause between two heartbeats counts from the send, however late its answer comes",
          "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  worker.stub.answers_beats = false;
  context.heartbeat(1);
  worker.loop.run_ready();
  const auto sent_at = worker.stub.beats.back().at;
  context.heartbeat(2);
  worker.loop.run_for(1900ms);
  worker.stub.beats.back().done(HeartbeatFlags{});
  worker.loop.run_for(6099ms);
  CHECK(worker.stub.beats.size() == 2);
  worker.loop.run_for(1ms);
  REQUIRE(worker.stub.beats.size() == 3);
  CHECK(worker.stub.beats[2].at - sent_at == 8s);
}

TEST_CASE("nothing older is sent after something newer", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  auto& attempt = *worker.executor.inputs.back().attempt;
  SECTION("when the older one is still being encoded as the newer one takes the fast way") {
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_ready();
    static_cast<void>(attempt.save_now({make_payload("json/plain", "2")}, 0s));
    worker.loop.run_ready();
    worker.loop.run_for(500ms);  // The encoding is late: the newest bytes there are go out.
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
    worker.courier.release();
    for (int i = 0; i < 5; ++i) {
      context.heartbeat();
      worker.loop.run_for(8s);
    }
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("when the send of the older one fails after the newer one came") {
    worker.stub.answers_beats = false;
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    worker.stub.beats.back().done(unavailable("x"));
    worker.loop.run_for(1s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "2");
  }
  SECTION("in the failure report") {
    context.heartbeat(1);
    worker.loop.run_ready();
    context.heartbeat(2);
    static_cast<void>(attempt.save_now({make_payload("json/plain", "3")}, 0s));
    worker.stub.answers_beats = false;
    worker.loop.run_ready();
    worker.fail();
    REQUIRE(worker.stub.failed.size() == 1);
    REQUIRE(worker.stub.failed[0].params.last_heartbeat_details);
    CHECK(text_of(*worker.stub.failed[0].params.last_heartbeat_details) == "3");
  }
}

TEST_CASE("details that cannot be sent", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  SECTION("because they do not encode fail the attempt with that error, retryably") {
    context.heartbeat(std::string("\xff"));
    worker.loop.run_ready();
    worker.end(worker.stopped());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "HeartbeatDetailsError");
    CHECK_FALSE(worker.stub.failed[0].params.failure.non_retryable);
  }
  SECTION("because their copy fails do so too, with the reason") {
    context.heartbeat(Touchy());
    worker.loop.run_ready();
    worker.end(worker.stopped());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK_THAT(worker.stub.failed[0].params.failure.message, ContainsSubstring("no copy today"));
  }
  SECTION("because their copy fails stop it at once for whoever listens") {
    std::vector<StopCause> heard;
    const auto registration = context.on_stop([&](StopCause cause) { heard.push_back(cause); });
    worker.loop.run_ready();
    context.heartbeat(Touchy());
    worker.loop.run_ready();
    CHECK(heard == std::vector{StopCause::kBrokenDetails});
  }
  SECTION("because they are too large fail it without having left, with their size") {
    context.heartbeat(std::string(2000, 'x'));
    worker.loop.run_for(5s);
    CHECK(worker.stub.beats.size() > 1);  // The lease is kept while the function cleans up.
    for (const auto& beat : worker.stub.beats) CHECK(beat.params.details.empty());
    worker.end(worker.stopped());
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK_FALSE(worker.stub.failed[0].params.failure.non_retryable);
    CHECK_THAT(worker.stub.failed[0].params.failure.message, ContainsSubstring("the server takes 1000"));
    CHECK_FALSE(worker.stub.failed[0].params.last_heartbeat_details);
  }
  SECTION("because the server refuses them fail it, and beats go on with the last good ones") {
    context.heartbeat(1);
    worker.loop.run_for(8s);
    worker.stub.answers_beats = false;
    context.heartbeat(2);
    worker.loop.run_ready();
    worker.stub.beats.back().done(invalid_argument("no twos"));
    worker.loop.run_for(1s);
    CHECK(text_of(worker.stub.beats.back().params.details) == "1");
    CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
    worker.end(worker.stopped());
    CHECK_THAT(worker.stub.failed.at(0).params.failure.message, ContainsSubstring("no twos"));
  }
}

TEST_CASE("a heartbeat after the attempt's end is ignored and counted", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  worker.end(AttemptCompleted{});
  const auto sent = worker.stub.beats.size();
  context.heartbeat(1);
  context.heartbeat();
  context.checkpoint<int>().save(2);
  worker.loop.run_for(1min);
  CHECK(worker.stub.beats.size() == sent);
  CHECK(worker.machine->stats().heartbeats_ignored == 3);
  CHECK(context.save_now(1s, 3).error().code == ErrorCode::kLeaseLost);
}

TEST_CASE("last details that cannot be encoded do not hold up the report", "[worker][heartbeat][report]") {
  FakeWorker worker;
  auto& context = worker.begin();
  context.heartbeat(1);
  worker.loop.run_ready();
  context.heartbeat(std::string("\xff"));
  worker.fail();
  REQUIRE(worker.stub.failed.size() == 1);
  CHECK_FALSE(worker.stub.failed[0].params.last_heartbeat_details);
  CHECK(worker.machine->stats().slots_used == 0);
  CHECK(worker.machine->stats().heartbeats_ignored == 0);
}

TEST_CASE("no amount of work delays a heartbeat", "[worker][heartbeat]") {
  FakeWorker worker(1);
  auto& context = worker.begin();
  context.heartbeat(0);
  worker.loop.run_ready();
  const auto first = worker.stub.beats.back().at;
  const auto sent = worker.stub.beats.size();
  SECTION("a million calls between two sends make one send, of the newest, at its time") {
    for (int i = 1; i <= 1'000'000; ++i) context.heartbeat(i);
    CHECK(worker.loop.armed_timers() < 20);
    worker.loop.run_for(8s);
    REQUIRE(worker.stub.beats.size() == sent + 1);
    CHECK(text_of(worker.stub.beats.back().params.details) == "1000000");
    CHECK(worker.stub.beats.back().at - first == 8s);
  }
  SECTION("values that come faster than the courier encodes do not keep each other from leaving") {
    worker.courier.blocked = true;
    int value = 0;
    for (int step = 0; step < 30'000; ++step) {  // A minute: every 2 ms a value, and the one before is encoded.
      worker.courier.release();
      worker.courier.blocked = true;
      context.heartbeat(++value);
      worker.loop.run_for(2ms);
    }
    CHECK_FALSE(context.stopped());
    CHECK(worker.stub.beats.size() - sent >= 7);
    CHECK(worker.stub.beats.back().at - first >= 48s);
    CHECK(value - std::stoi(text_of(worker.stub.beats.back().params.details)) < 8'000);
  }
  SECTION("repeats that never pause") {
    worker.loop.run_for(8s);
    const auto before = worker.stub.beats.size();
    for (int step = 0; step < 1000; ++step) {
      context.heartbeat();
      worker.loop.run_for(10ms);
    }
    CHECK(worker.stub.beats.size() - before == 2);
  }
  SECTION("all slots taken by activities that do not return") {
    CHECK(worker.machine->stats().slots_used == worker.machine->stats().slots_total);
    context.heartbeat(1);
    worker.loop.run_for(8s);
    CHECK(worker.stub.beats.back().at - first == 8s);
  }
  SECTION("a courier blocked for ever") {
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_for(9s);
    REQUIRE(worker.stub.beats.size() == sent + 1);
    CHECK(worker.stub.beats.back().at - first <= 8s + 500ms);
  }
}

TEST_CASE("save_now of the context", "[worker][heartbeat]") {
  FakeWorker worker;
  auto& context = worker.begin();
  SECTION("sends several values at once, past the throttle") {
    context.heartbeat(0);
    worker.loop.run_ready();
    CHECK(context.save_now(0s, 1, std::string("two")).error().code == ErrorCode::kDeadlineExceeded);
    worker.loop.run_ready();
    REQUIRE(worker.stub.beats.back().params.details.size() == 2);
    CHECK(worker.stub.beats.back().params.details[1].data == "\"two\"");
  }
  SECTION("says at once that a value cannot be encoded, and the attempt goes on") {
    CHECK(context.save_now(1s, std::string("\xff")).error().code == ErrorCode::kUndecodable);
    CHECK_FALSE(context.stopped());
  }
}

TEST_CASE("an attempt that is left to somebody else", "[worker][report]") {
  FakeWorker worker;
  auto& context = worker.begin();
  context.heartbeat(1);
  worker.loop.run_ready();
  SECTION("is not reported, and its slot is free") {
    CHECK(context.complete_later().release().bytes == "token");
    worker.end(AttemptCompleted{{make_payload("json/plain", "ignored")}});
    worker.loop.run_for(1h);
    CHECK(worker.stub.completed.empty());
    CHECK(worker.machine->stats().handed_over == 1);
    CHECK(worker.machine->stats().completed == 0);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("sends its newest details first, and no heartbeat after that") {
    context.heartbeat(2);
    const auto late = context.complete_later();
    worker.stub.answers_beats = false;
    worker.end(AttemptCompleted{});
    REQUIRE(worker.stub.beats.size() == 3);
    CHECK(text_of(worker.stub.beats[2].params.details) == "2");
    CHECK(worker.machine->stats().slots_used == 1);
    worker.stub.beats[2].done(unavailable("x"));
    worker.loop.run_for(1s);
    REQUIRE(worker.stub.beats.size() == 4);
    worker.stub.beats[3].done(HeartbeatFlags{});
    worker.loop.run_for(1h);
    CHECK(worker.stub.beats.size() == 4);
    CHECK(worker.machine->stats().handed_over == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("does not wait for its details longer than the lease lasts") {
    context.heartbeat(2);
    const auto late = context.complete_later();
    worker.stub.answers_beats = false;
    worker.end(AttemptCompleted{});
    for (int i = 0; i < 200 && worker.machine->stats().slots_used > 0; ++i) {
      worker.stub.beats.back().done(unavailable("x"));
      worker.loop.run_for(100ms);
    }
    CHECK(worker.machine->stats().handed_over == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("fails as usual when its function throws after all") {
    const auto late = context.complete_later();
    worker.fail();
    CHECK(worker.stub.failed.size() == 1);
    CHECK(worker.machine->stats().handed_over == 0);
  }
  SECTION("is abandoned when the server does not know it any more") {
    const auto late = context.complete_later();
    worker.stub.answers_beats = false;
    worker.loop.run_for(8s);
    context.heartbeat(3);
    worker.loop.run_ready();
    worker.stub.beats.back().done(not_found("gone"));
    worker.loop.run_ready();
    worker.end(AttemptCompleted{});
    CHECK(worker.machine->stats().abandoned == 1);
    CHECK(worker.machine->stats().handed_over == 0);
  }
}
