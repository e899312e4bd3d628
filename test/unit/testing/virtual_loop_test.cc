// The loop on virtual time that an ActivityEnvironment stands on. Where a test waits in real time, it waits for a
// condition.
#include "testing/virtual_loop.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "support/catch.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

struct Room {
  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>(WallTime(1h));
  VirtualLoop loop{clock};

  /// Arms a timer that notes a letter.
  void arm(std::chrono::nanoseconds at, char letter) {
    loop.post([this, at, letter] { loop.schedule(VirtualClock::start() + at, [this, letter] { noted += letter; }); });
    loop.settle();
  }
  TimePoint at(std::chrono::nanoseconds time) const { return VirtualClock::start() + time; }
  std::string noted;
};

bool never() {
  return false;
}

}  // namespace

TEST_CASE("a loop on virtual time", "[testing][loop]") {
  Room room;
  SECTION("runs what is posted without any time passing") {
    room.loop.post([&] { room.noted += 'a'; });
    room.loop.post([&] { room.noted += 'b'; });
    room.loop.settle();
    CHECK(room.noted == "ab");
    CHECK(room.clock->passed() == 0s);
  }
  SECTION("runs timers in order while somebody lets time pass") {
    room.arm(3s, 'c');
    room.arm(1s, 'a');
    room.arm(2s, 'b');
    room.loop.pass(room.at(2s), never);
    CHECK(room.noted == "ab");
    CHECK(room.clock->passed() == 2s);
    CHECK(room.clock->wall_now() == WallTime(1h + 2s));
  }
  SECTION("stops where the waiting is over") {
    room.arm(1s, 'a');
    room.arm(2s, 'b');
    room.loop.pass(TimePoint::max(), [&] { return room.noted == "a"; });
    CHECK(room.clock->passed() == 1s);
  }
  SECTION("comes back where nothing is going to happen") {
    room.loop.pass(TimePoint::max(), never);
    CHECK(room.clock->passed() == 0s);
  }
  SECTION("stops there too when two wait for the same") {
    std::atomic<bool> over{false};
    int exact = 0;
    for (int i = 0; i < 200; ++i) {
      Room shared;
      over = false;
      shared.loop.post([&] {
        for (const auto at : {1ms, 2ms, 3ms}) shared.loop.schedule(shared.at(at), [] {});
        shared.loop.schedule(shared.at(4ms), [&] { over = true; });
        for (const auto at : {5ms, 6ms, 7ms}) shared.loop.schedule(shared.at(at), [] {});
      });
      const auto wait = [&] { shared.loop.pass(shared.at(1s), [&] { return over.load(); }); };
      std::thread other(wait);
      wait();
      other.join();
      exact += shared.clock->passed() == 4ms ? 1 : 0;
    }
    CHECK(exact == 200);
  }
  SECTION("does not run what was canceled") {
    room.loop.post([&] { room.loop.cancel(room.loop.schedule(room.at(1s), [&] { room.noted += 'a'; })); });
    room.loop.pass(room.at(2s), never);
    CHECK(room.noted.empty());
  }
  SECTION("knows its own thread") {
    CHECK_FALSE(room.loop.on_this_thread());
    bool there = false;
    room.loop.post([&] { there = room.loop.on_this_thread(); });
    room.loop.settle();
    CHECK(there);
  }
  SECTION("lets no time pass while a job runs elsewhere") {
    room.loop.begin_job();
    std::promise<void> go;
    std::chrono::nanoseconds seen{-1};
    std::thread job([&] {
      go.get_future().wait();
      room.loop.run_job([&] { seen = room.clock->passed(); });
    });
    go.set_value();
    room.loop.pass(room.at(1s), never);
    job.join();
    CHECK(seen == 0s);
    CHECK(room.clock->passed() == 1s);
  }
  SECTION("is told once when nobody asks anything of it") {
    std::promise<void> told;
    room.loop.on_silence(1ms, [&] { told.set_value(); });
    CHECK(told.get_future().wait_for(10s) == std::future_status::ready);
  }
  SECTION("tells of a wait that nothing can end") {
    int told = 0;
    room.loop.on_endless_wait(120ms, TimePoint::max(), [&] { ++told; });
    for (int i = 0; i < 2; ++i) room.loop.pass(TimePoint::max(), never);
    CHECK(told == 0);
    for (int i = 0; i < 3; ++i) room.loop.pass(TimePoint::max(), never);
    CHECK(told == 1);
  }
  SECTION("tells of one between whose steps a thread waits itself") {
    int told = 0;
    room.loop.on_endless_wait(2h, TimePoint::max(), [&] { ++told; });
    room.loop.settle();
    room.loop.pass_a_step(TimePoint::max(), 1h);
    CHECK(told == 0);
    room.loop.pass_a_step(TimePoint::max(), 1h);
    CHECK(told == 1);
  }
  SECTION("tells of one that only outlives one timer after the other") {
    std::function<void()> again = [&] { room.loop.schedule(room.loop.now() + 1h, again); };
    room.loop.post(again);
    bool told = false;
    room.loop.on_endless_wait(2h, room.at(10h), [&] { told = true; });
    room.loop.pass(room.at(300h), never);
    CHECK_FALSE(told);  // That one had an end.
    room.loop.pass(TimePoint::max(), [&] { return told; });
    CHECK(told);
    CHECK(room.clock->passed() == 541h);  // Ten days after it.
  }
  SECTION("takes no wait for endless in which something happens") {
    int told = 0;
    room.loop.on_endless_wait(2h, TimePoint::max(), [&] { ++told; });
    room.loop.pass_a_step(TimePoint::max(), 1h);
    room.loop.post([] {});
    room.loop.settle();
    room.loop.pass_a_step(TimePoint::max(), 1h);
    room.arm(1s, 'a');
    room.loop.pass_a_step(TimePoint::max(), 1h);
    CHECK(room.noted == "a");
    CHECK(told == 0);
  }
  SECTION("never reaches what comes after the clock's end") {
    room.arm(VirtualClock::kLongest + 1ns, 'z');
    room.loop.pass(TimePoint::max(), never);
    CHECK(room.clock->passed() == 0s);
    room.loop.pass(VirtualClock::end(), never);
    CHECK(room.clock->passed() == VirtualClock::kLongest);
    CHECK(room.noted.empty());
  }
  SECTION("takes nothing after its end") {
    room.arm(1s, 'a');
    room.loop.stop();
    CHECK_FALSE(room.loop.post([&] { room.noted += 'b'; }));
    room.loop.pass(room.at(1s), never);
    CHECK(room.noted.empty());
  }
}
