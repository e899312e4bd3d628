#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

std::vector<std::string> identities(const QueueReport& report) {
  std::vector<std::string> identities;
  for (const PollerSeen& poller : report.pollers) identities.push_back(poller.identity);
  return identities;
}

}  // namespace

TEST_CASE("a report about a queue", "[server][matching][report]") {
  QueueRoom room;

  SECTION("of which nobody ever heard is empty") {
    const QueueReport report = room.report();
    CHECK(report.pollers.empty());
    CHECK(report.by_priority.empty());
    CHECK(report.source == RateSource::kNone);
    CHECK(room.queues.queues() == 0);
  }
  SECTION("counts what waits, by priority, with the age of the oldest") {
    (void)room.add_due(1, kStart - 3s, 1), (void)room.add_due(2, kStart - 1s, 1), (void)room.add(3);
    room.now += 1s;
    const QueueReport report = room.report();
    CHECK(report.stats.backlog_count == 3);
    CHECK(report.stats.backlog_age == 4s);
    CHECK(report.by_priority.size() == 2);
    CHECK(report.by_priority.at(1).backlog_count == 2);
    CHECK(report.by_priority.at(3).backlog_count == 1);
    CHECK(report.by_priority.at(3).backlog_age == 1s);
    CHECK_FALSE(report.stats.rate_limiting_active);
  }
  SECTION("counts across fairness keys") {
    (void)room.add(1, 0, "a"), (void)room.add(2, 0, "b"), (void)room.add(3);
    CHECK(room.report().stats.backlog_count == 3);
    (void)room.park(1);
    CHECK(room.rows().size() == 1);
    CHECK(room.report().stats.backlog_count == 2);
  }
  SECTION("tells how fast tasks come and go") {
    for (std::uint64_t i = 0; i < 300; ++i) {
      (void)room.add(i);
      if (i % 2 == 0) (void)room.park(i);
      (void)room.rows();
      room.now += 100ms;
    }
    CHECK(room.report().stats.add_rate == Approx(10).margin(2));
    CHECK(room.report().stats.dispatch_rate == Approx(5).margin(1));
  }
  SECTION("tells when the rate holds tasks back") {
    room.limit(1);
    room.park_many(3);
    (void)room.add(1);
    CHECK(room.rows().size() == 1);
    CHECK_FALSE(room.report().stats.rate_limiting_active);
    (void)room.add(2);
    CHECK(room.rows().empty());
    CHECK(room.report().stats.rate_limiting_active);
    CHECK(room.report().by_priority.at(3).rate_limiting_active);
  }
  SECTION("tells the rate that was set also before anybody has used the queue") {
    room.limit(3);
    CHECK(room.queues.queues() == 0);
    CHECK(room.report().source == RateSource::kApi);
    CHECK(room.report().effective_rate == 3);
    room.limit({});
    CHECK(room.report().source == RateSource::kNone);
  }
  SECTION("holds the configuration as it was set, and none when it was taken away") {
    room.limit(3, 2, {{"a", 5}});
    QueueConfig config = room.report().config;
    CHECK(config.queue_rate->requests_per_second == 3);
    CHECK(config.queue_rate->identity == "me");
    CHECK(config.fairness_keys_rate_default->requests_per_second == 2);
    CHECK(config.weight_overrides.at("a") == 5);
    CHECK(room.queues.config(1, "q") != nullptr);
    room.limit({});
    CHECK(room.report().config == QueueConfig{});
    CHECK(room.queues.config(1, "q") == nullptr);
  }
}

TEST_CASE("the pollers of a queue", "[server][matching][report]") {
  QueueRoom room;

  SECTION("are remembered for five minutes, the latest first, with their rate") {
    (void)room.park(1, 7.0, "one");
    room.now += 1min;
    (void)room.park(2, {}, "two");
    CHECK(identities(room.report()) == std::vector<std::string>{"two", "one"});
    CHECK(room.report().pollers[1].rate_per_second == 7);
    CHECK(room.report().pollers[0].last_access_time == kStart + 1min);
    room.now = kStart + 5min;
    CHECK(identities(room.report()) == std::vector<std::string>{"two", "one"});
    room.now += 1ns;
    CHECK(identities(room.report()) == std::vector<std::string>{"two"});
  }
  SECTION("show once, however often they poll") {
    for (std::uint64_t call = 1; call <= 5; ++call) (void)room.park(call, {}, "one");
    CHECK(identities(room.report()) == std::vector<std::string>{"one"});
  }
  SECTION("do not show when their worker has said that it stops") {
    (void)room.park(1, {}, "one", "key 1"), (void)room.park(2, {}, "two", "key 2");
    room.queues.forget_worker(1, "q", "key 1");
    room.queues.forget_worker(1, "no such queue", "key 2");
    CHECK(identities(room.report()) == std::vector<std::string>{"two"});
  }
  SECTION("go on showing while another worker of the same identity polls") {
    (void)room.park(1, {}, "process", "key 1"), (void)room.park(2, {}, "process", "key 2");
    CHECK(identities(room.report()) == std::vector<std::string>{"process"});
    room.queues.forget_worker(1, "q", "key 2");
    CHECK(identities(room.report()) == std::vector<std::string>{"process"});
    room.queues.forget_worker(1, "q", "key 1");
    CHECK(room.report().pollers.empty());
  }
  SECTION("are not remembered without bound") {
    for (std::uint64_t call = 0; call < 1500; ++call) {
      room.now += 1ms;
      (void)room.park(call, {}, "identity " + std::to_string(call));
    }
    CHECK(room.report().pollers.size() == 1000);
    CHECK(room.report().pollers.back().identity == "identity 500");
  }
}
