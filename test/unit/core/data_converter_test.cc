#include "longbeat/data_converter.h"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "longbeat/activity.h"
#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

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
  SECTION("no bytes also as null, which is Go's nil") {
    using Bytes = std::vector<std::byte>;
    CHECK(converter.from_payload<Bytes>(internal::make_payload("binary/null", "")).value().empty());
    CHECK(converter.from_payload<Bytes>(internal::make_payload("json/plain", "null")).value().empty());
    CHECK_FALSE(converter.from_payload<Bytes>(internal::make_payload("json/plain", "0")));
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

TEST_CASE("a message about a value quotes little of it, on one line", "[converter]") {
  const auto refusal = [](const auto& result) {
    REQUIRE_FALSE(result);
    const std::string& message = result.error().message;
    for (const char c : message) CHECK((c >= 0x20 && c < 0x7f));
    CHECK(message.size() < 700);
    return message.substr(message.find("`: ") + 3);
  };
  const auto read = [](const auto& type, const std::string& data) {
    return DataConverter().from_payload<std::decay_t<decltype(type)>>(internal::make_payload("json/plain", data));
  };
  const std::string stars(100, '*');
  SECTION("also where nlohmann::json quotes all of a text that breaks off") {
    CHECK(refusal(read(Progress(), "\"it's " + stars + " 'quoted' secret\xff")) ==
          "[json.exception.parse_error.101] parse error at line 1, column 123: syntax error while parsing value - "
          "invalid string: ill-formed UTF-8 byte");
    CHECK_THAT(refusal(read(Progress(), "\"" + stars + "\nsecret\"")), !ContainsSubstring("secret"));
    CHECK_THAT(refusal(read(Progress(), "[1" + std::string(1000, '7') + "]")), !ContainsSubstring(stars));
    CHECK_THAT(refusal(read(Progress(), "{")), EndsWith("unexpected end of input; expected string literal"));
  }
  SECTION("also where it names a place") {
    const auto wrong_key = read(std::map<int, int>(), "{\"\\n" + stars + "secret\":1}");
    CHECK(refusal(wrong_key) == "the key '\\x0a" + std::string(39, '*') + "...' is not a whole number");
    const auto wrong_number = read(std::map<std::string, std::int8_t>(), "{\"\\n" + stars + "secret\":300}");
    CHECK(refusal(wrong_number) == "/\\x0a" + std::string(38, '*') + "...: 300 does not fit, it would become 44");
  }
  SECTION("also where it names an encoding") {
    const auto other = DataConverter().from_payload<int>(internal::make_payload("a\n\xff" + stars, "1"));
    CHECK(refusal(other) == "its encoding is 'a\\x0a\\xff" + std::string(37, '*') + "...', needed is 'json/plain'");
    CHECK_THAT(refusal(DataConverter().from_payload<std::vector<std::byte>>(internal::make_payload("\xff", ""))),
               StartsWith("its encoding is '\\xff', needed"));
  }
  SECTION("also where the program's own code says it") {
    auto own = DataConverter().use<Progress>(
        [](const Progress&) -> Payload { throw std::runtime_error("two\nlines\xff" + std::string(600, '*') + "end"); },
        [](const Payload& payload) { return nlohmann::json::parse(payload.data).get<Progress>(); });
    CHECK_THAT(refusal(own.to_payload(Progress())),
               ContainsSubstring(" cannot be encoded: two\\nlines\\xff***") && EndsWith("**..."));
    CHECK_THAT(refusal(own.from_payload<Progress>(internal::make_payload("", "\"" + stars + "secret"))),
               !ContainsSubstring("secret"));
  }
}

TEST_CASE("an activity's name is checked", "[converter][activity]") {
  CHECK(validate_activity_name("ingest"));
  CHECK_FALSE(validate_activity_name(""));
  CHECK_FALSE(validate_activity_name("__temporal_x"));
  CHECK_FALSE(validate_activity_name(std::string(1001, 'x')));
  CHECK(dynamic_activity("any").name() == "any");
}

namespace {

template <class T>
std::string refusal(const std::string& json) {
  const auto value = DataConverter().from_payload<T>(internal::make_payload("json/plain", json));
  if (value) return "accepted";
  CHECK(value.error().code == ErrorCode::kUndecodable);
  const auto& message = value.error().message;
  return message.substr(message.rfind("`: ") + 3);
}

template <class T>
T accepted(const std::string& json) {
  return DataConverter().from_payload<T>(internal::make_payload("json/plain", json)).value();
}

struct Part {
  std::uint8_t small = 0;
  std::int32_t medium = 0;
  std::uint64_t large = 0;
  float real = 0;
  bool on = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Part, small, medium, large, real, on)

struct Whole {
  std::vector<Part> parts{};
  std::map<std::string, std::int16_t> by_name{};
  std::set<std::uint8_t> marks{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Whole, parts, by_name, marks)

/// Reads an older form too, limits what it reads, and writes something else.
struct Converting {
  int version = 2, percent = 0;
  double seconds = 0;
};
[[maybe_unused]] void to_json(nlohmann::json& json, const Converting& value) {
  json = {{"version", value.version}, {"percent", value.percent}, {"seconds", value.seconds}};
}
void from_json(const nlohmann::json& json, Converting& value) {
  value.percent = static_cast<int>(std::min<std::int64_t>(100, json.at("percent").get<std::int64_t>()));
  value.seconds = json.at("version") == 1 ? json.at("seconds").get<double>() * 60 : json.at("seconds").get<double>();
}

}  // namespace

TEST_CASE("a number that does not fit its type is refused", "[converter][numbers]") {
  SECTION("as a value") {
    CHECK(refusal<std::uint64_t>("-5") == "-5 is not between 0 and 18446744073709551615");
    CHECK(refusal<std::uint8_t>("300") == "300 is not between 0 and 255");
    CHECK(refusal<std::int8_t>("-129") == "-129 is not between -128 and 127");
    CHECK(refusal<int>("1e30") == "1e+30 is not between -2147483648 and 2147483647");
    CHECK(refusal<int>("3.7") == "3.7 is not a whole number");
    CHECK(refusal<int>("true") == "true is a boolean, not a number");
    CHECK(refusal<double>("true") == "true is a boolean, not a number");
    CHECK(refusal<std::int64_t>("9223372036854775808") ==
          "9223372036854775808 is not between -9223372036854775808 and 9223372036854775807");
    CHECK(refusal<std::uint64_t>("18446744073709551616") ==
          "1.8446744073709552e+19 is not between 0 and 18446744073709551615");
    CHECK_THAT(refusal<float>("1e300"), ContainsSubstring("1e+300 is beyond the largest, 3.40"));
  }
  SECTION("as an element") {
    CHECK(refusal<std::vector<std::uint8_t>>("[1,300]") == "/1: 300 does not fit, it would become 44");
    CHECK(refusal<std::vector<std::uint64_t>>("[-5]") == "/0: -5 does not fit, it would become 18446744073709551611");
    CHECK(refusal<std::vector<std::int64_t>>("[9223372036854775808]") ==
          "/0: 9223372036854775808 does not fit, it would become -9223372036854775808");
    CHECK_THAT(refusal<std::vector<int>>("[1e30]"), ContainsSubstring("/0: 1e+30 does not fit"));
    CHECK(refusal<std::vector<int>>("[3.7]") == "/0: 3.7 does not fit, it would become 3");
    CHECK(refusal<std::vector<int>>("[2,true]") == "/1: true does not fit, it would become 1");
    CHECK(refusal<std::vector<float>>("[1e300]") == "/0: 1e+300 does not fit, it would become infinite");
    CHECK(refusal<std::pair<int, std::uint16_t>>("[1,65536]") == "/1: 65536 does not fit, it would become 0");
    CHECK(refusal<std::set<std::uint8_t>>("[300,1]") == "/0: 300 does not fit, it would become 44");
    CHECK(refusal<std::set<std::uint8_t>>("[300,44]") == "/0: 300 does not fit, it would become 44");
    CHECK_THAT((refusal<std::map<std::uint8_t, int>>("[[300,1],[2,2]]")),
               ContainsSubstring("300 is not between 0 and 255"));
    CHECK(refusal<std::set<int>>("[3.7,1]") == "/0: 3.7 does not fit, it would become 3");
  }
  SECTION("as a member") {
    CHECK(refusal<Part>(R"({"small":300})") == "/small: 300 does not fit, it would become 44");
    CHECK(refusal<Part>(R"({"medium":4294967295})") == "/medium: 4294967295 does not fit, it would become -1");
    CHECK(refusal<Part>(R"({"large":-1})") == "/large: -1 does not fit, it would become 18446744073709551615");
    CHECK(refusal<Part>(R"({"medium":2.5})") == "/medium: 2.5 does not fit, it would become 2");
    CHECK(refusal<Part>(R"({"small":true})") == "/small: true does not fit, it would become 1");
    CHECK(refusal<Whole>(R"({"parts":[{"small":1},{"small":-1}]})") ==
          "/parts/1/small: -1 does not fit, it would become 255");
    CHECK(refusal<Whole>(R"({"by_name":{"a/b":40000}})") ==
          "/by_name/a~1b: 40000 does not fit, it would become -25536");
    CHECK(refusal<Whole>(R"({"marks":[300,2,1]})") == "/marks/0: 300 does not fit, it would become 44");
  }
}

TEST_CASE("a number that fits its type is taken", "[converter][numbers]") {
  SECTION("at both ends") {
    CHECK(accepted<std::uint8_t>("255") == 255);
    CHECK(accepted<std::int8_t>("-128") == -128);
    CHECK(accepted<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK(accepted<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(accepted<Part>(R"({"small":255,"medium":-2147483648,"large":18446744073709551615})").medium ==
          std::numeric_limits<std::int32_t>::min());
  }
  SECTION("when it is whole, however it is written") {
    CHECK(accepted<int>("3.0") == 3);
    CHECK(accepted<std::vector<int>>("[3e2,-0.0]") == std::vector{300, 0});
  }
  SECTION("into a floating type, rounded") {
    CHECK(accepted<double>("9007199254740993") == 9007199254740992.0);
    CHECK(accepted<std::vector<float>>("[0.1,16777217]") == std::vector{0.1f, 16777216.0f});
    CHECK(accepted<Part>(R"({"real":0.1})").real == 0.1f);
  }
  SECTION("when its place changes") {
    CHECK(accepted<std::set<int>>("[300,44,556,-5]").size() == 4);
    CHECK(accepted<std::set<double>>("[0.5,0.0,300,44]").size() == 4);
    CHECK(accepted<Whole>(R"({"marks":[44,43,200,1]})").marks.size() == 4);
  }
  SECTION("when its place is not read") {
    CHECK(accepted<Part>(R"({"small":44,"unknown":300,"more":[556,2.5,true]})").small == 44);
  }
  SECTION("when from_json makes something else of it on purpose") {
    CHECK(accepted<Converting>(R"({"version":1,"percent":300,"seconds":2.5})").percent == 100);
    CHECK(accepted<Converting>(R"({"version":1,"percent":300,"seconds":2.5})").seconds == 150);
  }
  SECTION("in JSON deeper than any type") {
    const std::string deep = std::string(3000, '[') + "300" + std::string(3000, ']');
    CHECK(accepted<Part>(R"({"small":44,"unknown":)" + deep + "}").small == 44);
  }
}
