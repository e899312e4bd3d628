// How much of a value the libraries' errors quote. Those of protobuf itself are in test/unit/rpc.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "longbeat/data_converter.h"
#include "longbeat/json.h"
#include "support/catch.h"
#include "support/secret.h"

using namespace longbeat;
using Catch::Matchers::EndsWith;
using internal::foreign_text;
using internal::protobuf_text;
using test::kSecret;
using test::secret_bytes;

namespace {

struct Progress {
  std::uint64_t offset = 0, records = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, offset, records)

template <class T>
void check_little_is_quoted(const std::string& json) {
  INFO(json.substr(0, 60));
  const auto value = DataConverter().from_payload<T>(internal::make_payload("json/plain", json));
  REQUIRE_FALSE(value);
  INFO(value.error().message);
  CHECK(secret_bytes(value.error().message) <= 40);
  CHECK(value.error().message.size() < 500);
}

}  // namespace

TEST_CASE("no error quotes more than 40 bytes of a JSON value", "[converter][secret]") {
  const std::string secret = kSecret;
  for (const std::string& bad :
       {'"' + secret, '"' + secret + "\xff\"", '"' + secret + "\n\"", '"' + secret + "\\x\"", '"' + secret + '"',
        "[\"" + secret + "\" \"" + secret + "\"]", "{\"offset\":\"" + secret + "\"}",
        "{\"records\":\"" + secret + "\"}", "{\"offset\":1,\"records\":\"" + secret,
        "{\"offset\":1,\"records\":2} \"" + secret + '"', secret, "{\"offset\":" + secret + "}",
        "{\"offset\":1e99999,\"records\":\"" + secret + "\"}"}) {
    check_little_is_quoted<Progress>(bad);
    check_little_is_quoted<std::vector<Progress>>("[" + bad + "]");
    check_little_is_quoted<std::variant<int, Progress>>(bad);
    check_little_is_quoted<std::chrono::seconds>(bad);
    check_little_is_quoted<std::chrono::sys_seconds>(bad);
  }
}

TEST_CASE("of what nlohmann::json says its own words are kept", "[converter][secret]") {
  const std::string secret = kSecret;
  SECTION("with places, which JSON_DIAGNOSTICS adds, cut") {
    const std::string head = "[json.exception.type_error.302] ";
    CHECK(foreign_text(head + "(/offset) type must be number, but is string") ==
          head + "(/offset) type must be number, but is string");
    const auto cut = foreign_text(head + "(/a/" + secret + "/it's) type must be number, but is string");
    CHECK(secret_bytes(cut) <= 40);
    CHECK_THAT(cut, EndsWith("... type must be number, but is string"));
    CHECK(secret_bytes(foreign_text(head + "(/" + secret + ") type must be " + secret + ") nothing")) <= 40);
  }
  SECTION("with keys cut") {
    const std::string head = "[json.exception.out_of_range.403] ";
    CHECK(foreign_text(head + "key 'records' not found") == head + "key 'records' not found");
    const auto cut = foreign_text(head + "(/" + secret + ") key '" + secret + "' not found");
    CHECK(secret_bytes(cut) <= 40);
    CHECK_THAT(cut, EndsWith("...' not found"));
  }
  SECTION("without numbers, tokens and dumps") {
    for (const std::string& text :
         {"[json.exception.out_of_range.406] number overflow parsing '" + secret + "'",
          "[json.exception.other_error.501] unsuccessful: {\"op\":\"test\",\"value\":[1,\"" + secret + "\"]}",
          "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - "
          "invalid literal; last read: '" +
              secret + "'; expected end of input",
          "[json.exception.parse_error.107] parse error: JSON pointer must be empty or begin with '/' - was: '" +
              secret + "'",
          "[json.exception." + secret, "[json.exception.a" + secret + "] b", "[json.exception.a b] " + secret}) {
      INFO(text.substr(0, 80));
      CHECK(secret_bytes(foreign_text(text)) <= 40);
    }
  }
  SECTION("after the program's own, which stands as it is") {
    CHECK(foreign_text("the file\n: [json.exception.type_error.304] cannot use at() with null") ==
          "the file\\n: [json.exception.type_error.304] cannot use at() with null");
  }
}

TEST_CASE("of what any protobuf says its own words are kept", "[converter][secret]") {
  const std::string secret = kSecret;
  SECTION("of version 3.21 and before it") {
    CHECK(protobuf_text("INVALID_ARGUMENT:(ts): invalid value Field 'ts', Invalid time format: " + secret +
                        " for type google.protobuf.Timestamp") ==
          "INVALID_ARGUMENT: (ts): invalid value (Invalid time format) for type google.protobuf.Timestamp");
    CHECK(protobuf_text("INVALID_ARGUMENT:(a): invalid value x for type my.Size") ==
          "INVALID_ARGUMENT: (a): invalid value for type my.Size");
    CHECK(protobuf_text("INVALID_ARGUMENT:(a): invalid value x") == "INVALID_ARGUMENT: (a): invalid value");
    CHECK(protobuf_text("INVALID_ARGUMENT:: Root element must be a message.") ==
          "INVALID_ARGUMENT: Root element must be a message");
    CHECK(protobuf_text("INTERNAL:Invalid type URL, unknown type: " + secret) ==
          "INTERNAL: Invalid type URL, unknown type");
    CHECK(protobuf_text("INVALID_ARGUMENT:Expected , or } after key:value pair.\n{\"a\":1 \"" + secret + "\n  ^") ==
          "INVALID_ARGUMENT: Expected , or } after key:value pair.");
    CHECK(protobuf_text("INVALID_ARGUMENT:Unexpected end of string. Expected an object key or }.\n{\"" + secret +
                        "\":1,\n  ^") == "INVALID_ARGUMENT: Unexpected end of string. Expected an object key or }.");
  }
  SECTION("of later ones") {
    const std::string head = "INVALID_ARGUMENT: invalid JSON in a.B";
    CHECK(protobuf_text(head + " @ ts: string, near 1:7 (offset 6): unexpected token") ==
          head + " @ ts: string, near 1:7 (offset 6): unexpected token");
    for (const std::string& rest : {" @ ts: string, near 1:7 (offset 6): '" + secret,
                                    " @ m[\"" + secret + "\"]: string, near 1:7 (offset 6): " + secret,
                                    ", near " + secret + "): " + secret, secret, ": " + secret})
      CHECK(secret_bytes(protobuf_text(head + rest)) <= 40);
  }
  SECTION("but not what only looks like them") {
    for (const std::string& text : {"Expected " + secret + "^", "Expected " + secret.substr(0, 51),
                                    "(a): invalid value x for type " + secret.substr(0, 64) + " 1"}) {
      INFO(text);
      CHECK(secret_bytes(protobuf_text("INVALID_ARGUMENT:" + text)) <= 40);
    }
  }
  SECTION("and nothing but the beginning of what is not known") {
    for (const std::string& text :
         {secret, "INVALID_ARGUMENT:" + secret, "INTERNAL:Invalid type URL, unknown type: " + secret,
          "INTERNAL:" + secret + "\n^", "(" + secret + "): invalid value " + secret + " for type " + secret + " x",
          "INVALID_ARGUMENT:(a) " + secret + ": Repeated map key: '" + secret + "' is already set."})
      CHECK(secret_bytes(protobuf_text(text)) <= 40);
  }
}
