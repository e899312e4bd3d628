#include "core/wire_format.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/failure_attributes.h"
#include "core/outcome.h"
#include "core/wire_size.h"
#include "longbeat/data_converter.h"
#include "longbeat/json.h"
#include "support/catch.h"
#include "support/toy_codecs.h"

using namespace longbeat;
using namespace longbeat::internal;
using Catch::Matchers::StartsWith;
using longbeat::test::Reversing;
using Mood = Reversing::Mood;

namespace {

Payload json(const std::string& text) {
  return make_payload("json/plain", text);
}

Failure failure_with(const std::string& message, const std::string& detail, std::shared_ptr<const Failure> cause = {}) {
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.message = message;
  failure.stack_trace = "at " + message;
  failure.details = {json(detail)};
  failure.cause = std::move(cause);
  return failure;
}

struct Room {
  std::shared_ptr<Reversing> inner = std::make_shared<Reversing>("binary/inner");
  std::shared_ptr<Reversing> outer = std::make_shared<Reversing>("binary/outer");
  WireFormat format{{inner, outer}, false};
};

}  // namespace

TEST_CASE("codecs make a chain", "[core][codec]") {
  Room room;
  const Payloads plain{json("1"), make_payload("binary/null", "")};
  SECTION("whose last one makes what is sent, and whose first one makes what is read") {
    const auto sent = room.format.encode(plain).value();
    REQUIRE(sent.size() == 2);
    CHECK(encoding_of(sent[0]) == "binary/outer");
    CHECK(room.format.decode(sent).value() == plain);
    const auto half = WireFormat({room.outer}, false).decode(sent).value();
    CHECK(encoding_of(half[0]) == "binary/inner");
  }
  SECTION("that lets unknown encodings pass") {
    CHECK(room.format.decode(plain).value() == plain);
  }
  SECTION("that is not asked for nothing") {
    CHECK(room.format.encode(Payloads()).value().empty());
    CHECK(room.inner->encodes == 0);
  }
  SECTION("of none changes nothing") {
    const WireFormat none;
    CHECK_FALSE(none.changes_payloads());
    CHECK(none.encode(plain).value() == plain);
    CHECK_FALSE(none.changes(failure_with("m", "1")));
  }
}

TEST_CASE("a codec that fails is named, with what it said", "[core][codec]") {
  Room room;
  const auto [mood, said] = GENERATE(table<Mood, const char*>({
      {Mood::kRefuses, "Unavailable: no key"},
      {Mood::kThrows, "Internal: out of keys"},
      {Mood::kThrowsOddly, "it threw something that is not a std::exception"},
  }));
  SECTION("when encoding") {
    room.outer->when_encoding = mood;
    const auto error = room.format.encode({json("1")}).error();
    CHECK(error.code == ErrorCode::kUndecodable);
    CHECK_THAT(error.message, ContainsSubstring("codec 2 of 2 (`longbeat::test::Reversing`) cannot encode: "));
    CHECK_THAT(error.message, ContainsSubstring(said));
  }
  SECTION("when decoding") {
    room.inner->when_decoding = mood;
    const auto error = room.format.decode({json("1")}).error();
    CHECK_THAT(error.message, ContainsSubstring("codec 1 of 2 (`longbeat::test::Reversing`) cannot decode: "));
    CHECK_THAT(error.message, ContainsSubstring(said));
  }
}

namespace {

/// Says too much.
class Talker final : public WireCodec {
 public:
  Result<Payloads> encode(Payloads) override {
    return Error{ErrorCode::kInternal, "bad\nkey\xff " + std::string(600, '*') + "end"};
  }
  Result<Payloads> decode(Payloads) override {
    throw std::runtime_error("[json.exception.parse_error.101] last read: '" + std::string(100, '*') + "secret'");
  }
};

}  // namespace

TEST_CASE("what a codec says comes on one line, not in any length", "[core][codec]") {
  const WireFormat format({std::make_shared<Talker>()}, false);
  const auto encoding = format.encode({json("1")}).error().message;
  CHECK_THAT(encoding, ContainsSubstring("Talker`) cannot encode: Internal: bad\\nkey\\xff ***"));
  CHECK_THAT(encoding, Catch::Matchers::EndsWith("**..."));
  CHECK(encoding.size() < 700);
  const auto decoding = format.decode({json("1")}).error().message;
  CHECK_THAT(decoding, Catch::Matchers::EndsWith("last read: '" + std::string(28, '*') + "..."));
}

