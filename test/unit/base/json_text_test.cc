#include "base/json_text.h"

#include "base/utf8.h"
#include "support/catch.h"

using namespace longbeat::internal;

namespace {

std::optional<std::string> read(std::string_view text) {
  JsonReader reader(text);
  auto string = reader.string();
  return reader.at_end() ? string : std::nullopt;
}

}  // namespace

TEST_CASE("a text as JSON reads back as what it was", "[base][json]") {
  std::string all;
  for (char c = 0; c < 0x7f; ++c) all += c;
  for (const std::string& text : {std::string(), all, std::string("\xc3\xa4\xf0\x9f\x98\x80")})
    CHECK(read(json_text(text)) == text);
  SECTION("but for what is no UTF-8, which would spoil the document") {
    CHECK(json_text("caf\xe9 \xff!") == "\"caf? ?!\"");
    CHECK(is_utf8(json_text("\xed\xa0\x80")));
  }
}

TEST_CASE("JSON of others is read piece by piece", "[base][json]") {
  JsonReader reader(R"( [ "a\u00e4\ud83d\ude00\/" , -17,2.5 , true,{"x":[1,"]"]} ] )");
  CHECK(reader.take('['));
  CHECK(reader.string() == "a\xc3\xa4\xf0\x9f\x98\x80/");
  CHECK(reader.take(','));
  CHECK(reader.number<int>() == -17);
  CHECK(reader.take(','));
  CHECK(reader.number<double>() == 2.5);
  CHECK(reader.take(','));
  CHECK(reader.take_word("true"));
  CHECK(reader.take(','));
  CHECK(reader.skip_value());
  CHECK_FALSE(reader.at_end());
  CHECK(reader.take(']'));
  CHECK(reader.at_end());
  SECTION("and refused where it is none") {
    for (const char* text : {"", "a", "\"open", "\"\\q\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ude00\"",
                             "\"\\ud83d\\u0041\"", "\"a\" \"b\""}) {
      CAPTURE(text);
      CHECK_FALSE(read(text));
    }
    CHECK_FALSE(JsonReader("x").number<int>());
    CHECK_FALSE(JsonReader("99999999999").number<int>());
    CHECK_FALSE(JsonReader("[1").skip_value());
    CHECK_FALSE(JsonReader("tru").take_word("true"));
  }
}
