// Who goes first, when new work is refused, and whose caller has taken too long: decided on plain data.
#include "rpc/request_line.h"
#include "rpc/slow_calls.h"
#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

constexpr Time kNow{1000h};

struct Call {
  int number = 0;
};

}  // namespace

TEST_CASE("the line of requests", "[rpc][overload]") {
  RequestLine<Call> line;
  Call a{1}, b{2}, c{3}, d{4};
  const auto next = [&] {
    Call* call = line.next();
    return call == nullptr ? 0 : call->number;
  };

  SECTION("has nobody at first") {
    CHECK(next() == 0);
    CHECK(line.empty());
    CHECK(line.new_work() == 0);
  }
  SECTION("keeps the order of arrival among equals") {
    const bool brings_work = GENERATE(false, true);
    line.add(a, brings_work), line.add(b, brings_work);
    CHECK(line.has_urgent() != brings_work);
    CHECK((next() == 1 && next() == 2 && next() == 0));
  }
  SECTION("lets reports go before new work") {
    line.add(a, true), line.add(b, false), line.add(c, true), line.add(d, false);
    CHECK(line.new_work() == 2);
    CHECK((next() == 2 && next() == 4));
    CHECK_FALSE(line.has_urgent());
    CHECK((next() == 1 && next() == 3));
  }
  SECTION("gives new work every sixteenth turn all the same") {
    line.add(a, true), line.add(b, true);
    for (int i = 0; i < 17; ++i) line.add(c, false);
    int urgent = 0;
    while (next() == 3) ++urgent;  // Ends with the turn of the first that brings new work.
    CHECK(urgent == 15);
    CHECK((next() == 3 && next() == 3 && next() == 2));
  }
}

TEST_CASE("new work is refused when it would wait too long", "[rpc][overload]") {
  Shedding shedding(100ms);
  SECTION("never while nobody has to wait") {
    for (int i = 0; i < 10; ++i) shedding.served(1, false, kNow + i * 1h);
    CHECK_FALSE(shedding.refuses(1'000'000));
  }
  SECTION("not at once when some begin to wait") {
    shedding.served(0, false, kNow);
    shedding.served(10, true, kNow + 1h);
    CHECK_FALSE(shedding.refuses(1'000));
  }
  // A millisecond each.
  for (int i = 0; i < 100; ++i) shedding.served(10, true, kNow + i * 10ms);
  SECTION("by what waits before it and how long each takes") {
    CHECK_FALSE(shedding.refuses(90));
    CHECK(shedding.refuses(110));
  }
  SECTION("the more, the less of it gets its turn") {
    for (int i = 100; i < 200; ++i) shedding.served(0, true, kNow + i * 10ms);
    CHECK_FALSE(shedding.refuses(8));
    CHECK(shedding.refuses(11));
  }
  SECTION("until the line has been empty") {
    for (int i = 100; i < 110; ++i) shedding.served(10, false, kNow + i * 10ms);
    CHECK_FALSE(shedding.refuses(10'000));
  }
}

TEST_CASE("calls that wait for their caller", "[rpc][limits]") {
  SlowCalls<Call> waiting;
  Call a{1}, b{2};
  constexpr Duration kLongest = 60s, kShortest = 1s;
  const auto overdue = [&](Time now, std::size_t bytes_max) {
    const auto place = waiting.overdue(now, kLongest, kShortest, bytes_max);
    return place ? (*place)->call->number : 0;
  };

  SECTION("are overdue after the longest time, in order") {
    CHECK(overdue(kNow, 0) == 0);
    const auto first = waiting.add(a, kNow, 10);
    waiting.add(b, kNow + 1s, 10);
    CHECK(waiting.next_deadline(kLongest) == kNow + 60s);
    CHECK(overdue(kNow + 59s, 100) == 0);
    CHECK(overdue(kNow + 60s, 100) == 1);
    waiting.remove(first);
    CHECK(overdue(kNow + 60s, 100) == 0);
    CHECK(overdue(kNow + 61s, 100) == 2);
  }
  SECTION("are overdue after the shortest while they keep too much") {
    const auto first = waiting.add(a, kNow, 60);
    waiting.add(b, kNow, 41);
    CHECK(waiting.bytes() == 101);
    CHECK(overdue(kNow + 999ms, 100) == 0);
    CHECK(overdue(kNow + 1s, 100) == 1);
    waiting.remove(first);
    CHECK(overdue(kNow + 1s, 100) == 0);
  }
  SECTION("leave nothing behind") {
    for (int i = 0; i < 3; ++i) waiting.remove(waiting.add(a, kNow, 7));
    CHECK(waiting.size() == 0);
    CHECK(waiting.bytes() == 0);
    CHECK_FALSE(waiting.next_deadline(kLongest));
  }
}
