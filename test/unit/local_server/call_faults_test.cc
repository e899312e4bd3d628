#include "local/call_faults.h"

#include "support/catch.h"

using namespace longbeat::server;

TEST_CASE("trouble meets the calls it was meant for", "[local][faults]") {
  CallFaults faults;
  CHECK(!faults.of_call("worker", 1));

  SECTION("of one worker, and of these kinds") {
    faults.add({.identity = "worker", .types = {1, 2}});
    CHECK(faults.of_call("worker", 1));
    CHECK(faults.of_call("worker", 2));
    CHECK(!faults.of_call("worker", 3));
    CHECK(!faults.of_call("another", 1));
  }
  SECTION("of everybody when nobody is named") {
    faults.add({.types = {1}});
    CHECK(faults.of_call("worker", 1));
    CHECK(faults.of_call("another", 1));
  }
  SECTION("so many times") {
    faults.add({.types = {1}, .times = 2});
    CHECK(faults.of_call("worker", 1));
    CHECK(faults.of_call("another", 1));
    CHECK(!faults.of_call("worker", 1));
  }
  SECTION("the first one that fits, and then the next") {
    faults.add({.types = {1}, .times = 1, .kind = FaultKind::kRequestLost});
    faults.add({.types = {1}, .kind = FaultKind::kReplyLost});
    CHECK(faults.of_call("worker", 1)->kind == FaultKind::kRequestLost);
    CHECK(faults.of_call("worker", 1)->kind == FaultKind::kReplyLost);
  }
  SECTION("until it is cleared") {
    faults.add({.types = {1}});
    faults.clear();
    CHECK(!faults.of_call("worker", 1));
  }
}
