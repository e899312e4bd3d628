#include "workers/closed_workers.h"

#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

constexpr ClosedWorkers::Time kStart{std::chrono::hours(24 * 365 * 50)};

}  // namespace

TEST_CASE("a worker that has stopped", "[server][workers]") {
  ClosedWorkers closed;
  const auto is_closed = [&](const std::string& key, const std::string& queue, QueueType type = QueueType::kActivity,
                             std::chrono::nanoseconds after = 0s, std::uint32_t space = 1) {
    return closed.is_closed(space, key, queue, type, kStart + after);
  };

  SECTION("is closed for its queue and the types it named, and for nothing else") {
    closed.close(1, "w", "q", QueueTypes::of({2, 3}), kStart);
    CHECK(is_closed("w", "q"));
    CHECK(is_closed("w", "q", QueueType::kNexus));
    CHECK_FALSE(is_closed("w", "q", QueueType::kWorkflow));
    CHECK_FALSE(is_closed("w", "other"));
    CHECK_FALSE(is_closed("v", "q"));
    CHECK_FALSE(is_closed("w", "q", QueueType::kActivity, 0s, 2));
  }
  SECTION("that named no type is closed for all") {
    closed.close(1, "w", "q", QueueTypes::of({}), kStart);
    closed.close(1, "v", "q", QueueTypes::of({0}), kStart);
    for (const QueueType type : {QueueType::kWorkflow, QueueType::kActivity, QueueType::kNexus}) {
      CHECK(is_closed("w", "q", type));
      CHECK(is_closed("v", "q", type));
    }
  }
  SECTION("that named only types which do not exist is closed for none") {
    closed.close(1, "w", "q", QueueTypes::of({17, -3}), kStart);
    CHECK_FALSE(is_closed("w", "q"));
  }
  SECTION("that named no queue is closed for all") {
    closed.close(1, "w", "", QueueTypes::all(), kStart);
    CHECK(is_closed("w", "any"));
  }
  SECTION("may close its queues one by one") {
    closed.close(1, "w", "q", QueueTypes::of({2}), kStart);
    closed.close(1, "w", "p", QueueTypes::of({1}), kStart);
    CHECK(is_closed("w", "q"));
    CHECK(is_closed("w", "p", QueueType::kWorkflow));
    CHECK_FALSE(is_closed("w", "p"));
    CHECK(closed.size() == 1);
  }
  SECTION("without a key is nobody") {
    closed.close(1, "", "", QueueTypes::all(), kStart);
    CHECK_FALSE(is_closed("", "q"));
  }
  SECTION("is remembered for ten minutes after it said so last") {
    closed.close(1, "w", "q", QueueTypes::all(), kStart);
    CHECK(is_closed("w", "q", QueueType::kActivity, 10min - 1ns));
    CHECK_FALSE(is_closed("w", "q", QueueType::kActivity, 10min));
    closed.close(1, "v", "q", QueueTypes::all(), kStart + 9min);
    closed.close(1, "w", "q", QueueTypes::all(), kStart + 9min);
    CHECK(is_closed("w", "q", QueueType::kActivity, 18min));
    closed.close(1, "u", "q", QueueTypes::all(), kStart + 19min);
    CHECK(closed.size() == 1);
  }
}

TEST_CASE("too many stopped workers push out whoever stopped first", "[server][workers]") {
  ClosedWorkers closed({.workers_max = 3});
  for (int i = 0; i < 5; ++i) {
    closed.close(1, "w" + std::to_string(i), "q", QueueTypes::all(), kStart + std::chrono::seconds(i));
  }
  CHECK(closed.size() == 3);
  CHECK_FALSE(closed.is_closed(1, "w1", "q", QueueType::kActivity, kStart + 5s));
  CHECK(closed.is_closed(1, "w2", "q", QueueType::kActivity, kStart + 5s));
  for (int i = 0; i < 100; ++i) closed.close(1, "w4", "q" + std::to_string(i), QueueTypes::all(), kStart + 6s);
  CHECK(closed.is_closed(1, "w4", "q99", QueueType::kActivity, kStart + 6s));
  CHECK_FALSE(closed.is_closed(1, "w4", "q0", QueueType::kActivity, kStart + 6s));
}
