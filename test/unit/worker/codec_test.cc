// A worker whose client has codecs.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "codec_room.h"
#include "core/wire_size.h"
#include "longbeat/checkpoint.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

namespace {

bool is_encoded(const Payloads& payloads) {
  return payloads.size() == 1 && encoding_of(payloads[0]) == "binary/reversed";
}

}  // namespace

TEST_CASE("what travels to and from a worker goes through its codecs", "[worker][codec]") {
  CodecRoom room;
  auto& stub = room.worker.stub;
  SECTION("arguments and heartbeat details, before the function sees them") {
    auto task = room.task();
    task.heartbeat_details = room.on_the_wire("3");
    auto& context = room.worker.begin(std::move(task));
    CHECK(text_of(context.raw_input()) == "7");
    CHECK(*context.checkpoint<int>() == 3);
  }
  SECTION("but not those of programs without the codec") {
    auto task = room.task();
    task.input = {json("8")};
    CHECK(text_of(room.worker.begin(std::move(task)).raw_input()) == "8");
  }
  SECTION("nor the header") {
    auto task = room.task();
    task.header["trace"] = room.on_the_wire("1").front();
    CHECK(room.worker.begin(task).info().header == task.header);
  }
  SECTION("the result") {
    room.worker.begin(room.task());
    room.worker.end(AttemptCompleted{{json("42")}});
    REQUIRE(stub.completed.size() == 1);
    CHECK(is_encoded(stub.completed[0].params.result));
    CHECK(room.read(stub.completed[0].params.result) == "42");
    CHECK(room.worker.machine->stats().completed == 1);
  }
  SECTION("heartbeat details") {
    room.worker.begin(room.task()).heartbeat(5);
    room.worker.loop.run_for(10s);
    CHECK(is_encoded(stub.beats.back().params.details));
    CHECK(room.read(stub.beats.back().params.details) == "5");
  }
  SECTION("heartbeat details of earlier attempts, which are repeated as they came") {
    auto task = room.task();
    task.heartbeat_details = room.on_the_wire("3");
    const auto came = task.heartbeat_details;
    room.worker.begin(std::move(task)).heartbeat();
    room.worker.loop.run_for(10s);
    CHECK(stub.beats.back().params.details == came);
    CHECK(room.codec->encodes == 2);  // The two of this test.
  }
  SECTION("failures, their causes, and the last details inside them") {
    stub.answers_beats = false;
    room.worker.begin(room.task()).heartbeat(1);
    room.worker.loop.run_ready();
    Failure inner = application_failure("Inner", "inside");
    inner.details = {json("1")};
    Failure failure = application_failure("Outer", "outside");
    failure.details = {json("2")};
    failure.cause = std::make_shared<const Failure>(inner);
    room.worker.end(AttemptFailed{failure});
    REQUIRE(stub.failed.size() == 1);
    const auto& sent = stub.failed[0].params;
    CHECK(sent.failure.message == "outside");
    CHECK(room.read(sent.failure.details) == "2");
    CHECK(is_encoded(sent.failure.cause->details));
    CHECK(room.read(sent.last_heartbeat_details.value()) == "1");
  }
  SECTION("so that limits count what is sent") {
    room.worker.begin(room.task());
    room.worker.end(AttemptCompleted{{json(std::string(950, 'x'))}});
    REQUIRE(stub.failed.size() == 1);
    CHECK(stub.failed[0].params.failure.type == "ResultTooLarge");
  }
}

TEST_CASE("a worker that hides texts of failures", "[worker][codec]") {
  const bool has_codec = GENERATE(true, false);
  CodecRoom room(true, has_codec);
  auto& sent = room.worker.stub.failed;
  SECTION("hides the activity's own") {
    room.worker.begin();
    room.worker.end(AttemptFailed{application_failure("Own", "secret")});
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].params.failure.message == "Encoded failure");
    CHECK(sent[0].params.failure.type == "Own");
    CHECK(room.format.decode(sent[0].params.failure).message == "secret");
  }
  SECTION("hides those of a failure that is too large, and says so all the same") {
    room.worker.begin();
    Failure large = application_failure("Own", "secret");
    large.details = {json(std::string(3000, 'x'))};
    room.worker.end(AttemptFailed{large});
    REQUIRE(sent.size() == 1);
    CHECK_THAT(sent[0].params.failure.message, StartsWith("Encoded failure (without its details: the failure has "));
    CHECK_THAT(room.format.decode(sent[0].params.failure).message,
               StartsWith("secret (without its details: the failure has "));
  }
  SECTION("reports its own shutdown") {
    room.worker.begin();
    room.worker.machine->stop(0s, 1s, [](auto) {});
    room.worker.loop.run_for(1s);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].params.failure.type == "WorkerShutdown");
  }
  SECTION("hides nothing in it, so that codecs that hang do not hold it up") {
    room.worker.begin();
    room.worker.courier.blocked = true;
    room.worker.machine->stop(0s, 2s, [](auto) {});
    room.worker.loop.run_for(2s);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].params.failure.message == worker_shutdown_failure().message);
    CHECK(room.worker.machine->stats().reports_given_up == 0);
  }
  SECTION("reports a failure without its texts when codecs hang until the worker's end") {
    room.worker.begin();
    room.worker.courier.blocked = true;
    Failure own = application_failure("Own", "secret", true);
    own.next_retry_delay = 3s;
    room.worker.end(AttemptFailed{own});
    room.worker.machine->stop(0s, 2s, [](auto) {});
    room.worker.loop.run_for(1800ms);
    CHECK(sent.empty());
    room.worker.loop.run_for(200ms);
    REQUIRE(sent.size() == 1);
    const auto& failure = sent[0].params.failure;
    CHECK(failure.message == "Encoded failure (without its details: the codecs have not ended in time)");
    CHECK(failure.type == "Own");
    CHECK(failure.non_retryable);
    CHECK(failure.next_retry_delay == 3s);
    room.worker.courier.release();
    room.worker.loop.run_ready();
    CHECK(sent.size() == 1);
  }
}

