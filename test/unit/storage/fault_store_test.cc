#include "storage/fault_store.h"

#include <vector>

#include "support/catch.h"

using namespace longbeat::server;

TEST_CASE("a simulated disk", "[server][storage]") {
  const auto disk = std::make_shared<SimulatedDisk>();
  auto store = std::make_unique<CrashableStore>(disk);
  store->commit(std::vector<Write>{{Table::kInput, 1, "one"}}).value();

  SECTION("outlives the stores on it") {
    store.reset();
    CHECK(CrashableStore(disk).read(Table::kInput, 1).value() == "one");
  }
  SECTION("fails the chosen commit with nothing applied") {
    disk->fail_commit(2, CommitFault::kNothingApplied);
    CHECK(store->commit(std::vector<Write>{{Table::kInput, 2, "two"}}).error().code == StatusCode::kDataLoss);
    CHECK_FALSE(CrashableStore(disk).read(Table::kInput, 2).value());
  }
  SECTION("fails the chosen commit although it was applied") {
    disk->fail_next_commit(CommitFault::kAppliedButFailed, StatusCode::kResourceExhausted);
    CHECK(store->commit(std::vector<Write>{{Table::kInput, 2, "two"}}).error().code == StatusCode::kResourceExhausted);
    CHECK(CrashableStore(disk).read(Table::kInput, 2).value() == "two");
  }
  SECTION("takes nothing more from a store after a failure, but from the next one") {
    disk->fail_next_commit(CommitFault::kNothingApplied);
    CHECK_FALSE(store->commit(std::vector<Write>{{Table::kInput, 2, "two"}}));
    CHECK_FALSE(store->commit(std::vector<Write>{{Table::kInput, 3, "three"}}));
    CHECK(CrashableStore(disk).commit(std::vector<Write>{{Table::kInput, 3, "three"}}));
  }
}
