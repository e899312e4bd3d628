#include "workers/commands.h"

#include "support/catch.h"

using namespace longbeat::server;
using namespace std::chrono_literals;

namespace {

constexpr WorkerCommands::Time kStart{std::chrono::hours(24 * 365 * 50)};
using Tokens = std::vector<std::string>;
using Settled = WorkerCommands::Settled;

}  // namespace

TEST_CASE("a command for a worker", "[server][workers][commands]") {
  WorkerCommands commands;
  const auto queue = commands.queue(1, "control");

  SECTION("goes to the poll that waits") {
    commands.park(queue, 7);
    commands.tell(queue, "token", kStart);
    const auto delivery = commands.next_delivery(kStart);
    REQUIRE(delivery);
    CHECK(delivery->call == 7);
    CHECK(delivery->number != 0);
    CHECK(delivery->task_tokens == Tokens{"token"});
    CHECK(delivery->scheduled_time == kStart);
    CHECK_FALSE(commands.next_delivery(kStart));
  }
  SECTION("waits for a poll, together with those that come meanwhile") {
    commands.tell(queue, "one", kStart);
    CHECK_FALSE(commands.next_delivery(kStart));
    commands.tell(queue, "two", kStart + 1s);
    commands.park(queue, 7);
    commands.park(queue, 8);
    const auto delivery = commands.next_delivery(kStart + 2s);
    REQUIRE(delivery);
    CHECK(delivery->task_tokens == Tokens{"one", "two"});
    CHECK(delivery->scheduled_time == kStart);
    CHECK_FALSE(commands.next_delivery(kStart + 2s));
  }
  SECTION("that is told twice waits once") {
    commands.tell(queue, "one", kStart), commands.tell(queue, "one", kStart);
    commands.park(queue, 7);
    CHECK(commands.next_delivery(kStart)->task_tokens == Tokens{"one"});
  }
  SECTION("does not go to a poll that has left, nor to another queue of the same name") {
    commands.park(queue, 7);
    commands.unpark(queue, 7);
    commands.park(commands.queue(2, "control"), 8);
    commands.park(commands.queue(1, "other"), 9);
    commands.tell(queue, "one", kStart);
    CHECK_FALSE(commands.next_delivery(kStart));
  }
  SECTION("is given up when no poll comes within ten seconds") {
    commands.tell(queue, "one", kStart);
    CHECK(commands.next_deadline() == kStart + 10s);
    CHECK_FALSE(commands.next_delivery(kStart + 10s));
    CHECK(commands.given_up() == 1);
    CHECK_FALSE(commands.next_deadline());
    commands.park(queue, 7);
    CHECK_FALSE(commands.next_delivery(kStart + 10s));
  }
  SECTION("expires alone: later ones go on waiting") {
    commands.tell(queue, "one", kStart);
    commands.tell(queue, "two", kStart + 4s);
    CHECK_FALSE(commands.next_delivery(kStart + 10s));
    CHECK(commands.next_deadline() == kStart + 14s);
    commands.park(queue, 7);
    CHECK(commands.next_delivery(kStart + 13s)->task_tokens == Tokens{"two"});
  }
  SECTION("is done when the worker says so") {
    commands.park(queue, 7);
    commands.tell(queue, "one", kStart);
    const auto number = commands.next_delivery(kStart)->number;
    CHECK(commands.settle(1, number, false, kStart + 1s) == Settled::kDone);
    CHECK_FALSE(commands.next_deadline());
    CHECK(commands.given_up() == 0);
    CHECK(commands.settle(1, number, false, kStart + 1s) == Settled::kUnknown);
  }
  SECTION("is not settled from another namespace") {
    commands.park(queue, 7);
    commands.tell(queue, "one", kStart);
    const auto number = commands.next_delivery(kStart)->number;
    CHECK(commands.settle(2, number, false, kStart) == Settled::kOfAnotherNamespace);
    CHECK(commands.settle(1, number, false, kStart) == Settled::kDone);
  }
  SECTION("goes out three times in all when nobody confirms it") {
    commands.tell(queue, "one", kStart);
    auto now = kStart;
    for (int attempt = 0; attempt < 3; ++attempt) {
      commands.park(queue, 7);
      const auto delivery = commands.next_delivery(now);
      REQUIRE(delivery);
      CHECK(delivery->task_tokens == Tokens{"one"});
      CHECK(delivery->scheduled_time == kStart);
      CHECK(commands.next_deadline() == now + 10s);
      now += 10s;
    }
    commands.park(queue, 7);
    CHECK_FALSE(commands.next_delivery(now));
    CHECK(commands.given_up() == 1);
    CHECK_FALSE(commands.next_deadline());
  }
  SECTION("goes out again at once when the worker failed to take it") {
    commands.park(queue, 7), commands.park(queue, 8);
    commands.tell(queue, "one", kStart);
    const auto number = commands.next_delivery(kStart)->number;
    CHECK(commands.settle(1, number, true, kStart) == Settled::kDone);
    const auto again = commands.next_delivery(kStart);
    REQUIRE(again);
    CHECK(again->call == 8);
    CHECK(again->number != number);
  }
  SECTION("is one of at most a thousand that wait, and the oldest goes") {
    for (int i = 0; i < 1500; ++i) commands.tell(queue, "token " + std::to_string(i), kStart);
    CHECK(commands.given_up() == 500);
    std::size_t got = 0;
    for (std::uint64_t call = 0; call < 10; ++call) commands.park(queue, call);
    while (const auto delivery = commands.next_delivery(kStart)) {
      if (got == 0) CHECK(delivery->task_tokens.front() == "token 500");
      CHECK(delivery->task_tokens.size() <= WorkerCommands::kPerDeliveryMax);
      got += delivery->task_tokens.size();
    }
    CHECK(got == 1000);
  }
}

TEST_CASE("control queues that nobody uses are forgotten", "[server][workers][commands]") {
  WorkerCommands commands;
  const auto used = commands.queue(1, "used");
  commands.tell(commands.queue(1, "pending"), "token", kStart);
  for (int i = 0; i < 10'000; ++i) (void)commands.queue(1, "queue " + std::to_string(i));
  CHECK(commands.queues() < 200);
  CHECK(commands.queue(1, "used") == used);
  commands.park(commands.queue(1, "pending"), 7);
  CHECK(commands.next_delivery(kStart)->task_tokens == Tokens{"token"});
}
