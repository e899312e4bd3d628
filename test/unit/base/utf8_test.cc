#include "base/utf8.h"

#include <string>

#include "support/catch.h"

using namespace longbeat::internal;

TEST_CASE("texts that are UTF-8 are told from those that are not", "[base][utf8]") {
  for (const char* good :
       {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(good));
  CHECK(is_utf8(std::string("a\0b", 3)));
  const char* const bad[] = {"\x80",              // continues nothing
                             "\xC3",              // ends too early
                             "\xE2\x82 ",         // continued by a space
                             "\xC0\xAF",          // overlong "/"
                             "\xE0\x80\xAF",      // the same in three bytes
                             "\xF0\x80\x80\xAF",  // and in four
                             "\xED\xA0\x80",      // a surrogate
                             "\xF4\x90\x80\x80",  // beyond the last code point
                             "\xFF"};
  for (const char* text : bad) CHECK_FALSE(is_utf8(text));
}

TEST_CASE("a text is cut between two characters, never inside one", "[base][utf8]") {
  const std::string euro =
      "ab\xE2\x82\xAC"
      "c";
  CHECK(utf8_beginning(euro, 100) == euro);
  CHECK(utf8_beginning(euro, 5) == "ab\xE2\x82\xAC");
  CHECK(utf8_beginning(euro, 4) == "ab");
  CHECK(utf8_beginning(euro, 3) == "ab");
  CHECK(utf8_beginning(euro, 2) == "ab");
  CHECK(utf8_beginning(euro, 0).empty());
}