TEST_CASE("save_now goes through the codecs", "[worker][codec]") {
  CodecRoom room;
  auto& worker = room.worker;
  auto& context = worker.begin(room.task());
  auto& attempt = *worker.executor.inputs.back().attempt;
  const auto save = [&](int value) {
    CHECK_FALSE(attempt.save_now({json(std::to_string(value))}, 0s));  // Nobody waits for it any more.
    worker.loop.run_ready();
  };
  const auto last_beat = [&] { return room.read(worker.stub.beats.back().params.details); };
  worker.courier.blocked = true;
  SECTION("one value at a time, and only the newest of those that nobody waits for") {
    const int before = room.codec->encodes;
    for (int value = 0; value < 100; ++value) save(value);
    CHECK(worker.courier.held.size() == 1);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(room.codec->encodes == before + 2);
    CHECK(last_beat() == "99");
  }
  SECTION("also for the failure that follows a save that has timed out") {
    save(5);
    save(6);
    worker.fail();
    CHECK(worker.stub.failed.empty());
    worker.courier.release();
    worker.loop.run_ready();
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(room.read(worker.stub.failed[0].params.last_heartbeat_details.value()) == "6");
  }
  SECTION("also for a failure that is encoded itself") {
    save(5);
    Failure own = application_failure("Own", "boom");
    own.details = {json("1")};
    worker.end(AttemptFailed{own});
    worker.courier.release();
    worker.loop.run_ready();
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(room.read(worker.stub.failed[0].params.last_heartbeat_details.value()) == "5");
  }
  SECTION("also when the worker stops and no longer waits for the function") {
    save(5);
    worker.machine->stop(0s, 10s, [](auto) {});
    worker.loop.run_for(9s);
    CHECK(worker.stub.failed.empty());
    worker.courier.release();
    worker.loop.run_ready();
    REQUIRE(worker.stub.failed.size() == 1);
    CHECK(worker.stub.failed[0].params.failure.type == "WorkerShutdown");
    CHECK(room.read(worker.stub.failed[0].params.last_heartbeat_details.value()) == "5");
  }
  SECTION("but holds no report up for long") {
    save(5);
    context.heartbeat(6);
    worker.fail();
    worker.loop.run_for(3s);
    CHECK(worker.stub.failed.size() == 1);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK(worker.machine->stats().slots_used == 0);
  }
  SECTION("and a codec's error is the caller's, and nobody else's") {
    room.codec->when_encoding = Mood::kRefuses;
    save(5);
    save(6);
    worker.courier.release();
    worker.loop.run_ready();
    CHECK_FALSE(context.stopped());
    room.codec->when_encoding = Mood::kWorks;
    save(7);
    CHECK(last_beat() == "7");
  }
  SECTION("and what a codec refuses shows all the same that the function goes on") {
    worker.courier.blocked = false;
    save(5);
    CHECK(last_beat() == "5");
    room.codec->when_encoding = Mood::kRefuses;
    for (int i = 0; i < 10; ++i) {
      save(6);
      worker.loop.run_for(4s);
    }
    CHECK_FALSE(attempt.lost());
    CHECK(last_beat() == "5");  // Older details, in the throttle's time.
    CHECK(worker.stub.beats.size() < 8);
    worker.loop.run_for(11s);
    CHECK(attempt.lost());
  }
}