TEST_CASE("a codec makes as many payloads as it is given, or fewer", "[core][codec]") {
  Room room;
  SECTION("but not none") {
    room.inner->when_encoding = Mood::kLosesAll;
    CHECK_THAT(room.format.encode({json("1")}).error().message, ContainsSubstring("it made 0 payloads of 1"));
  }
  SECTION("and not more") {
    room.inner->when_encoding = Mood::kMakesMore;
    CHECK_THAT(room.format.encode({json("1")}).error().message, ContainsSubstring("it made 2 payloads of 1"));
  }
}

TEST_CASE("payloads that could not be decoded go on as they came, when they are sent again", "[core][codec]") {
  Room room;
  const auto sent = room.format.encode({json("1"), json("2")}).value();
  room.outer->when_decoding = Mood::kRefuses;
  auto kept = room.format.decode_or_mark(sent);
  room.outer->when_decoding = Mood::kWorks;
  REQUIRE(kept[0].metadata.contains(kDecodeError));
  SECTION("without the mark") {
    CHECK(room.format.encode(kept).value() == sent);
  }
  SECTION("but what is put beside them never goes out unencoded") {
    kept.push_back(json("secret"));
    const auto mixed = room.format.encode(kept).value();
    REQUIRE(mixed.size() == 3);
    CHECK(encoding_of(mixed[2]) == "binary/outer");
    const auto read = room.format.decode(mixed).value();
    CHECK(read[0] == sent[0]);
    CHECK(read[2].data == "secret");
  }
}

