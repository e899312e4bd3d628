#include "core/details_cell.h"

#include <atomic>
#include <thread>

#include "longbeat/json.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;

namespace {
std::unique_ptr<DetailsValue> value(int number) {
  return std::make_unique<HeldDetails<int>>(number);
}
int number_in(const std::unique_ptr<DetailsValue>& value) {
  return std::get<0>(static_cast<HeldDetails<int>&>(*value).values);
}
}  // namespace

TEST_CASE("the latest-value cell", "[worker][heartbeat]") {
  DetailsCell cell;
  SECTION("is empty at first and after it was emptied") {
    CHECK_FALSE(cell.take());
    cell.put(value(1));
    CHECK(cell.take());
    CHECK_FALSE(cell.take());
  }
  SECTION("keeps only the newest, with a growing number") {
    cell.put(value(1));
    auto first = cell.take();
    cell.put(value(2));
    cell.put(value(3));
    const auto newest = cell.take();
    REQUIRE(newest);
    CHECK(number_in(newest) == 3);
    CHECK(newest->sequence > first->sequence);
  }
  SECTION("wakes the loop once, and only when the loop wants it") {
    CHECK_FALSE(cell.put(value(1)));
    cell.arm();
    CHECK(cell.has_news());
    CHECK(cell.put(value(2)));
    CHECK_FALSE(cell.put(value(3)));
    CHECK_FALSE(cell.repeat());
  }
  SECTION("tells by its number that something newer came, also what is still in it") {
    cell.put(value(1));
    const auto seen = cell.last_sequence();
    CHECK(cell.has_news());
    CHECK(cell.last_sequence() == seen);
    cell.put(value(2));
    CHECK(cell.last_sequence() > seen);
  }
  SECTION("remembers a heartbeat without a value") {
    cell.repeat();
    CHECK(cell.has_news());
    CHECK(cell.take_repeat());
    CHECK_FALSE(cell.take_repeat());
  }
}

TEST_CASE("writers on several threads lose nothing newer to something older", "[worker][heartbeat]") {
  DetailsCell cell;
  std::atomic<int> running{4};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) cell.put(value(i));
      --running;
    });
  }
  std::uint64_t taken = 0;
  while (running > 0) {
    if (auto newest = cell.take()) ++taken;
  }
  for (auto& writer : writers) writer.join();
  const bool last = cell.take() != nullptr;
  CHECK(taken + (last ? 1 : 0) >= 1);
  CHECK_FALSE(cell.has_news());
}