TEST_CASE("a codec that fails", "[worker][codec]") {
  CodecRoom room;
  auto& failed = room.worker.stub.failed;
  const auto mood = GENERATE(Mood::kRefuses, Mood::kThrows, Mood::kThrowsOddly);
  const auto is_codec_failure = [&](const char* what) {
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].params.failure.type == "WireCodecError");
    CHECK_FALSE(failed[0].params.failure.non_retryable);
    CHECK_THAT(failed[0].params.failure.message,
               StartsWith(what) && ContainsSubstring("codec 1 of 1 (`longbeat::test::Reversing`)"));
    CHECK(room.worker.machine->stats().slots_used == 0);
  };
  SECTION("on the arguments fails the attempt retryably, and the function is not begun") {
    auto task = room.task();
    room.codec->when_decoding = mood;
    room.give(std::move(task));
    CHECK(room.begun() == 0);
    is_codec_failure("the activity's arguments: ");
  }
  SECTION("on old heartbeat details likewise") {
    auto task = room.task();
    task.input.clear();
    task.heartbeat_details = room.on_the_wire("3");
    room.codec->when_decoding = mood;
    room.give(std::move(task));
    CHECK(room.begun() == 0);
    is_codec_failure("the heartbeat details of the last attempt: ");
  }
  SECTION("on the result fails the attempt retryably") {
    const Lines lines;
    room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    room.worker.end(AttemptCompleted{{json("42")}});
    is_codec_failure("the activity's result: ");
    CHECK_THAT(lines.all(),
               StartsWith("ingest 'a' (attempt 1) fails instead of completing: the activity's result: codec 1 of 1"));
  }
  SECTION("on the result loses nothing of what the attempt has saved: the next one goes on from there") {
    auto& context = room.worker.begin(room.task());
    context.heartbeat(1);
    room.worker.loop.run_for(100ms);
    context.heartbeat(2);  // The throttle holds it back.
    room.worker.courier.blocked = true;
    room.codec->when_encoding = mood;
    room.worker.end(AttemptCompleted{{json("42")}});
    CHECK(failed.empty());
    room.worker.courier.release();
    room.codec->when_encoding = Mood::kWorks;
    room.worker.loop.run_ready();
    is_codec_failure("the activity's result: ");
    const auto& inside = failed[0].params.last_heartbeat_details;
    CHECK(room.read(inside ? *inside : room.worker.stub.beats.back().params.details) == "2");
  }
  SECTION("on new heartbeat details stops the attempt, which fails with that") {
    const Lines lines;
    auto& context = room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    for (int value = 0; value < 5; ++value) {
      context.heartbeat(value);
      room.worker.loop.run_for(1s);
    }
    CHECK_THAT(
        lines.all(),
        StartsWith("ingest 'a' (attempt 1): its heartbeat details are not sent, it is asked to stop: codec 1 of 1"));
    const std::string all = lines.all();
    CHECK(std::count(all.begin(), all.end(), '\n') == 1);  // However many follow.
    CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
    room.worker.end(room.worker.stopped());
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].params.failure.type == "HeartbeatDetailsError");
    CHECK(failed[0].params.failure.source == "longbeat");
    CHECK_THAT(failed[0].params.failure.message, ContainsSubstring("codec 1 of 1"));
  }
  SECTION("on the details of a cancellation reports it without them") {
    const Lines lines;
    room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    room.worker.end(AttemptCanceled{{json("1")}});
    REQUIRE(room.worker.stub.canceled.size() == 1);
    CHECK(room.worker.stub.canceled[0].params.details.empty());
    CHECK_THAT(lines.all(),
               StartsWith("ingest 'a' (attempt 1) is reported as canceled without its details: codec 1 of 1"));
  }
  SECTION("on the details of a failure leaves the failure what it is") {
    const Lines lines;
    room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    Failure own = application_failure("Own", "boom", true);
    own.details = {json("1")};
    own.next_retry_delay = 3s;
    room.worker.end(AttemptFailed{own});
    REQUIRE(failed.size() == 1);
    const auto& sent = failed[0].params.failure;
    CHECK(sent.type == "Own");
    CHECK(sent.non_retryable);
    CHECK(sent.next_retry_delay == 3s);
    CHECK(sent.details.empty());
    CHECK_THAT(sent.message, StartsWith("boom (without its details: details of the failure: codec 1 of 1"));
    CHECK_THAT(lines.all(),
               StartsWith("ingest 'a' (attempt 1) fails without its details: details of the failure: codec 1 of 1"));
  }
  SECTION("on texts that are to be hidden shows none of them") {
    CodecRoom hiding(true);
    hiding.worker.begin();
    hiding.codec->when_encoding = mood;
    hiding.worker.end(AttemptFailed{application_failure("Own", "secret")});
    REQUIRE(hiding.worker.stub.failed.size() == 1);
    CHECK_THAT(hiding.worker.stub.failed[0].params.failure.message,
               StartsWith("Encoded failure (") && !ContainsSubstring("secret"));
  }
}