TEST_CASE("a failure travels through codecs", "[core][codec]") {
  Room room;
  const Failure plain = failure_with("outside", "1", std::make_shared<const Failure>(failure_with("inside", "2")));
  SECTION("with its details and those of its causes") {
    const auto sent = room.format.encode(plain).value();
    CHECK(encoding_of(sent.details[0]) == "binary/outer");
    CHECK(encoding_of(sent.cause->details[0]) == "binary/outer");
    CHECK(sent.message == "outside");
    const auto read = room.format.decode(sent);
    CHECK(read.details == plain.details);
    CHECK(read.cause->details == plain.cause->details);
  }
  SECTION("with its texts, when they are to be hidden") {
    const WireFormat hiding({room.outer}, true);
    const auto sent = hiding.encode(plain).value();
    CHECK(sent.message == "Encoded failure");
    CHECK(sent.cause->message == "Encoded failure");
    CHECK(sent.stack_trace.empty());
    REQUIRE(sent.encoded_attributes);
    CHECK(encoding_of(*sent.encoded_attributes) == "binary/outer");
    const auto read = room.format.decode(sent);  // Whatever this client hides itself.
    CHECK(read.message == "outside");
    CHECK(read.stack_trace == "at outside");
    CHECK(read.cause->message == "inside");
    CHECK_FALSE(read.encoded_attributes);
  }
  SECTION("with hidden texts also where there are no codecs, and no details") {
    Failure bare = plain;
    bare.details.clear();
    const WireFormat hiding({}, true);
    CHECK(hiding.changes(bare));
    const auto sent = hiding.encode(bare).value();
    CHECK(sent.encoded_attributes->data == R"({"message":"outside","stack_trace":"at outside"})");
    CHECK(WireFormat().decode(sent).message == "outside");
  }
  SECTION("with what was noted after its texts had been hidden") {
    auto sent = WireFormat({room.outer}, true).encode(plain).value();
    sent.message += " (without its details: too large)";
    CHECK(room.format.decode(sent).message == "outside (without its details: too large)");
    sent.message = "Text of another program";
    CHECK(room.format.decode(sent).message == "outside");
  }
  SECTION("and hides nothing twice") {
    const WireFormat hiding({room.outer}, true);
    const auto once = hiding.encode(plain).value();
    CHECK(hiding.encode(once).value().encoded_attributes == once.encoded_attributes);
  }
  SECTION("and stays readable as far as it can be decoded") {
    const auto sent = WireFormat({room.outer}, true).encode(plain).value();
    room.outer->when_decoding = Mood::kRefuses;
    const auto read = WireFormat({room.outer}, false).decode(sent);
    CHECK_THAT(read.message, ContainsSubstring("Encoded failure (codec 1 of 1"));
    CHECK_THAT(read.message, ContainsSubstring("(details: codec 1 of 1"));
    CHECK(encoding_of(read.details[0]) == "binary/outer");
    const auto error = DataConverter().from_payload<int>(read.details[0]).error();
    CHECK_THAT(error.message, ContainsSubstring("is not a `int`: codec 1 of 1"));
  }
  SECTION("and says so when a codec makes nothing of its hidden texts") {
    const auto sent = WireFormat({room.outer}, true).encode(plain).value();
    room.outer->when_decoding = Mood::kLosesAll;
    const auto read = WireFormat({room.outer}, false).decode(sent);
    CHECK(read.message == "Encoded failure (encoded_attributes: not one payload)");
    CHECK(read.encoded_attributes == sent.encoded_attributes);
  }
  SECTION("and goes on, when it could not be read, as it came") {
    const auto sent = room.format.encode(plain).value();
    room.outer->when_decoding = Mood::kRefuses;
    Failure around = failure_with("around", "3", std::make_shared<const Failure>(room.format.decode(sent)));
    room.outer->when_decoding = Mood::kWorks;
    const auto again = room.format.encode(around).value();
    CHECK(again.cause->details == sent.details);
    CHECK(again.cause->cause->details == sent.cause->details);
    const auto read = room.format.decode(again);
    CHECK(read.details == around.details);
    CHECK(read.cause->details == plain.details);
    CHECK(read.cause->cause->details == plain.cause->details);
  }
  SECTION("and does not wait for codecs when all it says is longbeat's own") {
    const WireFormat hiding({room.outer}, true);
    CHECK_FALSE(hiding.changes(worker_shutdown_failure()));
    CHECK_FALSE(hiding.changes(completion_lost_failure()));
    CHECK(hiding.encode(worker_shutdown_failure()).value().message == worker_shutdown_failure().message);
    Failure pretender = worker_shutdown_failure();
    pretender.message += " secret";
    CHECK(hiding.changes(pretender));
    Failure with_more = worker_shutdown_failure();
    with_more.cause = std::make_shared<const Failure>(plain);
    CHECK(hiding.changes(with_more));
  }
  SECTION("with hidden texts that are JSON, whatever bytes they were") {
    Failure odd;
    odd.message = "caf\xe9";
    odd.stack_trace = "\xff";
    CHECK(WireFormat().decode(WireFormat({}, true).encode(odd).value()).message == "caf?");
  }
  SECTION("and stays hidden for a client without the codec") {
    const auto sent = WireFormat({room.outer}, true).encode(plain).value();
    const auto read = WireFormat().decode(sent);
    CHECK(read.message == "Encoded failure");
    CHECK(read.encoded_attributes);
  }
  SECTION("whose size counts what was hidden") {
    const auto sent = WireFormat({}, true).encode(plain).value();
    Failure without = sent;
    without.encoded_attributes.reset();
    CHECK(wire_size(sent) > wire_size(without) + sent.encoded_attributes->data.size());
  }
}

