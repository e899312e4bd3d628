#include "core/stuck_watch.h"

#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

TEST_CASE("a function that does not end is told of", "[worker][stuck]") {
  const TimePoint start(1000s);
  StuckWatch watch;
  CHECK_FALSE(watch.since());
  CHECK(watch.begin(start));
  CHECK_FALSE(watch.begin(start + 5s));
  CHECK(watch.next() == start + 10s);
  CHECK(watch.told());
  CHECK(watch.next() == start + 20s);
  CHECK_FALSE(watch.told());
  CHECK(watch.next() == start + 40s);
}
