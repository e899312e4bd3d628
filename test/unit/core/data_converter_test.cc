#include "longbeat/data_converter.h"

#include "longbeat/activity.h"
#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;

namespace {

struct Progress {
  std::uint64_t offset = 0, records = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, offset, records)

constexpr Activity<Progress(std::string, int)> kIngest{"ingest"};

struct NoCodec {};

}  // namespace

static_assert(kIngest.name() == "ingest");
static_assert(internal::HasPayloadCodec<Progress>);
static_assert(internal::HasPayloadCodec<std::string>);
static_assert(!internal::HasPayloadCodec<NoCodec>);
static_assert(!internal::HasPayloadCodec<const char*>);

TEST_CASE("values travel", "[converter]") {
  const DataConverter converter;
  SECTION("as JSON") {
    const auto payloads = converter.to_payloads(Progress{5, 2}, "text", 3);
    REQUIRE(payloads);
    REQUIRE(payloads->size() == 3);
    CHECK((*payloads)[0] == internal::make_payload("json/plain", R"({"offset":5,"records":2})"));
    CHECK((*payloads)[1].data == "\"text\"");
    const auto back = converter.from_payloads<std::tuple<Progress, std::string, int>>(*payloads);
    REQUIRE(back);
    CHECK(std::get<0>(*back).offset == 5);
    CHECK(std::get<1>(*back) == "text");
  }
  SECTION("as bytes, nothing, and as they are") {
    const std::vector<std::byte> bytes{std::byte{1}, std::byte{0}};
    const auto payload = converter.to_payload(bytes);
    REQUIRE(payload);
    CHECK(internal::encoding_of(*payload) == "binary/plain");
    CHECK(converter.from_payload<std::vector<std::byte>>(*payload).value() == bytes);
    CHECK(internal::encoding_of(converter.to_payload(nullptr).value()) == "binary/null");
    const Payloads raw{internal::make_payload("x", "y"), internal::make_payload("z", "")};
    CHECK(converter.to_payloads(raw).value() == raw);
    CHECK(std::get<0>(converter.from_payloads<std::tuple<Payloads>>(raw).value()) == raw);
  }
  SECTION("nothing also when another SDK sends null for it") {
    CHECK(converter.from_payloads<std::tuple<>>({}));
    CHECK(converter.from_payloads<std::tuple<>>({internal::make_payload("binary/null", "")}));
    CHECK(converter.from_result<void>({}));
  }
}

TEST_CASE("what cannot be converted is an error that names the type", "[converter]") {
  const DataConverter converter;
  const auto refused = [&](const Payload& payload) { return converter.from_payload<Progress>(payload).error(); };
  SECTION("with broken JSON") {
    CHECK(refused(internal::make_payload("json/plain", "{")).code == ErrorCode::kUndecodable);
    CHECK_THAT(refused(internal::make_payload("json/plain", "{")).message, ContainsSubstring("Progress"));
  }
  SECTION("with another shape") {
    CHECK(refused(internal::make_payload("json/plain", "[1]")).code == ErrorCode::kUndecodable);
  }
  SECTION("with another encoding") {
    CHECK_THAT(refused(internal::make_payload("binary/plain", "x")).message, ContainsSubstring("binary/plain"));
  }
  SECTION("with another number of values") {
    CHECK_THAT(
        (converter.from_payloads<std::tuple<int, int>>({internal::make_payload("json/plain", "1")}).error().message),
        ContainsSubstring("expected 2 values, found 1"));
  }
  SECTION("when a value has no JSON") {
    CHECK(converter.to_payload(std::string("\xff")).error().code == ErrorCode::kUndecodable);
  }
  SECTION("with the place of the bad one") {
    const Payloads payloads{internal::make_payload("json/plain", "1"), internal::make_payload("json/plain", "\"x\"")};
    CHECK_THAT((converter.from_payloads<std::tuple<int, int>>(payloads).error().message),
               ContainsSubstring("value 2 of 2: the payload (json/plain, 3 bytes: \"x\") is not a `int`: "));
  }
  SECTION("and the payload's encoding and beginning") {
    using Catch::Matchers::StartsWith;
    const auto message = [&](const std::string& encoding, const std::string& data) {
      return refused(internal::make_payload(encoding, data)).message;
    };
    const std::string name = ") is not a `(anonymous namespace)::Progress`: ";
    CHECK_THAT(message("json/plain", R"({"offset":"two"})"),
               StartsWith(R"(the payload (json/plain, 16 bytes: {"offset":"two"})" + name));
    CHECK_THAT(message("json/plain", "[\n\xff\x01]"),
               StartsWith(R"(the payload (json/plain, 5 bytes: [\x0a\xff\x01])" + name));
    CHECK_THAT(message("json/plain", ""), StartsWith("the payload (json/plain, empty" + name));
    CHECK_THAT(message("", "7"), StartsWith("the payload (no encoding, 1 byte: 7" + name));
    CHECK_THAT(message("json/plain", std::string(41, '1')),
               StartsWith("the payload (json/plain, 41 bytes: " + std::string(40, '1') + "..." + name));
  }
}

TEST_CASE("an activity's name is checked", "[converter][activity]") {
  CHECK(validate_activity_name("ingest"));
  CHECK_FALSE(validate_activity_name(""));
  CHECK_FALSE(validate_activity_name("__temporal_x"));
  CHECK_FALSE(validate_activity_name(std::string(1001, 'x')));
  CHECK(dynamic_activity("any").name() == "any");
}
