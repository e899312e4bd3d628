#include <map>

#include "base/random.h"
#include "unit/matching/queue_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

/// One letter a task: the fairness key of row/1000.
std::map<std::uint64_t, std::size_t> shares(const std::vector<std::uint64_t>& rows, std::size_t among_first) {
  std::map<std::uint64_t, std::size_t> shares;
  for (std::size_t i = 0; i < among_first; ++i) ++shares[rows.at(i) / 100'000];
  return shares;
}

}  // namespace

TEST_CASE("fairness keys", "[server][matching][fairness]") {
  QueueRoom room;

  SECTION("share a queue evenly, whatever their backlogs") {
    for (std::uint64_t i = 0; i < 9000; ++i) (void)room.add(100'000 + i, 0, "big");
    for (std::uint64_t i = 0; i < 1000; ++i) (void)room.add(200'000 + i, 0, "small");
    room.park_many(10'000);
    const auto rows = room.rows();
    REQUIRE(rows.size() == 10'000);
    CHECK(shares(rows, 1000)[2] == 500);
    CHECK(shares(rows, 2000)[2] == 1000);
  }
  SECTION("share it by weight within 5 %, over thousands of tasks that come and go") {
    const std::vector<std::pair<std::string, float>> keys{{"a", 1.0F}, {"b", 2.5F}, {"c", 0.1F}, {"d", 7.0F}};
    longbeat::internal::Random random(4711);
    std::map<std::uint64_t, std::size_t> waiting, served;
    std::uint64_t next = 0, call = 0;
    for (int round = 0; round < 6000; ++round) {
      // Never empty, of changing depth.
      for (std::uint64_t i = 0; i < keys.size(); ++i) {
        while (waiting[i] < 2 + random.below(20)) {
          (void)room.add(i * 100'000'000 + next++, 0, keys[i].first, keys[i].second);
          ++waiting[i];
        }
      }
      room.now += 1ms;
      for (int polls = 0; polls < 5; ++polls) (void)room.park(++call);
      for (const auto row : room.rows()) ++served[row / 100'000'000], --waiting[row / 100'000'000];
    }
    REQUIRE(served[0] + served[1] + served[2] + served[3] == 30'000);
    for (std::uint64_t i = 0; i < keys.size(); ++i) {
      const double expected = 30'000 * static_cast<double>(keys[i].second) / 10.6;
      CAPTURE(keys[i].first, expected);
      CHECK(static_cast<double>(served[i]) > expected * 0.95);
      CHECK(static_cast<double>(served[i]) < expected * 1.05);
    }
  }
  SECTION("keep to the order of time within one key") {
    for (std::uint64_t i = 0; i < 6; ++i) (void)room.add(i, 0, i % 2 == 0 ? "even" : "odd");
    room.park_many(6);
    CHECK(room.rows() == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5});
  }
  SECTION("come after priority") {
    (void)room.add(1, 2, "a"), (void)room.add(2, 2, "a"), (void)room.add(3, 3, "b"), (void)room.add(4, 1, "c");
    room.park_many(4);
    CHECK(room.rows() == std::vector<std::uint64_t>{4, 1, 2, 3});
  }
  SECTION("that are new get no more than their share, however long others have been served") {
    for (std::uint64_t i = 0; i < 100; ++i) {
      (void)room.add(100'000 + i, 0, "one");
      (void)room.add(200'000 + i, 0, "other");
    }
    room.park_many(100);
    CHECK(room.rows().size() == 100);
    for (std::uint64_t i = 0; i < 60; ++i) (void)room.add(300'000 + i, 0, "new");
    room.park_many(60);
    CHECK(shares(room.rows(), 60) == std::map<std::uint64_t, std::size_t>{{1, 20}, {2, 20}, {3, 20}});
  }
  SECTION("have the weight that is configured for them, and others what their tasks ask for") {
    room.limit(std::nullopt, std::nullopt, {{"gold", 3.0F}});
    for (std::uint64_t i = 0; i < 100; ++i) {
      (void)room.add(100'000 + i, 0, "gold", 1.0F);
      (void)room.add(200'000 + i, 0, "double", 2.0F);
      (void)room.add(300'000 + i, 0, "plain");
    }
    room.park_many(60);
    CHECK(shares(room.rows(), 60) == std::map<std::uint64_t, std::size_t>{{1, 30}, {2, 20}, {3, 10}});
  }
  SECTION("keep their other tasks when one is taken back, and wait for nothing when it was the last") {
    auto first = room.add(1, 0, "a");
    (void)room.add(2, 0, "a"), (void)room.add(3, 0, "b");
    room.queues.remove_task(first);
    room.park_many(9);
    CHECK(room.rows() == std::vector<std::uint64_t>{2, 3});
    auto only = room.add(4, 0, "a");
    (void)room.add(5, 0, "b");
    room.queues.remove_task(only);
    CHECK(room.rows() == std::vector<std::uint64_t>{5});
  }
  SECTION("can be given a rate while their tasks wait") {
    for (std::uint64_t i = 0; i < 3; ++i) (void)room.add(i, 0, "a");
    room.limit(std::nullopt, 1.0F);
    room.park_many(3);
    CHECK(room.rows().size() == 1);
    CHECK(room.pass(1s) == 1);
  }
  SECTION("that were away get no more than their share when they come back") {
    for (std::uint64_t i = 0; i < 100; ++i) (void)room.add(100'000 + i, 0, "there");
    (void)room.add(200'000, 0, "back");
    room.park_many(50);
    CHECK(room.rows().size() == 50);
    for (std::uint64_t i = 0; i < 40; ++i) (void)room.add(200'001 + i, 0, "back");
    room.park_many(40);
    CHECK(shares(room.rows(), 40) == std::map<std::uint64_t, std::size_t>{{1, 20}, {2, 20}});
  }
  SECTION("cannot jump the queue by becoming empty and coming back") {
    for (std::uint64_t i = 0; i < 200; ++i) (void)room.add(100'000 + i, 0, "there");
    std::size_t quick = 0;
    for (std::uint64_t i = 0; i < 100; ++i) {
      (void)room.add(200'000 + i, 0, "quick");
      (void)room.park(i);
      if (room.match()->row >= 200'000) ++quick;
    }
    CHECK(quick <= 51);
  }
  SECTION("take the weight that the configuration gives them, also those that wait") {
    for (std::uint64_t i = 0; i < 400; ++i) {
      (void)room.add(100'000 + i, 0, "a");
      (void)room.add(200'000 + i, 0, "b");
    }
    room.limit({}, {}, {{"a", 3.0F}});
    room.park_many(400);
    const auto got = shares(room.rows(), 400);
    CHECK(got.at(1) >= 298);
    CHECK(got.at(1) <= 302);
  }
  SECTION("with odd weights starve nobody") {
    for (const float weight :
         {1e-30F, 1e30F, -1.0F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      CAPTURE(weight);
      QueueRoom other;
      for (std::uint64_t i = 0; i < 5000; ++i) {
        (void)other.add(100'000 + i, 0, "odd", weight);
        (void)other.add(200'000 + i, 0, "normal");
      }
      other.park_many(5000);
      const auto got = shares(other.rows(), 5000);
      CHECK(got.at(1) >= 1);
      CHECK(got.at(2) >= 1);
    }
  }
  SECTION("are forgotten with their last task") {
    for (std::uint64_t i = 0; i < 100; ++i) (void)room.add(i, 0, "key " + std::to_string(i));
    room.park_many(100);
    CHECK(room.rows().size() == 100);
    FairLine line;
    for (std::uint64_t i = 0; i < 100; ++i) (void)line.add("key " + std::to_string(i), 1, kStart, i, kStart);
    CHECK(line.keys() == 100);
    while (line.take(kStart)) {
    }
    CHECK(line.keys() == 0);
  }
}

TEST_CASE("the rate of fairness keys", "[server][matching][fairness]") {
  QueueRoom room;

  SECTION("holds one key back and lets the others go") {
    room.limit({}, 1.0F);
    for (std::uint64_t i = 0; i < 3; ++i) (void)room.add(100'000 + i, 0, "a");
    (void)room.add(200'000, 0, "b");
    room.park_many(10);
    CHECK(room.rows() == std::vector<std::uint64_t>{100'000, 200'000});
    CHECK(room.queues.next_ready() == kStart + 1s);
    room.now += 1s;
    CHECK(room.rows() == std::vector<std::uint64_t>{100'001});
  }
  SECTION("lets lower priorities go meanwhile") {
    room.limit({}, 1.0F);
    (void)room.add(1, 1, "a"), (void)room.add(2, 1, "a"), (void)room.add(3, 5, "b");
    room.park_many(3);
    CHECK(room.rows() == std::vector<std::uint64_t>{1, 3});
  }
  SECTION("counts times the weight") {
    room.limit({}, 10.0F);
    for (std::uint64_t i = 0; i < 1000; ++i) (void)room.add(i, 0, "a", 3.0F);
    room.park_many(1000);
    const auto went = room.pass(10s);
    CHECK(went >= 300);
    CHECK(went <= 305);
  }
  SECTION("is kept across pauses in which the key has no task, also when other keys come and go") {
    room.limit({}, 1.0F);
    room.park_many(100);
    std::size_t went = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
      (void)room.add(100'000 + i, 0, "a");
      (void)room.add(200'000 + i, 0, "b");
      went += room.pass(250ms);
    }
    CHECK(went >= 20);
    CHECK(went <= 22);
  }
  SECTION("of nothing holds everything, until it is taken away") {
    room.limit({}, 0.0F);
    (void)room.add(1, 0, "a"), (void)room.add(2, 0, "b");
    room.park_many(2);
    CHECK(room.pass(1h) == 0);
    CHECK_FALSE(room.queues.next_ready());
    room.limit({});
    CHECK(room.rows().size() == 2);
  }
  SECTION("does not give a key that was held a share saved up") {
    room.limit({}, 1.0F);
    for (std::uint64_t i = 0; i < 500; ++i) (void)room.add(100'000 + i, 0, "a");
    for (std::uint64_t i = 0; i < 500; ++i) (void)room.add(200'000 + i, 0, "b", 100.0F);
    room.park_many(1000);
    CHECK(room.pass(1s) > 100);
    room.limit({});
    const auto got = shares(room.rows(), 200);
    CHECK(got.at(1) <= 4);
  }
}
