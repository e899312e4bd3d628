#include "base/timer_heap.h"

#include <map>
#include <vector>

#include "base/random.h"
#include "support/catch.h"

using longbeat::internal::Random;
using longbeat::internal::TimerHeap;

TEST_CASE("timers", "[base][timers]") {
  TimerHeap<int, char> timers;

  SECTION("pop in order of their time, ties in the order of scheduling") {
    timers.schedule(20, 'c');
    timers.schedule(10, 'a');
    timers.schedule(10, 'b');
    CHECK(timers.next_deadline() == 10);
    CHECK(timers.pop_due(20) == 'a');
    CHECK(timers.pop_due(20) == 'b');
    CHECK(timers.pop_due(20) == 'c');
    CHECK(timers.pop_due(20) == std::nullopt);
  }
  SECTION("never pop early") {
    timers.schedule(10, 'a');
    CHECK(timers.pop_due(9) == std::nullopt);
    CHECK(timers.size() == 1);
  }
  SECTION("that were canceled do not pop, and canceling twice is refused") {
    const auto first = timers.schedule(10, 'a');
    timers.schedule(11, 'b');
    CHECK(timers.cancel(first));
    CHECK_FALSE(timers.cancel(first));
    CHECK(timers.pop_due(20) == 'b');
  }
  SECTION("can be moved both ways") {
    const auto a = timers.schedule(10, 'a');
    timers.schedule(20, 'b');
    CHECK(timers.reschedule(a, 30));
    CHECK(timers.next_deadline() == 20);
    CHECK(timers.reschedule(a, 5));
    CHECK(timers.next_deadline() == 5);
  }
  SECTION("leave handles that no later timer answers to") {
    const auto spent = timers.schedule(1, 'a');
    CHECK(timers.pop_due(1) == 'a');
    timers.schedule(2, 'b');  // Takes the same slot.
    CHECK_FALSE(timers.cancel(spent));
    CHECK_FALSE(timers.reschedule(spent, 0));
    CHECK(timers.size() == 1);
  }
  SECTION("know that handle 0 names none") {
    CHECK_FALSE(timers.cancel(0));
  }
}

TEST_CASE("the timer heap behaves like a sorted map", "[base][timers]") {
  Random random(7);
  TimerHeap<std::uint64_t, int> timers;
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> model;  // (time, order) → value
  std::map<int, std::pair<TimerHeap<std::uint64_t, int>::Handle, std::pair<std::uint64_t, std::uint64_t>>> live;
  std::uint64_t order = 0, now = 0;
  bool same = true;
  for (int i = 0; i < 20'000 && same; ++i) {
    const auto dice = random.below(10);
    if (dice < 5) {
      const auto at = now + random.below(500);
      const auto key = std::pair(at, order++);
      model[key] = i;
      live[i] = {timers.schedule(at, i), key};
    } else if (dice < 7 && !live.empty()) {
      auto victim = live.lower_bound(static_cast<int>(random.below(static_cast<std::uint64_t>(i))));
      if (victim == live.end()) victim = live.begin();
      model.erase(victim->second.second);
      same = timers.cancel(victim->second.first);
      live.erase(victim);
    } else if (dice < 8 && !live.empty()) {
      auto moved = live.begin();
      const auto at = now + random.below(500);
      model.erase(moved->second.second);
      moved->second.second = {at, order++};
      model[moved->second.second] = moved->first;
      same = timers.reschedule(moved->second.first, at);
    } else {
      now += random.below(20);
      while (same) {
        const auto popped = timers.pop_due(now);
        const bool due = !model.empty() && model.begin()->first.first <= now;
        same = popped.has_value() == due && (!due || *popped == model.begin()->second);
        if (!due) break;
        live.erase(model.begin()->second);
        model.erase(model.begin());
      }
    }
    same = same && timers.size() == model.size();
  }
  CHECK(same);
}
