// A worker whose client has codecs that take long, or never end.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec_room.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

TEST_CASE("a codec that takes long", "[worker][codec]") {
  CodecRoom room;
  auto& worker = room.worker;
  SECTION("runs on the courier, while heartbeats keep the attempt") {
    worker.courier.blocked = true;
    auto task = room.task();
    task.heartbeat_details = room.on_the_wire("3");
    const auto came = task.heartbeat_details;
    room.give(std::move(task));
    CHECK(room.begun() == 0);
    worker.loop.run_for(100ms);
    REQUIRE(worker.stub.beats.size() == 1);
    CHECK(worker.stub.beats[0].params.details == came);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(room.begun() == 1);
  }
  SECTION("on the result does not cost the lease") {
    worker.begin(room.task());
    worker.courier.blocked = true;
    worker.end(AttemptCompleted{{json("42")}});
    CHECK(worker.stub.completed.empty());
    const auto beats = worker.stub.beats.size();
    worker.loop.run_for(30s);
    CHECK(worker.stub.beats.size() > beats + 2);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(worker.stub.completed.size() == 1);
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("on the arguments does not hold up a worker that stops") {
    worker.courier.blocked = true;
    room.give(room.task());
    std::optional<std::vector<std::string>> left;
    worker.machine->stop(0s, 2s, [&](auto names) { left = std::move(names); });
    worker.loop.run_for(3s);
    REQUIRE(left);
    REQUIRE(left->size() == 1);
    CHECK_THAT(left->front(), StartsWith("ingest 'a' (attempt 1), codecs decode its input, begun "));
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "WorkerShutdown");
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(room.begun() == 0);
  }
  SECTION("on the result does not hold up a worker that stops") {
    worker.begin(room.task());
    worker.courier.blocked = true;
    worker.end(AttemptCompleted{{json("42")}});
    std::optional<std::vector<std::string>> left;
    worker.machine->stop(0s, 2s, [&](auto names) { left = std::move(names); });
    worker.loop.run_for(3s);
    REQUIRE(left);
    CHECK(left->size() == 1);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(worker.stub.completed.empty());
  }
  SECTION("on the details of a cancellation is not waited for by a worker that stops") {
    worker.begin(room.task());
    worker.courier.blocked = true;
    worker.end(AttemptCanceled{{json("1")}});
    worker.machine->stop(0s, 2s, [](auto) {});
    worker.loop.run_for(2s);
    REQUIRE(worker.stub.canceled.size() == 1);
    CHECK(worker.stub.canceled[0].params.details.empty());
  }
  SECTION("is told of, and told apart from a function that does not end") {
    const Lines lines;
    worker.courier.blocked = true;
    room.give(room.task());
    worker.machine->stop(0s, 1min, [](auto) {});
    worker.loop.run_for(30s);
    CHECK_THAT(lines.all(), ContainsSubstring("ingest 'a' (attempt 1) is not begun, codecs decode its input, begun") &&
                                !ContainsSubstring("does not end"));
    CHECK(worker.machine->stats().attempts_stuck == 0);
  }
}

TEST_CASE("codecs that never give an outcome back", "[worker][codec]") {
  CodecRoom room;
  auto& worker = room.worker;
  worker.begin(room.task());
  worker.courier.blocked = true;
  const Lines lines;
  worker.end(AttemptCompleted{{json("42")}});
  SECTION("are told of, and keep the slot only as long as the outcome could count") {
    worker.loop.run_for(11s);
    CHECK_THAT(lines.all(), ContainsSubstring("ingest 'a' (attempt 1) has ended and is not reported: the codecs have "
                                              "its result and do not end, begun 10 s ago"));
    worker.loop.run_for(59min);
    CHECK(worker.machine->stats().slots_used == 1);
    worker.loop.run_for(2min);
    CHECK(worker.machine->stats().slots_used == 0);
    CHECK(worker.machine->stats().reports_given_up == 1);
  }
  SECTION("do not keep it when the server does not know the attempt any more") {
    worker.stub.answers_beats = false;
    const auto before = worker.stub.beats.size();
    worker.loop.run_for(5s);
    REQUIRE(worker.stub.beats.size() > before);
    worker.stub.beats.back().done(Status{StatusCode::kNotFound, "gone", {}});
    worker.loop.run_ready();
    CHECK(worker.machine->stats().slots_used == 0);
    CHECK_THAT(lines.all(), ContainsSubstring("is given up: the server does not know the attempt any more"));
  }
  worker.courier.release();
  worker.loop.run_ready();
  CHECK(worker.stub.completed.empty());
}