TEST_CASE("requests and answers of a client go through its codecs", "[core][codec]") {
  Room room;
  StartActivityParams start;
  start.input = {json("1"), json("2")};
  start.summary = json("\"s\"");
  start.details = json("\"d\"");
  start.header["h"] = json("3");
  start.search_attributes["a"] = json("4");
  SECTION("a start with input and user metadata, without header and search attributes") {
    const auto sent = encode(room.format, start).value();
    CHECK(encoding_of(sent.input[1]) == "binary/outer");
    CHECK(encoding_of(*sent.summary) == "binary/outer");
    CHECK(encoding_of(*sent.details) == "binary/outer");
    CHECK(sent.header == start.header);
    CHECK(sent.search_attributes == start.search_attributes);
  }
  SECTION("a start that cannot be encoded names the field") {
    room.inner->when_encoding = Mood::kRefuses;
    CHECK_THAT(encode(room.format, start).error().message, ContainsSubstring("input: codec 1 of 2"));
    start.input.clear();
    CHECK_THAT(encode(room.format, start).error().message, ContainsSubstring("summary: codec 1 of 2"));
  }
  SECTION("an outcome with its result, or with its failure") {
    ActivityOutcome outcome;
    outcome.result = room.format.encode(start.input).value();
    CHECK(decode(room.format, outcome).value().result == start.input);
    room.outer->when_decoding = Mood::kThrows;
    CHECK_THAT(decode(room.format, outcome).error().message, ContainsSubstring("result: codec 2 of 2"));
    outcome.result.reset();
    outcome.failure = failure_with("m", "1");
    CHECK_THAT(decode(room.format, outcome).value().failure->message, StartsWith("m (details: codec 2 of 2 "));
  }
  SECTION("a description with everything in it, as far as it can be decoded") {
    internal::ActivityDescription description;
    description.heartbeat_details = room.format.encode({json("1")}).value();
    description.input = room.format.encode({json("2")}).value();
    description.summary = room.format.encode_single(json("3")).value();
    description.last_failure = room.format.encode(failure_with("m", "4")).value();
    description.outcome.emplace().result = room.format.encode({json("5")}).value();
    const auto read = decode(room.format, description);
    CHECK(read.heartbeat_details[0].data == "1");
    CHECK(read.input->front().data == "2");
    CHECK(read.summary->data == "3");
    CHECK(read.last_failure->details[0].data == "4");
    CHECK(read.outcome->result->front().data == "5");
    room.outer->when_decoding = Mood::kRefuses;
    const auto hidden = decode(room.format, description);
    CHECK(hidden.heartbeat_details[0].data == description.heartbeat_details[0].data);
    CHECK_THAT(DataConverter().from_payload<int>(hidden.heartbeat_details[0]).error().message,
               ContainsSubstring("no key"));
  }
}

TEST_CASE("texts of a failure are read as any SDK writes them", "[core][codec]") {
  const auto read = [](const std::string& text) { return failure_attributes(make_payload("json/plain", text)); };
  using Attributes = FailureAttributes;
  SECTION("with escapes, spaces, and members of other versions") {
    CHECK(read(R"( { "stack_trace" : "a\n\tb" , "message":"\u00e4\ud83d\ude00\"\\\/" } )") ==
          Attributes{"ä😀\"\\/", "a\n\tb"});
    CHECK(read(R"({"more":[1,{"x":"}"},"]"],"n":-1.5e3,"t":true,"message":"m","z":null})") == Attributes{"m", ""});
    CHECK(read(R"({"message":null,"stack_trace":""})") == Attributes{});
    CHECK(read("{}") == Attributes{});
  }
  SECTION("as we write them") {
    const Attributes odd{std::string("\x01\x1f\"\\\r\n") + "ä", "t"};
    CHECK(failure_attributes(to_payload(odd)) == odd);
    CHECK(nlohmann::json::parse(to_payload(odd).data).at("message") == odd.message);
  }
  SECTION("but not what is no such JSON") {
    for (const char* text :
         {"", "{", "[]", "1", R"({"message")", R"({"message":})", R"({"message":"a)", R"({"a":1,})",
          R"({"message":"\ud800"})", R"({"message":"\u12"})", R"({"message":"\q"})", R"({} x)", R"({"a":[1})"}) {
      INFO(text);
      CHECK_FALSE(read(text));
    }
    CHECK_FALSE(failure_attributes(make_payload("binary/plain", "{}")));
  }
}

TEST_CASE("a payload's bytes", "[core][codec]") {
  const Payload payload{{{"encoding", "json/plain"}, {"", std::string(300, 'x')}}, std::string("\0\xff", 2)};
  SECTION("give the payload back") {
    CHECK(parse_payload(serialize_payload(payload)).value() == payload);
    CHECK(parse_payload(serialize_payload(Payload())).value() == Payload());
    CHECK(serialize_payload(payload).size() == wire_size(payload));
  }
  SECTION("may hold fields of other versions") {
    const std::string unknown("\x18\x05\x25\x01\x02\x03\x04\x29\x01\x02\x03\x04\x05\x06\x07\x08\x32\x01z", 19);
    CHECK(parse_payload(unknown + serialize_payload(payload)).value() == payload);
  }
  SECTION("cut anywhere but between fields are refused") {
    const auto bytes = serialize_payload(Payload{{}, "12345"});
    for (std::size_t length = 1; length < bytes.size(); ++length)
      CHECK(parse_payload(bytes.substr(0, length)).error().code == ErrorCode::kUndecodable);
    CHECK_FALSE(parse_payload(std::string("\x0b", 1)));
    CHECK_FALSE(parse_payload(std::string(11, '\xff')));
  }
}
