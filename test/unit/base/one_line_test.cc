#include "base/one_line.h"

#include <string>

#include "longbeat/failure.h"
#include "longbeat/result.h"
#include "support/catch.h"

using namespace longbeat;
using longbeat::internal::one_line;
using longbeat::internal::shown_beginning;

TEST_CASE("text for one line keeps what can be read and escapes the rest", "[base]") {
  CHECK(one_line("plain, \"quoted\", caf\xC3\xA9") == "plain, \"quoted\", caf\xC3\xA9");
  CHECK(one_line("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(one_line("\x1b[31m") == "\\x1b[31m");
  CHECK(one_line("\xC2\x9B"
                 "31m") == "\\xc2\\x9b31m");
  CHECK(one_line("a\xFF") == "a\\xff");
  CHECK(one_line("\xE2\x82") == "\\xe2\\x82");
  CHECK(one_line(std::string(1, '\0')) == "\\x00");
  CHECK(one_line("").empty());
}

TEST_CASE("foreign text and data are cut where they are long", "[base]") {
  SECTION("text between two characters") {
    CHECK(one_line("a\nb", 3) == "a\\nb");
    CHECK(one_line("abcd", 3) == "abc...");
    CHECK(one_line("ab\xC3\xA9", 3) == "ab...");
  }
  SECTION("data anywhere, as it need not be text") {
    CHECK(shown_beginning("{\"a\"}", 5) == "{\"a\"}");
    CHECK(shown_beginning("\n\x7f\xC3\xA9", 4) == "\\x0a\\x7f\\xc3\\xa9");
    CHECK(shown_beginning("ab\xC3\xA9", 3) == "ab\\xc3...");
    CHECK(shown_beginning("", 0).empty());
  }
}

TEST_CASE("errors and failures print on one line, whatever their messages hold", "[base]") {
  Failure cause;
  cause.message = "first\nsecond";
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.type = "ApplicationError";
  failure.message = "bad\nthing";
  failure.cause = std::make_shared<const Failure>(cause);
  CHECK(to_string(failure) == "ApplicationError: bad\\nthing: caused by: Error: first\\nsecond");
  CHECK(to_string(Error{ErrorCode::kNotFound, "no\nsuch", {}, {}}) == "NotFound: no\\nsuch");
}