TEST_CASE("codecs that decode the input for longer than the lease", "[worker][codec][lease]") {
  CodecRoom room;
  auto& worker = room.worker;
  auto task = room.task();
  task.heartbeat = 1s;
  task.heartbeat_details = room.on_the_wire("3");
  const auto came = task.heartbeat_details;
  worker.courier.blocked = true;
  SECTION("do not cost it: heartbeats go on, with the details that were there") {
    room.give(std::move(task));
    worker.loop.run_for(3s);
    CHECK(room.begun() == 0);
    REQUIRE(worker.stub.beats.size() >= 4);
    CHECK(worker.stub.beats.size() <= 5);  // And no more than the throttle has.
    CHECK(worker.stub.beats.back().params.details == came);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(room.begun() == 1);
    CHECK(worker.machine->stats().leases_lost == 0);
    SECTION("and the function's first heartbeat has the whole of it again") {
      const auto before = worker.stub.beats.size();
      worker.loop.run_for(900ms);
      CHECK(worker.stub.beats.size() == before + 1);  // The worker's own.
      CHECK_FALSE(worker.executor.inputs.back().attempt->look());
    }
    SECTION("and does not wait for an interval") {
      ActivityContext context(worker.executor.inputs.back().attempt);
      context.heartbeat(5);
      worker.loop.run_ready();
      CHECK(room.read(worker.stub.beats.back().params.details) == "5");
    }
  }
  SECTION("hear with them that the activity is to stop") {
    room.give(std::move(task));
    worker.stub.flags.cancel_requested = true;
    worker.loop.run_for(3s);
    worker.courier.release();
    worker.loop.run_ready();
    REQUIRE(room.begun() == 1);
    CHECK(worker.executor.inputs.back().attempt->causes() == std::vector{StopCause::kCanceled});
  }
  SECTION("do not keep a lease that the server does not renew") {
    worker.stub.answers_beats = false;
    room.give(std::move(task));
    worker.loop.run_for(1s);
    CHECK(worker.machine->stats().leases_lost == 1);
    const auto beats = worker.stub.beats.size();
    worker.loop.run_for(10s);
    CHECK(worker.stub.beats.size() == beats);
  }
  SECTION("send none for an attempt that has no heartbeat timeout") {
    task.heartbeat = 0s;
    room.give(std::move(task));
    worker.loop.run_for(1min);
    CHECK(worker.stub.beats.empty());
  }
  worker.courier.release();
  worker.loop.run_ready();
}

TEST_CASE("codecs that do not end are told of by the attempt's name", "[worker][codec][stuck]") {
  CodecRoom room;
  auto& worker = room.worker;
  auto task = room.task();
  task.heartbeat = 5min;  // Nothing here is about the lease.
  const Lines lines;
  const auto told = [&] {
    const std::string all = lines.all();
    return std::count(all.begin(), all.end(), '\n');
  };
  SECTION("with the input, although nobody asks the attempt to stop") {
    worker.courier.blocked = true;
    room.give(std::move(task));
    worker.loop.run_for(9s);
    CHECK(told() == 0);
    worker.loop.run_for(1min);
    CHECK(told() == 1);
    CHECK_THAT(lines.all(), StartsWith("ingest 'a' (attempt 1) is not begun, codecs decode its input, begun 10 s ago, "
                                       "last heartbeat acknowledged "));
  }
  SECTION("with the input and what the last attempt has left") {
    task.heartbeat_details = room.on_the_wire("3");
    worker.courier.blocked = true;
    room.give(std::move(task));
    worker.loop.run_for(10s);
    CHECK_THAT(lines.all(), ContainsSubstring("decode its input and the last attempt's heartbeat details, begun 10 s"));
  }
  SECTION("with heartbeat details, once however many follow") {
    auto& context = worker.begin(std::move(task));
    worker.courier.blocked = true;
    const bool by_save = GENERATE(false, true);
    const auto beat = [&] {
      if (!by_save) return context.heartbeat(1);
      CHECK_FALSE(worker.executor.inputs.back().attempt->save_now({json("1")}, 0s));
    };
    beat();
    worker.loop.run_for(9s);
    CHECK(told() == 0);
    worker.loop.run_for(1s);
    CHECK_THAT(lines.all(),
               StartsWith("ingest 'a' (attempt 1): the codecs or converters have its heartbeat details and "
                          "do not end, begun 10 s ago"));
    worker.courier.release();
    worker.loop.run_ready();
    worker.courier.blocked = true;
    for (int i = 0; i < 100; ++i) {
      beat();
      worker.loop.run_for(1s);
    }
    CHECK(told() == 1);
  }
  SECTION("with heartbeat details of an attempt that has ended since") {
    auto& context = worker.begin(std::move(task));
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_ready();
    worker.end(AttemptCompleted{});
    REQUIRE(worker.machine->stats().slots_used == 0);
    worker.loop.run_for(1min);
    CHECK(told() == 1);
    CHECK_THAT(lines.all(), ContainsSubstring("have its heartbeat details and do not end"));
  }
  SECTION("and slow ones that end in time are not") {
    worker.courier.blocked = true;
    room.give(std::move(task));
    worker.loop.run_for(9s);
    worker.courier.release();
    worker.loop.run_ready();
    ActivityContext context(worker.executor.inputs.back().attempt);
    worker.courier.blocked = true;
    context.heartbeat(1);
    worker.loop.run_for(9s);
    worker.courier.release();
    worker.loop.run_for(1min);
    CHECK(told() == 0);
  }
  worker.courier.release();
  worker.loop.run_ready();
}
