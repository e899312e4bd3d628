// A worker whose client has codecs.
#include <memory>

#include "core/wire_size.h"
#include "fake_worker.h"
#include "longbeat/checkpoint.h"
#include "support/catch.h"
#include "support/toy_codecs.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;
using Mood = Reversing::Mood;

namespace {

Payload json(const std::string& text) {
  return make_payload("json/plain", text);
}

struct Room {
  explicit Room(bool hides_texts = false, bool has_codec = true)
      : worker(2, std::chrono::seconds(60),
               has_codec ? WireFormat({codec}, hides_texts) : WireFormat({}, hides_texts)) {}

  std::shared_ptr<Reversing> codec = std::make_shared<Reversing>();
  WireFormat format{{codec}, false};
  FakeWorker worker;

  Payloads on_the_wire(const std::string& text) const { return format.encode({json(text)}).value(); }
  ActivityTask task() const {
    auto task = FakeWorker::task();
    task.input = on_the_wire("7");
    return task;
  }
  std::string read(const Payloads& sent) const { return text_of(format.decode(sent).value()); }
  std::size_t begun() const { return worker.executor.inputs.size(); }
  /// As begin(), for tasks that do not get as far as the function.
  void give(ActivityTask task) {
    worker.start();
    worker.stub.give(std::move(task));
    worker.loop.run_ready();
  }
};

bool is_encoded(const Payloads& payloads) {
  return payloads.size() == 1 && encoding_of(payloads[0]) == "binary/reversed";
}

}  // namespace

TEST_CASE("what travels to and from a worker goes through its codecs", "[worker][codec]") {
  Room room;
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
  Room room(true, has_codec);
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
}

TEST_CASE("a codec that fails", "[worker][codec]") {
  Room room;
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
    room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    room.worker.end(AttemptCompleted{{json("42")}});
    is_codec_failure("the activity's result: ");
  }
  SECTION("on new heartbeat details stops the attempt, which fails with that") {
    auto& context = room.worker.begin(room.task());
    room.codec->when_encoding = mood;
    context.heartbeat(5);
    room.worker.loop.run_for(1s);
    CHECK(context.stop_causes() == std::vector{StopCause::kBrokenDetails});
    room.worker.end(room.worker.stopped());
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].params.failure.type == "HeartbeatDetailsError");
    CHECK_THAT(failed[0].params.failure.message, ContainsSubstring("codec 1 of 1"));
  }
  SECTION("on the details of a failure leaves the failure what it is") {
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
  }
  SECTION("on texts that are to be hidden shows none of them") {
    Room hiding(true);
    hiding.worker.begin();
    hiding.codec->when_encoding = mood;
    hiding.worker.end(AttemptFailed{application_failure("Own", "secret")});
    REQUIRE(hiding.worker.stub.failed.size() == 1);
    CHECK_THAT(hiding.worker.stub.failed[0].params.failure.message,
               StartsWith("Encoded failure (") && !ContainsSubstring("secret"));
  }
}

TEST_CASE("a codec that takes long", "[worker][codec]") {
  Room room;
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
}
