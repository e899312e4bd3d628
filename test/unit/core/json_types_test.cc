// Types of the standard library as JSON.
#include <chrono>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;
using namespace std::chrono_literals;
using Nanoseconds = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Nanoseconds>;

namespace {

template <class T>
std::string written(const T& value) {
  return DataConverter().to_payload(value).value().data;
}
template <class T>
T read(const std::string& text) {
  return DataConverter().from_payload<T>(internal::make_payload("json/plain", text)).value();
}
template <class T>
std::string refusal(const std::string& text) {
  const auto value = DataConverter().from_payload<T>(internal::make_payload("json/plain", text));
  if (value) return "accepted";
  const auto& message = value.error().message;
  return message.substr(message.find("`: ") + 3);
}

/// Why it cannot be written.
template <class T>
std::string unwritten(const T& value) {
  const auto payload = DataConverter().to_payload(value);
  if (payload) return "written as " + payload.value().data;
  CHECK(payload.error().code == ErrorCode::kUndecodable);
  return payload.error().message.substr(payload.error().message.find("encoded: ") + 9);
}

enum class Color { kRed, kGreen };
NLOHMANN_JSON_SERIALIZE_ENUM(Color, {{Color::kRed, "red"}, {Color::kGreen, "green"}})

struct Shape {
  std::optional<int> sides{};
  std::optional<std::string> name{};
  std::variant<std::int64_t, std::string> tag{};
  std::chrono::milliseconds age{};
  std::optional<Time> made{};
  std::vector<std::byte> pixels{};
  std::map<int, std::string> labels{};
  std::optional<std::vector<Color>> colors{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Shape, sides, name, tag, age, made, pixels, labels, colors)

struct Tree {
  int age = 0;
  std::vector<Tree> children{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tree, age, children)

struct OnlyWritten {};
void to_json(nlohmann::json& to, const OnlyWritten&) {
  to = "once";
}

}  // namespace

TEST_CASE("members of the standard library's types travel", "[converter][json]") {
  SECTION("set") {
    Shape shape;
    shape.sides = 3;
    shape.name = "triangle";
    shape.tag = "t";
    shape.age = 1500ms;
    shape.made = Time(1s);
    shape.pixels = {std::byte{0}, std::byte{255}};
    shape.labels = {{-1, "minus"}, {7, "seven"}};
    shape.colors = {Color::kGreen};
    const auto text = written(shape);
    CHECK(text ==
          R"({"age":"PT1.5S","colors":["green"],"labels":{"-1":"minus","7":"seven"},"made":"1970-01-01T00:00:01Z",)"
          R"("name":"triangle","pixels":"AP8=","sides":3,"tag":"t"})");
    const auto back = read<Shape>(text);
    CHECK(back.sides == 3);
    CHECK(back.tag == shape.tag);
    CHECK(back.age == shape.age);
    CHECK(back.made == shape.made);
    CHECK(back.pixels == shape.pixels);
    CHECK(back.labels == shape.labels);
    CHECK(back.colors == shape.colors);
  }
  SECTION("as null, and missing") {
    CHECK_FALSE(read<Shape>(R"({"sides":null,"made":null,"pixels":null})").sides);
    CHECK_FALSE(read<Shape>("{}").name);
    CHECK(written(Shape()).find(R"("sides":null)") != std::string::npos);
  }
  SECTION("with numbers that fit") {
    CHECK(refusal<Shape>(R"({"sides":5000000000})") == "/sides: 5000000000 does not fit, it would become 705032704");
    CHECK_THAT(refusal<Shape>(R"({"labels":{"5000000000":"x"}})"), ContainsSubstring("'5000000000' does not fit"));
    CHECK_THAT(refusal<Shape>(R"({"labels":{"x":"y"}})"), ContainsSubstring("'x' is not a whole number"));
  }
}

TEST_CASE("a variant is the first alternative that takes the value", "[converter][json]") {
  using Value = std::variant<std::monostate, bool, std::int32_t, double, std::string, std::vector<int>>;
  CHECK(read<Value>("null").index() == 0);
  CHECK(std::get<bool>(read<Value>("true")));
  CHECK(std::get<std::int32_t>(read<Value>("7")) == 7);
  CHECK(std::get<double>(read<Value>("5000000000")) == 5e9);
  CHECK(std::get<double>(read<Value>("7.5")) == 7.5);
  CHECK(std::get<std::string>(read<Value>("\"x\"")) == "x");
  CHECK(std::get<std::vector<int>>(read<Value>("[1]")).size() == 1);
  CHECK(written(Value(std::monostate())) == "null");
  CHECK(written(Value("x")) == "\"x\"");
  CHECK_THAT((refusal<std::variant<int, std::string>>("[1]")), ContainsSubstring("it is none of `int`, `std::string`"));
}

TEST_CASE("a multimap travels as a map does", "[converter][json]") {
  using ByNumber = std::multimap<int, std::string>;
  using ByText = std::multimap<std::string, std::uint8_t>;
  SECTION("with numbers or texts as keys, as an object") {
    const ByNumber values{{-1, "a"}, {7, "b"}};
    CHECK(written(values) == R"({"-1":"a","7":"b"})");
    CHECK(read<ByNumber>(written(values)) == values);
    CHECK(read<ByNumber>(R"([[7,"b"],[-1,"a"]])") == values);
    CHECK(read<std::unordered_multimap<int, int>>(R"({"1":2,"3":4})").size() == 2);
    CHECK(read<ByText>(R"({"a":1,"b":2})") == ByText{{"a", 1}, {"b", 2}});
    CHECK(read<std::map<std::string, ByNumber>>(R"({"x":{"1":"y"}})").at("x") == ByNumber{{1, "y"}});
  }
  SECTION("with other keys as pairs, a key as often as it likes") {
    const std::multimap<Color, int> values{{Color::kRed, 1}, {Color::kRed, 2}, {Color::kGreen, 3}};
    CHECK(written(values) == R"([["red",1],["red",2],["green",3]])");
    CHECK(read<std::multimap<Color, int>>(written(values)) == values);
    CHECK(refusal<std::multimap<Color, int>>("[7]") == "not an array of pairs");
  }
  SECTION("null is an empty one") {
    CHECK(read<ByNumber>("null").empty());
    CHECK(read<std::multimap<Color, int>>("null").empty());
  }
  SECTION("but not with a key twice, of which an object has one value") {
    const std::string twice = "a key is in it twice, of which JSON keeps one";
    CHECK(unwritten(ByText{{"a", 1}, {"a", 2}}) == twice);
    CHECK(unwritten(ByNumber{{1, "a"}, {1, "b"}}) == twice);
    CHECK(unwritten(std::unordered_multimap<std::string, int>{{"a", 1}, {"b", 2}, {"a", 1}}) == twice);
    CHECK(unwritten(std::vector<std::unordered_multimap<int, int>>{{{1, 1}, {1, 1}}}) == twice);
    CHECK(refusal<ByNumber>(R"([[1,"a"],[1,"b"]])") == "a key is in it twice");
  }
  SECTION("nor with numbers that do not fit") {
    CHECK(refusal<ByText>(R"({"a":300})") == "/a: 300 does not fit, it would become 44");
    CHECK_THAT((refusal<std::multimap<std::uint8_t, int>>(R"({"300":1})")), ContainsSubstring("'300' does not fit"));
  }
}

TEST_CASE("a duration is text", "[converter][json]") {
  SECTION("of ISO 8601") {
    CHECK(written(90s) == "\"PT90S\"");
    CHECK(written(250ms) == "\"PT0.25S\"");
    CHECK(written(-1500ms) == "\"-PT1.5S\"");
    CHECK(written(1h) == "\"PT3600S\"");
    CHECK(written(1ns) == "\"PT0.000000001S\"");
    CHECK(written(std::chrono::duration<double>(0.5)) == "\"PT0.5S\"");
    CHECK(read<Nanoseconds>("\"P1DT2H3M4.5S\"") == 24h + 2h + 3min + 4500ms);
    CHECK(read<Nanoseconds>("\"P1W\"") == 7 * 24h);
    CHECK(read<Nanoseconds>("\"P2W1DT1S\"") == 15 * 24h + 1s);
    CHECK(read<Nanoseconds>("\"PT-1.5S\"") == -1500ms);  // Java's way.
    CHECK(read<Nanoseconds>("\"-PT1M-30S\"") == -30s);
    CHECK(read<std::chrono::minutes>("\"PT2H\"") == 120min);
  }
  SECTION("which others write as whole nanoseconds, or with a fraction as seconds") {
    CHECK(read<std::chrono::milliseconds>("1500000000") == 1500ms);
    CHECK(read<Nanoseconds>("90.250000000") == 90s + 250ms);
    CHECK(read<Nanoseconds>("\"1.5s\"") == 1500ms);
    CHECK(read<std::chrono::duration<double>>("1.5").count() == 1.5);
  }
  SECTION("that its type must hold") {
    CHECK_THAT(refusal<std::chrono::seconds>("\"PT1.5S\""),
               ContainsSubstring("a `std::chrono::duration<long, std::ratio<1l, 1l> >` does not hold PT1.5S"));
    CHECK_THAT(refusal<std::chrono::minutes>("\"PT90S\""), ContainsSubstring(">` does not hold PT90S"));
    CHECK_THAT(refusal<Nanoseconds>("\"PT10000000000S\""), ContainsSubstring("does not hold"));
    CHECK_THAT((refusal<std::chrono::duration<std::int8_t>>("\"PT200S\"")), ContainsSubstring("does not hold"));
  }
  SECTION("and nothing else") {
    for (const char* text : {"",
                             "P",
                             "PT",
                             "P1D1",
                             "P1D1W",
                             "P1.5W",
                             "PT1W",
                             "PT1",
                             "1",
                             "1S",
                             "P1Y",
                             "P1M",
                             "PT1.5M",
                             "PT 1S",
                             "xPT1S",
                             "PT1Sx",
                             "PT99999999999999999999S",
                             "1h",
                             "PT1S1M",
                             "PT1H1H",
                             "PT0.9S0.9S",
                             "PT13000000000000H13000000000000H13000000000000H",
                             "1s1s"}) {
      INFO(text);
      CHECK_THAT(refusal<Nanoseconds>('"' + std::string(text) + '"'), ContainsSubstring("not a duration"));
    }
    CHECK_THAT(refusal<Nanoseconds>("18446744073709551615"), ContainsSubstring("not a duration"));
    CHECK_THAT(refusal<Nanoseconds>("1e300"), ContainsSubstring("not a duration"));
    CHECK_THAT(refusal<Nanoseconds>("true"), ContainsSubstring("not a duration"));
  }
}

TEST_CASE("a time is text of RFC 3339", "[converter][json]") {
  const Time at = Time(1'795'299'102s);  // 2026-11-21T22:11:42Z
  SECTION("in UTC") {
    CHECK(written(at) == "\"2026-11-21T22:11:42Z\"");
    CHECK(written(at + 5ms) == "\"2026-11-21T22:11:42.005Z\"");
    CHECK(written(Time(-1500ms)) == "\"1969-12-31T23:59:58.5Z\"");
    CHECK(read<Time>(written(Time(-1500ms))) == Time(-1500ms));
    CHECK(read<Time>(written(at + 123456789ns)) == at + 123456789ns);
  }
  SECTION("with any offset, and as fine as the type is") {
    CHECK(read<Time>("\"2026-11-21T23:11:42+01:00\"") == at);
    CHECK(read<Time>("\"2026-11-21 16:41:42.000-0530\"") == at);
    CHECK(read<std::chrono::sys_seconds>("\"2026-11-21T22:11:42.987654321987Z\"") == at);
    CHECK(read<std::chrono::sys_seconds>("\"9999-12-31T23:59:59Z\"").time_since_epoch() == 253402300799s);
  }
  SECTION("and nothing else") {
    for (const char* text : {"", "2026-11-21", "2026-11-21T22:11:42", "2026-11-21T22:11Z", "2026-13-21T22:11:42Z",
                             "2026-02-30T22:11:42Z", "2026-11-21T24:11:42Z", "2026-11-21T22:11:42Zx",
                             "2026-11-21T22:11:42.Z", "26-11-21T22:11:42Z", "2026-11-21T22:11:42+1",
                             "2026-11-21T22:11:42+99:99", "2026-11-21T22:11:42-24:00", "2026-11-21T22:11:42+00:60"}) {
      INFO(text);
      CHECK_THAT(refusal<Time>('"' + std::string(text) + '"'), ContainsSubstring("not a time"));
    }
    CHECK_THAT(refusal<Time>("1795299102"), ContainsSubstring("not a time"));
    CHECK(refusal<Time>("\"9999-12-31T23:59:59Z\"") ==
          "a time of `std::chrono::duration<long, std::ratio<1l, 1000000000l> >` does not reach 9999-12-31T23:59:59Z");
  }
}

TEST_CASE("a time outside of the years 0 to 9999 is not written", "[converter][json]") {
  using std::chrono::sys_seconds;
  using Milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;
  const sys_seconds first(-62'167'219'200s), last(253'402'300'799s);
  CHECK(written(first) == "\"0000-01-01T00:00:00Z\"");
  CHECK(written(last) == "\"9999-12-31T23:59:59Z\"");
  CHECK(read<sys_seconds>(written(first)) == first);
  CHECK(unwritten(first - 1s) == "its year is not between 0 and 9999");
  CHECK(unwritten(last + 1s) == "its year is not between 0 and 9999");
  CHECK(unwritten(Milliseconds(first) - 1ms) == "its year is not between 0 and 9999");
  CHECK(unwritten(Milliseconds::max()) == "its year is not between 0 and 9999");
  CHECK(unwritten(Milliseconds::min()) == "its year is not between 0 and 9999");
  CHECK(unwritten(sys_seconds(std::chrono::seconds(1LL << 32) * 86'400)) == "its year is not between 0 and 9999");
  CHECK_THAT(unwritten(sys_seconds::max()), ContainsSubstring("9223372036854775807 of `std::chrono::duration<long, "
                                                              "std::ratio<1l, 1l> >` are too many seconds"));
  CHECK(written(Time::max()) == "\"2262-04-11T23:47:16.854775807Z\"");
}

TEST_CASE("Go's time that was not set", "[converter][json][interop]") {
  const std::string zero = "\"0001-01-01T00:00:00Z\"";
  CHECK(written(read<std::chrono::sys_seconds>(zero)) == zero);
  CHECK(written(read<std::chrono::sys_time<std::chrono::microseconds>>(zero)) == zero);
  SECTION("is the epoch where its type does not reach so far") {
    CHECK(read<Time>(zero) == Time());
    CHECK(read<Shape>("{\"sides\":3,\"made\":" + zero + "}").made == Time());
  }
  SECTION("is no excuse for another time") {
    CHECK_THAT(refusal<Time>("\"0001-01-01T00:00:01Z\""), ContainsSubstring("does not reach "));
    CHECK_THAT(refusal<Time>("\"0001-01-01T00:00:00+01:00\""), ContainsSubstring("does not reach "));
  }
}

TEST_CASE("a container is read from null too", "[converter][json][interop]") {
  CHECK(read<std::vector<int>>("null").empty());
  CHECK(read<std::list<int>>("null").empty());
  CHECK(read<std::deque<int>>("null").empty());
  CHECK(read<std::forward_list<int>>("null").empty());
  CHECK(read<std::valarray<int>>("null").size() == 0);
  CHECK(read<std::set<std::string>>("null").empty());
  CHECK(read<std::multiset<std::string>>("null").empty());
  CHECK(read<std::unordered_set<std::string>>("null").empty());
  CHECK(read<std::unordered_multiset<std::string>>("null").empty());
  CHECK(read<std::map<std::string, int>>("null").empty());
  CHECK(read<std::unordered_map<std::string, int>>("null").empty());
  CHECK(read<std::multimap<std::string, int>>("null").empty());
  CHECK(read<std::unordered_multimap<std::string, int>>("null").empty());
  CHECK(read<std::map<int, int>>("null").empty());
  CHECK(read<std::vector<std::set<int>>>("[null,[2,1]]") == std::vector<std::set<int>>{{}, {1, 2}});
  CHECK(read<std::multimap<std::string, int>>(R"({"a":1})").count("a") == 1);
  CHECK(read<std::forward_list<int>>("[2,1]") == std::forward_list<int>{2, 1});
  CHECK(read<std::valarray<int>>("[2,1]")[1] == 1);
  CHECK_THAT(refusal<std::set<int>>("{}"), ContainsSubstring("must be array"));
  CHECK((refusal<std::set<std::uint8_t>>("[300]")) == "/0: 300 does not fit, it would become 44");
}

TEST_CASE("a program's other JSON goes on as before", "[converter][json]") {
  SECTION("of types that contain themselves") {
    CHECK(written(Tree{1, {Tree{2, {}}}}) == R"({"age":1,"children":[{"age":2,"children":[]}]})");
    CHECK(read<Tree>(R"({"age":1,"children":[{"age":2,"children":null}]})").children.at(0).age == 2);
  }
  SECTION("of types that are only written") {
    CHECK(nlohmann::json(std::vector<OnlyWritten>(1)).dump() == R"(["once"])");
    CHECK(nlohmann::json(std::map<int, OnlyWritten>{{7, {}}}).dump() == R"({"7":"once"})");
  }
  SECTION("that keeps its order") {
    nlohmann::ordered_json json;
    json["z"] = std::vector<int>{2, 1};
    json["a"] = std::map<int, std::optional<std::chrono::seconds>>{{7, 1s}};
    json["m"] = std::variant<std::int8_t, int>(300);
    CHECK(json.dump() == R"({"z":[2,1],"a":{"7":"PT1S"},"m":300})");
    CHECK(json["z"].get<std::vector<int>>().front() == 2);
    CHECK(json["a"].get<std::map<int, std::optional<std::chrono::seconds>>>().at(7) == 1s);
    CHECK((json["m"].get<std::variant<std::int8_t, int>>().index()) == 1);
  }
}

TEST_CASE("bytes inside JSON are Base64", "[converter][json]") {
  const auto bytes = [](const std::string& text) {
    std::vector<std::byte> all;
    for (const char c : text) all.push_back(static_cast<std::byte>(c));
    return all;
  };
  using Lists = std::vector<std::vector<std::byte>>;
  for (const auto& [plain, encoded] : std::map<std::string, std::string>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff", "+/8="}}) {
    CHECK(written(Lists{bytes(plain)}) == "[\"" + encoded + "\"]");
    CHECK(read<Lists>("[\"" + encoded + "\"]") == Lists{bytes(plain)});
  }
  CHECK(read<Lists>("[\"-_8\",null]") == Lists{bytes("\xfb\xff"), {}});
  CHECK_THAT(refusal<Lists>("[\"Z\"]"), ContainsSubstring("not Base64"));
  CHECK_THAT(refusal<Lists>("[\"Zm9v!\"]"), ContainsSubstring("not Base64"));
  CHECK_THAT(refusal<Lists>("[[1,2]]"), ContainsSubstring("not Base64"));
}

TEST_CASE("maps with whole numbers as keys are objects, or pairs", "[converter][json]") {
  using Numbers = std::map<std::int64_t, int>;
  CHECK(written(Numbers{{-2, 1}, {3, 4}}) == R"({"-2":1,"3":4})");
  CHECK(read<Numbers>(R"({"-2":1,"3":4})") == Numbers{{-2, 1}, {3, 4}});
  CHECK(read<Numbers>("[[-2,1],[3,4]]") == Numbers{{-2, 1}, {3, 4}});
  CHECK(read<std::unordered_map<unsigned, int>>(R"({"3":4})").at(3) == 4);
  CHECK((refusal<std::map<int, std::uint8_t>>(R"({"1":300})")) == "/1: 300 does not fit, it would become 44");
  CHECK_THAT((refusal<std::map<unsigned, int>>(R"({"-1":1})")), ContainsSubstring("key '-1'"));
  CHECK_THAT(refusal<Numbers>("[1]"), ContainsSubstring("neither an object, nor an array of pairs"));
}

TEST_CASE("JSON that is nested too deeply is refused before anything recurses into it", "[converter][json]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(read<nlohmann::json>(nested(3'000)).is_array());
  CHECK_THAT(refusal<nlohmann::json>(nested(5'001)), ContainsSubstring("nested more than 5000 deep"));
  CHECK_THAT(refusal<std::vector<nlohmann::json>>(nested(200'000)), ContainsSubstring("nested more than 5000 deep"));
  CHECK(read<std::string>("\"" + std::string(6'000, '[') + "\\\"[\"").size() == 6'002);
}

TEST_CASE("a value that nests too deeply is refused where it is written", "[converter][json]") {
  const auto nested = [](std::size_t depth) {
    nlohmann::json json = nlohmann::json::array();
    for (std::size_t i = 1; i < depth; ++i) {
      nlohmann::json outer = nlohmann::json::array();
      outer.push_back(std::move(json));
      json = std::move(outer);
    }
    return json;
  };
  CHECK(written(nested(5'000)).size() == 10'000);
  CHECK(unwritten(nested(5'001)) == "its JSON is nested more than 5000 deep");
  CHECK(unwritten(nested(200'000)) == "its JSON is nested more than 5000 deep");  // Its text would not fit the stack.
#ifndef __SANITIZE_ADDRESS__  // With its stack frames copies of such values do not fit the stack.
  SECTION("also as a part of others") {
    CHECK(unwritten(std::vector{nested(1), nested(5'000)}) == "its JSON is nested more than 5000 deep");
    CHECK(written(std::vector{nested(1), nested(4'999)}).size() == 2 + 3 + 9'998);
  }
#endif
}

TEST_CASE("numbers that JSON does not have are refused", "[converter][json]") {
  for (const double odd : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const auto payload = DataConverter().to_payload(odd);
    REQUIRE_FALSE(payload);
    CHECK(payload.error().code == ErrorCode::kUndecodable);
    CHECK_THAT(payload.error().message, ContainsSubstring("no number in JSON"));
  }
}
