// A client with codecs, and what it refuses to send for its size.
#include <memory>
#include <string>

#include "client_setup.h"
#include "support/toy_codecs.h"

using namespace longbeat;
using namespace longbeat::test;
using namespace std::chrono_literals;
using Mood = Reversing::Mood;

namespace {

constexpr Activity<int(std::string)> measure{"measure"};

struct Room {
  std::shared_ptr<Reversing> codec = std::make_shared<Reversing>();
  std::shared_ptr<FakeConnection> connection = std::make_shared<FakeConnection>();
  FakeService& service = connection->service;
  WireFormat format{{codec}, false};
  Client client = EagerClient::make(connection, {.codecs = {codec}});

  Result<ActivityHandle<int>> start(const std::string& text = "x") const {
    return client.start(measure, {.id = "a", .task_queue = "q", .start_to_close_timeout = 1min, .summary = "s"}, text);
  }
  Payloads on_the_wire(const std::string& text) const {
    return format.encode({make_payload("json/plain", text)}).value();
  }
};

}  // namespace

TEST_CASE("what travels to and from a client goes through its codecs", "[client][codec]") {
  Room room;
  SECTION("arguments and user metadata") {
    room.service.starts = {StartedActivity{"run-1", true, {}}};
    REQUIRE(room.start());
    const auto& sent = room.service.seen_starts.at(0);
    CHECK(encoding_of(sent.input.at(0)) == "binary/reversed");
    CHECK(room.format.decode(sent.input).value().at(0).data == "\"x\"");
    CHECK(encoding_of(sent.summary.value()) == "binary/reversed");
  }
  SECTION("a result") {
    room.service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{room.on_the_wire("7"), {}, 0}}};
    CHECK(room.client.handle<int>("a").result().value() == 7);
  }
  SECTION("a result of a worker without the codec") {
    room.service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{Payloads{make_payload("json/plain", "7")}, {}, 0}}};
    CHECK(room.client.handle<int>("a").result().value() == 7);
  }
  SECTION("a failure, with texts that its worker hid") {
    Failure failure;
    failure.kind = FailureKind::kApplication;
    failure.type = "Disk";
    failure.message = "full";
    failure.details = {make_payload("json/plain", "1")};
    auto hidden = WireFormat({room.codec}, true).encode(failure).value();
    room.service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{{}, std::move(hidden), 0}}};
    const auto error = room.client.handle<int>("a").result().error();
    CHECK(error.code == ErrorCode::kActivityFailed);
    CHECK(error.failure->message == "full");
    CHECK(error.failure->details.at(0).data == "1");
  }
}

TEST_CASE("a codec that fails ends a call with what it said", "[client][codec]") {
  Room room;
  const auto mood = GENERATE(Mood::kRefuses, Mood::kThrows, Mood::kThrowsOddly);
  SECTION("before anything is sent") {
    room.codec->when_encoding = mood;
    const auto started = room.start();
    CHECK(started.error().code == ErrorCode::kUndecodable);
    CHECK_THAT(started.error().message, ContainsSubstring("input: codec 1 of 1 (`longbeat::test::Reversing`)"));
    CHECK(room.service.seen_starts.empty());
  }
  SECTION("when a result cannot be decoded") {
    room.service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{room.on_the_wire("7"), {}, 0}}};
    room.codec->when_decoding = mood;
    const auto error = room.client.handle<int>("a").result().error();
    CHECK(error.code == ErrorCode::kUndecodable);
    CHECK_THAT(error.message, ContainsSubstring("result: codec 1 of 1"));
  }
  SECTION("but not one that tells how the activity failed") {
    Failure failure;
    failure.kind = FailureKind::kApplication;
    failure.message = "boom";
    failure.details = room.on_the_wire("1");
    room.service.outcomes = {PolledOutcome{"run-1", ActivityOutcome{{}, std::move(failure), 0}}};
    room.codec->when_decoding = mood;
    const auto error = room.client.handle<int>("a").result().error();
    CHECK(error.code == ErrorCode::kActivityFailed);
    CHECK_THAT(error.failure->message, ContainsSubstring("boom (details: codec 1 of 1"));
  }
}

TEST_CASE("what the namespace does not take is not sent", "[client][limits]") {
  Room room;
  room.codec->when_encoding = Mood::kWorks;
  SECTION("by the namespace's own limit, asked for once") {
    NamespaceInfo info;
    info.blob_size_limit_error = 20'000;
    room.service.namespaces.answers = {info};
    const auto refused = room.start(std::string(30'000, 'x')).error();
    CHECK(refused.code == ErrorCode::kInvalidArgument);
    CHECK_THAT(refused.message,
               ContainsSubstring("input has 300") && ContainsSubstring("bytes, the namespace takes 20000"));
    CHECK(room.start(std::string(30'000, 'x')).error().code == ErrorCode::kInvalidArgument);
    CHECK(room.service.namespaces.seen.size() == 1);
    CHECK(room.service.seen_starts.empty());
  }
  SECTION("by the size it has once encoded") {
    NamespaceInfo info;
    info.blob_size_limit_error = 30'030;
    room.service.namespaces.answers = {info};
    CHECK_THAT(room.start(std::string(30'000, 'x')).error().message, ContainsSubstring("input has 300"));
  }
  SECTION("and what is small is sent without asking") {
    room.service.starts = {StartedActivity{"run-1", true, {}}};
    CHECK(room.start());
    CHECK(room.service.namespaces.seen.empty());
  }
}
