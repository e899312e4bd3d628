// Who goes first, how long new work has waited, and whose caller has taken too long: decided on plain data.
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
    CHECK(line.size() == 0);
  }
  SECTION("keeps the order of arrival among equals") {
    SECTION("urgent") {
      line.add_urgent(a), line.add_urgent(b);
      CHECK(line.has_urgent());
    }
    SECTION("bringing new work") {
      line.add_new_work(a, kNow), line.add_new_work(b, kNow);
      CHECK_FALSE(line.has_urgent());
    }
    CHECK((next() == 1 && next() == 2 && next() == 0));
  }
  SECTION("lets reports go before new work") {
    line.add_new_work(a, kNow), line.add_urgent(b), line.add_new_work(c, kNow), line.add_urgent(d);
    CHECK(line.size() == 4);
    CHECK((next() == 2 && next() == 4));
    CHECK_FALSE(line.has_urgent());
    CHECK((next() == 1 && next() == 3));
  }
  SECTION("gives new work every sixteenth turn all the same") {
    line.add_new_work(a, kNow), line.add_new_work(b, kNow);
    for (int i = 0; i < 17; ++i) line.add_urgent(c);
    int urgent = 0;
    while (next() == 3) ++urgent;  // Ends with the turn of the first that brings new work.
    CHECK(urgent == 15);
    CHECK((next() == 3 && next() == 3 && next() == 2));
  }
  SECTION("knows for how long the first that brings new work has waited") {
    CHECK(line.longest_wait(kNow + 1h) == 0s);
    line.add_urgent(a);
    CHECK(line.longest_wait(kNow + 1h) == 0s);
    line.add_new_work(b, kNow), line.add_new_work(c, kNow + 1s);
    CHECK(line.longest_wait(kNow + 3s) == 3s);
    CHECK((next() == 1 && next() == 2));
    CHECK(line.longest_wait(kNow + 3s) == 2s);
    CHECK(next() == 3);
    CHECK(line.longest_wait(kNow + 1h) == 0s);
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
