#include "machine/text.h"

#include "machine/boxed.h"
#include "machine/text_pool.h"
#include "support/catch.h"

using namespace longbeat::server;

TEST_CASE("a text", "[server][machine]") {
  SECTION("is one pointer") {
    CHECK(sizeof(Text) == sizeof(void*));
  }
  SECTION("holds what it was made from, any bytes of it") {
    const std::string bytes("a\0b", 3);
    CHECK(Text(bytes).str() == bytes);
    CHECK(Text(bytes).size() == 3);
    CHECK(Text("abc") == "abc");
    CHECK_FALSE(Text("abc") == "abd");
  }
  SECTION("is empty at first, and so are all empty ones") {
    CHECK(Text().empty());
    CHECK(Text() == Text(""));
    CHECK(Text().view().empty());
    CHECK(Text().is_only_copy());
  }
  SECTION("shares its bytes with its copies, until they are gone") {
    Text one("something");
    CHECK(one.is_only_copy());
    {
      const Text other = one;
      CHECK(other.shares_bytes_with(one));
      CHECK_FALSE(one.is_only_copy());
    }
    CHECK(one.is_only_copy());
    const Text moved = std::move(one);
    CHECK(moved == "something");
    CHECK(moved.is_only_copy());
  }
  SECTION("outlives what it was copied from") {
    auto first = std::make_unique<Text>("something");
    Text copy;
    copy = *first;
    first.reset();
    CHECK(copy == "something");
    copy = copy;
    CHECK(copy == "something");
  }
}

TEST_CASE("a pool of texts", "[server][machine]") {
  TextPool pool;
  SECTION("keeps each once") {
    const Text a = pool.shared("queue"), b = pool.shared(std::string("queue"));
    CHECK(a.shares_bytes_with(b));
    CHECK_FALSE(pool.shared("other").shares_bytes_with(a));
    CHECK(pool.shared("").empty());
    CHECK(pool.size() == 2);
  }
  SECTION("forgets those that nobody holds any more") {
    const Text held = pool.shared("held");
    for (int i = 0; i < 100'000; ++i) pool.shared("used once " + std::to_string(i));
    CHECK(pool.size() <= 1025);
    CHECK(pool.shared("held").shares_bytes_with(held));
  }
}

TEST_CASE("a boxed value", "[server][machine]") {
  Boxed<std::string> none, some(std::string("a"));
  CHECK(sizeof none == sizeof(void*));
  CHECK_FALSE(none);
  CHECK(*some == "a");
  SECTION("is copied whole") {
    Boxed<std::string> copy = some;
    *copy = "b";
    CHECK(*some == "a");
    CHECK_FALSE(copy == some);
    copy = some;
    CHECK(copy == some);
    copy = none;
    CHECK_FALSE(copy.has_value());
    CHECK(copy == none);
  }
  SECTION("can be emptied and filled") {
    some.reset();
    CHECK_FALSE(some.has_value());
    CHECK(some.emplace("c") == "c");
    some = std::nullopt;
    CHECK(some == none);
  }
}
