// Payloads as the other SDKs put them on the wire, written out by hand from protocol.md §4.7 and the SDKs' converters.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/wire_format.h"
#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;
using internal::make_payload;

namespace {

struct Order {
  std::string id{};
  std::int64_t cents = 0;
  std::optional<std::string> note{};
  std::vector<std::string> tags{};
  std::map<std::string, double> weights{};
  std::chrono::sys_time<std::chrono::nanoseconds> at{};
  std::chrono::nanoseconds patience{};
  std::vector<std::byte> seal{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Order, id, cents, note, tags, weights, at, patience, seal)

template <class T>
T read(const std::string& encoding, const std::string& data) {
  return DataConverter().from_payload<T>(make_payload(encoding, data)).value();
}

const auto kAt = std::chrono::sys_time<std::chrono::nanoseconds>(1'795'299'102s);

}  // namespace

TEST_CASE("values of the Go SDK are read", "[converter][interop]") {
  // encoding/json: HTML characters escaped, time.Time with nanoseconds, time.Duration as a number of them, []byte in
  // Base64, nil slices and maps as null.
  const auto order = read<Order>("json/plain",
                                 "{\"id\":\"a\\u003cb\\u0026c\",\"cents\":9007199254740993,\"tags\":[\"x\"],"
                                 "\"weights\":{\"kg\":1e-07},\"at\":\"2026-11-21T22:11:42.000000001Z\","
                                 "\"patience\":90000000000,\"seal\":\"AQI=\"}");
  CHECK(order.id == "a<b&c");
  CHECK(order.cents == 9007199254740993);
  CHECK(order.weights.at("kg") == 1e-7);
  CHECK(order.at == kAt + 1ns);
  CHECK(order.patience == 90s);
  CHECK(order.seal.size() == 2);
  CHECK_FALSE(order.note);
  SECTION("nil slices and maps are null inside") {
    const auto empty = read<Order>("json/plain", R"({"id":"x","cents":1,"tags":null,"weights":null,"seal":null})");
    CHECK(empty.tags.empty());
    CHECK(empty.weights.empty());
    CHECK(read<std::vector<Order>>("json/plain", "null").empty());
  }
  SECTION("nil is binary/null, []byte is binary/plain") {
    CHECK_FALSE(read<std::optional<Order>>("binary/null", ""));
    CHECK(read<std::vector<std::byte>>("binary/plain", "ab").size() == 2);
    CHECK(DataConverter().from_result<void>({make_payload("binary/null", "")}));
  }
}

TEST_CASE("values of the Python SDK are read", "[converter][interop]") {
  // json.dumps(separators=(",", ":")), which escapes everything that is not ASCII; datetime.isoformat(); timedelta as
  // pydantic writes it; None as binary/null alone and null inside.
  const auto order =
      read<Order>("json/plain", R"({"id":"\u00e4\ud83d\ude00","cents":5,"note":null,"tags":[],"weights":{"kg":1.0},)"
                                R"("at":"2026-11-21T22:11:42+00:00","patience":"PT1M30S"})");
  CHECK(order.id == "ä😀");
  CHECK(order.at == kAt);
  CHECK(order.patience == 90s);
  CHECK(read<std::int64_t>("json/plain", "5") == 5);
  CHECK(read<double>("json/plain", "1e+16") == 1e16);
  SECTION("None, for what may be nothing") {
    CHECK_FALSE(read<std::optional<int>>("binary/null", ""));
    CHECK(read<std::nullptr_t>("binary/null", "") == nullptr);
    CHECK_FALSE(DataConverter().from_payload<int>(make_payload("binary/null", "")));
  }
  SECTION("but not what is no JSON at all") {
    CHECK_FALSE(DataConverter().from_payload<double>(make_payload("json/plain", "NaN")));
  }
}

TEST_CASE("values of the TypeScript SDK are read", "[converter][interop]") {
  // JSON.stringify: Date.toJSON() with milliseconds, whole floats without a point; undefined is binary/null.
  const auto order =
      read<Order>("json/plain", R"({"id":"x","cents":12,"tags":["a","b"],"weights":{"kg":2},)"
                                R"("at":"2026-11-21T22:11:42.000Z","patience":"PT90S","unknown":[1,{}]})");
  CHECK(order.cents == 12);
  CHECK(order.weights.at("kg") == 2);
  CHECK(order.at == kAt);
  CHECK(order.patience == 90s);
  CHECK_FALSE(read<std::optional<std::string>>("binary/null", ""));
  CHECK_FALSE(read<std::optional<std::string>>("json/plain", "null"));
  CHECK_FALSE(DataConverter().from_payload<std::int64_t>(make_payload("json/plain", "1e21")));
}

TEST_CASE("values of the Java SDK are read", "[converter][interop]") {
  // Jackson with JavaTimeModule: Instant as text, Duration as seconds with nine digits, byte[] in Base64.
  const auto order =
      read<Order>("json/plain", R"({"id":"x","cents":12,"note":null,"tags":null,"weights":{"kg":2.0E-7},)"
                                R"("at":"2026-11-21T22:11:42Z","patience":90.000000000,"seal":"AQI="})");
  CHECK(order.patience == 90s);
  CHECK(order.weights.at("kg") == 2e-7);
  CHECK(order.at == kAt);
  SECTION("and void is no payload at all") {
    CHECK(DataConverter().from_result<void>({}));
    CHECK_FALSE(DataConverter().from_result<std::optional<int>>({}).value());
    CHECK(DataConverter().from_result<std::nullptr_t>({}).value() == nullptr);
    CHECK_FALSE(DataConverter().from_result<int>({}));
  }
}

TEST_CASE("values go out in the standard encodings", "[converter][interop]") {
  const DataConverter converter;
  using Metadata = std::map<std::string, std::string>;
  CHECK(converter.to_payload(nullptr).value() == Payload{Metadata{{"encoding", "binary/null"}}, ""});
  CHECK(converter.to_payload(std::optional<int>()).value() == Payload{Metadata{{"encoding", "binary/null"}}, ""});
  CHECK(converter.to_payload(std::vector{std::byte{1}}).value() ==
        Payload{Metadata{{"encoding", "binary/plain"}}, "\x01"});
  CHECK(converter.to_payload(std::string("ä")).value() == Payload{Metadata{{"encoding", "json/plain"}}, "\"ä\""});
  CHECK(converter.to_payloads(1, std::string("b"), true).value().size() == 3);
}

TEST_CASE("what codecs of the Go SDK make is read by a codec alike", "[converter][interop]") {
  // {metadata: {encoding: json/plain}, data: "1"} as Go's protobuf writes it; map fields come in any order.
  const std::string bytes(
      "\x0a\x16\x0a\x08"
      "encoding\x12\x0a"
      "json/plain\x12\x01"
      "1",
      27);
  CHECK(parse_payload(bytes).value() == make_payload("json/plain", "1"));
  CHECK(serialize_payload(make_payload("json/plain", "1")) == bytes);
}
