#include "visibility/attributes.h"

#include "support/catch.h"

using namespace longbeat::server;

namespace {

std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}
std::string entry(const std::string& key, const std::string& value) {
  return field(1, key) + field(2, value);
}
/// As protobuf would serialise it.
std::string attribute(const std::string& name, const std::string& type, const std::string& json) {
  const std::string payload =
      field(1, entry("encoding", "json/plain")) + field(1, entry("type", type)) + field(2, json);
  return field(1, entry(name, payload));
}

std::string values(AttributeType type, const std::string& json) {
  const auto typed = typed_values(type, json);
  if (!typed) return typed.error().message;
  std::string text;
  for (const auto& value : *typed) {
    if (!text.empty()) text += "|";
    if (const auto* integer = std::get_if<std::int64_t>(&value)) text += std::to_string(*integer);
    if (const auto* number = std::get_if<double>(&value)) text += "~" + std::to_string(*number);
    if (const auto* string = std::get_if<std::string>(&value)) text += *string;
  }
  return text;
}

}  // namespace

TEST_CASE("search attributes are read from their bytes", "[server][visibility]") {
  const std::string bytes = attribute("Color", "Keyword", "\"red\"") + attribute("Size", "Int", "17");
  const auto entries = parse_search_attributes(bytes);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].name == "Color");
  CHECK(entries[0].type == "Keyword");
  CHECK(entries[0].json == "\"red\"");
  CHECK(entries[1].json == "17");
  CHECK(parse_search_attributes("").empty());

  SECTION("any damage gives nothing, never a crash") {
    for (std::size_t size = 0; size < bytes.size(); ++size) parse_search_attributes(bytes.substr(0, size));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const char c : {'\x00', '\x7f', '\xff'}) {
        std::string damaged = bytes;
        damaged[i] = c;
        parse_search_attributes(damaged);
      }
    }
    CHECK(parse_search_attributes("\x0a\x7f").empty());
  }
}

TEST_CASE("a value has the type of its attribute", "[server][visibility]") {
  CHECK(values(AttributeType::kKeyword, "\"red\"") == "red");
  CHECK(values(AttributeType::kKeyword, "[\"red\"]") == "red");
  CHECK(values(AttributeType::kKeyword, R"("a\"b\\\nü\u00fc\ud83d\ude00")") == "a\"b\\\nüü\U0001F600");
  CHECK(values(AttributeType::kText, "\"One two, TWO three\"") == "one|two|three");
  CHECK(values(AttributeType::kInt, "-17") == "-17");
  CHECK(values(AttributeType::kDouble, "2") == "~2.000000");
  CHECK(values(AttributeType::kDouble, "1.5e1") == "~15.000000");
  CHECK(values(AttributeType::kBool, " true ") == "1");
  CHECK(values(AttributeType::kDatetime, "\"1970-01-01T00:00:01Z\"") == "1000000000");
  CHECK(values(AttributeType::kKeywordList, R"( [ "a" , "b" ] )") == "a|b");
  CHECK(values(AttributeType::kKeywordList, "\"a\"") == "a");
  CHECK(values(AttributeType::kKeywordList, "[]") == "");
  CHECK(values(AttributeType::kInt, "null") == "");

  SECTION("or is refused") {
    CHECK(values(AttributeType::kInt, "\"17\"") == "another type of value where a Int is expected: \"17\"");
    CHECK(values(AttributeType::kInt, "1.5") == "another type of value where a Int is expected: 1.5");
    CHECK(values(AttributeType::kKeyword, "[\"a\",\"b\"]") ==
          "several values where a Keyword is expected: [\"a\",\"b\"]");
    for (const char* text :
         {"", "{}", "[1", "\"a", "\"\\x\"", "\"\\ud800\"", "tru", "1 2", "[1,]", "--1", "1e999", "\x01"}) {
      INFO(text);
      CHECK_THAT(values(AttributeType::kKeyword, text), ContainsSubstring("neither a JSON value nor a list"));
    }
    CHECK_FALSE(typed_values(AttributeType::kBool, "1"));
    CHECK_FALSE(typed_values(AttributeType::kDatetime, "\"today\""));
    CHECK_FALSE(typed_values(AttributeType::kKeywordList, "[1]"));
  }
}

TEST_CASE("types have two spellings", "[server][visibility]") {
  CHECK(attribute_type("KeywordList") == AttributeType::kKeywordList);
  CHECK(attribute_type("INDEXED_VALUE_TYPE_DATETIME") == AttributeType::kDatetime);
  CHECK_FALSE(attribute_type("keyword"));
  CHECK(to_string(AttributeType::kBool) == "Bool");
}
