#include "local/stage.h"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "local/stage_loop.h"
#include "longbeat/log.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::server;
using namespace std::chrono_literals;
using Ended = Stage::Ended;

namespace {

/// A stage with one inhabitant. Whoever is at work for 100 ms holds up nobody's advance(), after 300 ms waits are told,
/// and after 100 ms the log, of who waits while time moves.
struct StageRoom {
  using Nanoseconds = std::chrono::nanoseconds;

  explicit StageRoom(bool manual = true, StagePatience patience = kPatience)
      : thread(std::make_shared<StageThread>(manual, patience)) {}

  template <class Job>
  void on_loop(Job job) {
    std::promise<void> done;
    REQUIRE(loop.post([&] {
      job();
      done.set_value();
    }));
    done.get_future().wait();
  }
  /// Notes its name when it fires.
  void arm(Nanoseconds in, const std::string& name) {
    on_loop([&] { loop.schedule(loop.now() + in, [this, name] { note(name); }); });
  }
  void arm_keepalive(Nanoseconds in, const std::string& name) {
    on_loop([&] { loop.schedule_keepalive(loop.now() + in, [this, name] { note(name); }); });
  }
  void note(const std::string& what) {
    notes.with([&](auto& all) { return all += (all.empty() ? "" : " ") + what; });
  }
  std::string noted() {
    return notes.with([](const std::string& all) { return all; });
  }
  bool has(const std::string& name) { return noted().find(name) != std::string::npos; }
  Nanoseconds passed() { return stage.clock()->passed(); }
  Stage::WaitEnd until_noted(const std::string& name) {
    return stage.wait_until([&] { return has(name); }, TimePoint::max());
  }

  static constexpr StagePatience kPatience{100ms, 300ms, 100ms};
  const std::shared_ptr<StageThread> thread;
  Stage& stage{thread->stage()};
  StageLoop loop{thread};
  internal::Guarded<std::string> notes{};
};

}  // namespace

TEST_CASE("manual time stands still by itself", "[local][stage]") {
  StageRoom room;
  room.arm(1ms, "due");
  std::this_thread::sleep_for(5ms);  // Real time, which must not count.
  CHECK(room.passed() == 0s);
  CHECK(room.noted().empty());
}

TEST_CASE("advance goes from timer to timer", "[local][stage]") {
  StageRoom room;
  room.arm(3s, "third");
  room.arm_keepalive(2s, "second");
  room.on_loop([&] {
    room.loop.schedule(room.loop.now() + 1s, [&] {
      room.note("first");
      room.loop.schedule(room.loop.now() + 500ms, [&] { room.note("between"); });
    });
  });
  SECTION("and runs what is due, in order") {
    CHECK(room.stage.advance(2s).how == Ended::kMet);
    CHECK(room.noted() == "first between second");
    CHECK(room.passed() == 2s);
  }
  SECTION("and stops between two of them") {
    CHECK(room.stage.advance(1200ms).how == Ended::kMet);
    CHECK(room.noted() == "first");
    CHECK(room.passed() == 1200ms);
    CHECK(room.stage.advance(0s).how == Ended::kMet);
    CHECK(room.passed() == 1200ms);
  }
  SECTION("of several threads each gets what it asked for") {
    auto other = std::async(std::launch::async, [&] { return room.stage.advance(10s).how; });
    CHECK(room.stage.advance(5s).how == Ended::kMet);
    CHECK(other.get() == Ended::kMet);
    CHECK(room.passed() >= 10s);
  }
}

TEST_CASE("time jumps while somebody waits", "[local][stage]") {
  StageRoom room;
  SECTION("to the next timer, and no further") {
    room.arm(2h, "far");
    room.arm(1h, "near");
    CHECK(room.until_noted("near").how == Ended::kMet);
    CHECK(room.passed() == 1h);
    CHECK(room.noted() == "near");
  }
  SECTION("past what only keeps something alive, which is on time all the same") {
    room.arm_keepalive(1min, "keepalive");
    room.arm(1h, "near");
    CHECK(room.until_noted("near").how == Ended::kMet);
    CHECK(room.noted() == "keepalive near");
  }
  SECTION("to the end of the wait") {
    CHECK(room.stage.wait_until([] { return false; }, room.stage.clock()->now() + 7s).how == Ended::kLate);
    CHECK(room.passed() == 7s);
  }
  SECTION("while a blocking call waits, until its answer is there") {
    room.arm(1h, "near");
    room.arm(2h, "far");
    std::promise<void> near;
    std::shared_ptr<internal::TimeWait> mark;
    room.on_loop([&] {
      mark = room.stage.wait();  // Here, as calls do it: what they wait for is planned before time moves.
      room.loop.schedule(room.loop.now() + 90min, [&] {
        mark->end();
        near.set_value();
      });
    });
    near.get_future().wait();
    CHECK(room.passed() == 90min);
    room.on_loop([] {});
    CHECK(room.noted() == "near");
  }
}

TEST_CASE("time never jumps to what only keeps something alive", "[local][stage]") {
  StageRoom room;
  room.arm_keepalive(1min, "keepalive");
  const auto end = room.until_noted("keepalive");
  CHECK(end.how == Ended::kNothingLeft);
  CHECK(end.why.find("nothing is planned") != std::string::npos);
  CHECK(room.passed() == 0s);
}

TEST_CASE("time does not jump while anybody is at work", "[local][stage]") {
  StageRoom room;
  room.arm(1h, "near");
  SECTION("until the work is done") {
    auto work = room.stage.busy("a codec");
    std::atomic<bool> moved = false;
    std::thread worker([&] {
      std::this_thread::sleep_for(20ms);  // The work itself: real time.
      moved = room.passed() != 0s;
      work.reset();
    });
    CHECK(room.until_noted("near").how == Ended::kMet);
    worker.join();
    CHECK(!moved);
  }
  SECTION("and who waits for too long is told who that is") {
    const auto work = room.stage.busy("a codec");
    const auto runner = room.stage.runner("activity 'a' runs");
    runner->begins();
    const auto end = room.until_noted("near");
    CHECK(end.how == Ended::kBusy);
    CHECK(end.why == "a codec; activity 'a' runs");
    CHECK(room.passed() == 0s);
  }
  SECTION("but a runner that waits here is not at work, nor one that has not begun or has ended") {
    const auto runner = room.stage.runner("activity 'a' runs");
    const auto idle = room.stage.runner("activity 'b' runs");
    runner->begins();
    std::thread activity([&] {
      runner->pass(room.stage.clock()->now() + 30min, [] { return false; });
      room.note("slept");
      runner->ended();
    });
    CHECK(room.until_noted("near").how == Ended::kMet);
    activity.join();
    CHECK(room.noted() == "slept near");
  }
}

TEST_CASE("who waits may ask on the stage while it looks", "[local][stage]") {
  StageRoom room;
  room.arm(1h, "near");
  const auto end = room.stage.wait_until(
      [&] {
        std::promise<bool> answer;
        REQUIRE(room.loop.post_look([&] { answer.set_value(room.has("near")); }));
        return answer.get_future().get();
      },
      TimePoint::max());
  CHECK(end.how == Ended::kMet);
}

TEST_CASE("a condition that throws is like one that was met", "[local][stage]") {
  StageRoom room;
  room.arm(1h, "near");
  CHECK_THROWS_AS(room.stage.wait_until([]() -> bool { throw 1; }, TimePoint::max()), int);
  CHECK(room.stage.advance(1s).how == Ended::kMet);
  CHECK(room.until_noted("near").how == Ended::kMet);
  CHECK(room.passed() == 1h);
}

TEST_CASE("a condition looks, and does nothing else", "[local][stage]") {
  StageRoom room;
  const auto asking = [&](const auto& ask) {
    Stage::WaitEnd inner;
    const auto once = [&] {
      inner = ask();
      return true;
    };
    CHECK(room.stage.wait_until(once, TimePoint::max()).how == Ended::kMet);
    return inner;
  };
  const auto met = [] { return true; };
  SECTION("so time does not move in it") {
    const auto inner = asking([&] { return room.stage.advance(1s); });
    CHECK(inner.how == Ended::kRefused);
    CHECK(inner.why.find("by the condition of a wait") != std::string::npos);
    CHECK(room.passed() == 0s);
  }
  SECTION("so nothing waits in it") {
    CHECK(asking([&] { return room.stage.wait_until(met, TimePoint::max()); }).how == Ended::kRefused);
    CHECK(room.stage.wait_until(met, TimePoint::max()).how == Ended::kMet);
  }
  SECTION("so nothing waits in the condition of a wait on another stage in it") {
    StageRoom other;
    const auto inner = asking([&] {
      Stage::WaitEnd innermost;
      CHECK(other.stage.advance(1s).how == Ended::kMet);
      const auto end = other.stage.wait_until(
          [&] {
            innermost = room.stage.advance(1s);
            return true;
          },
          TimePoint::max());
      CHECK(end.how == Ended::kMet);
      return innermost;
    });
    CHECK(inner.how == Ended::kRefused);
  }
  SECTION("and what makes something happen each time it is asked is told so") {
    const auto end = room.stage.wait_until([&] { return !room.loop.post([] {}); }, TimePoint::max());
    CHECK(end.how == Ended::kBusy);
    CHECK(end.why.find("the condition that a wait was given") != std::string::npos);
  }
  SECTION("and who advances is told of one that does not answer") {
    std::promise<void> asked, answer;
    const auto wait = std::async(std::launch::async, [&] {
      const auto blocks = [&] {
        asked.set_value();
        answer.get_future().wait();
        return true;
      };
      return room.stage.wait_until(blocks, TimePoint::max()).how;
    });
    asked.get_future().wait();
    const auto end = room.stage.advance(1s);
    CHECK(end.how == Ended::kBusy);
    CHECK(end.why.find("the condition that a wait was given has not answered") != std::string::npos);
    answer.set_value();
  }
}

TEST_CASE("who waits while something repeats", "[local][stage]") {
  StageRoom room;
  std::function<void()> again = [&] { room.loop.schedule(room.loop.now() + 1h, again); };
  room.on_loop(again);
  SECTION("gives up in real time") {
    const auto end =
        room.stage.wait_until([] { return false; }, TimePoint::max(), internal::system_clock().now() + 20ms);
    CHECK(end.how == Ended::kRealLate);
    CHECK(room.passed() >= 1h);
  }
  SECTION("is told in the log, once") {
    internal::Guarded<std::string> logged;
    set_log_sink([&](const LogRecord& record) {
      logged.with([&](auto& all) {
        all += record.message;
        return 0;
      });
    });
    const auto has = [&](const char* what) {
      return logged.with([&](const auto& all) { return all.find(what) != std::string::npos; });
    };
    std::shared_ptr<internal::TimeWait> call;
    room.on_loop([&] { call = room.stage.wait(); });
    // The wait itself is not what the log tells of.
    CHECK(room.stage.wait_until([&] { return has("a blocking call has waited"); }, TimePoint::max()).how ==
          Ended::kMet);
    call.reset();
    CHECK(!has("advance() has been on its way"));
    auto far = std::async(std::launch::async, [&] { return room.stage.advance(24h * 365 * 200).how; });
    CHECK(room.stage.wait_until([&] { return has("advance() has been on its way"); }, TimePoint::max()).how ==
          Ended::kMet);
    room.on_loop([&] { again = [] {}; });
    CHECK(far.get() == Ended::kMet);
    set_log_sink({});
  }
}

TEST_CASE("a runner's wait ends when it is over", "[local][stage]") {
  StageRoom room;
  const auto runner = room.stage.runner("activity 'a' runs");
  runner->begins();
  std::atomic<bool> over = false;
  std::thread activity([&] {
    runner->pass(TimePoint::max(), [&] { return over.load(); });
    room.note("woken");
    runner->ended();
  });
  room.on_loop([&] { room.loop.schedule(room.loop.now() + 1s, [&] { over = true; }); });
  CHECK(room.until_noted("woken").how == Ended::kMet);
  activity.join();
  CHECK(room.passed() == 1s);
}

TEST_CASE("a runner of several threads is at work until the woken one waits again", "[local][stage]") {
  StageRoom room(true, {.thread = 2s});
  const auto start = room.stage.clock()->now();
  const auto never = [] { return false; };
  const auto runner = room.stage.runner("activity 'a' runs");
  std::thread function([&] {
    runner->begins();
    std::thread other([&] {
      runner->pass(start + 2h, never);
      room.note("far");
    });
    const auto compute = [] { std::this_thread::sleep_for(30ms); };
    compute();
    room.note(room.passed() == 0s ? "begun" : "begun late");
    runner->pass(start + 1h, never);
    compute();
    room.note(room.passed() == 1h ? "woken" : "woken late");
    runner->pass(start + 2h, never);
    other.join();
    runner->ended();
  });
  CHECK(room.until_noted("far").how == Ended::kMet);
  function.join();
  CHECK(room.noted() == "begun woken far");
}

TEST_CASE("a woken thread that never waits again holds up time for a moment", "[local][stage]") {
  StageRoom room(true, {.thread = 30ms});
  const auto start = room.stage.clock()->now();
  const auto runner = room.stage.runner("activity 'a' runs");
  room.on_loop([&] { runner->begins(); });
  std::thread sleeps([&] {
    runner->pass(start + 2h, [] { return false; });
    room.note("far");
    runner->ended();
  });
  std::thread ends([&] { runner->pass(start + 1h, [] { return false; }); });
  CHECK(room.until_noted("far").how == Ended::kMet);
  sleeps.join();
  ends.join();
  CHECK(room.passed() == 2h);
}

TEST_CASE("a step of a runner ends when time has moved, and soon in any case", "[local][stage]") {
  StageRoom room;
  const auto runner = room.stage.runner("activity 'a' runs");
  runner->begins();
  runner->pass_a_step(TimePoint::max());  // Nobody moves it.
  CHECK(room.passed() == 0s);
  room.arm(1s, "due");
  std::atomic<bool> ended = false;
  std::thread activity([&] {
    while (!ended) runner->pass_a_step(TimePoint::max());
    runner->ended();
  });
  CHECK(room.until_noted("due").how == Ended::kMet);
  ended = true;
  activity.join();
}

TEST_CASE("advance waits for work, but not for ever", "[local][stage]") {
  StageRoom room;
  const auto runner = room.stage.runner("activity 'a' runs");
  runner->begins();
  SECTION("a runner that soon waits again sees each of its times") {
    std::thread activity([&] {
      for (int second = 1; second <= 5; ++second) {
        runner->pass(room.stage.clock()->now() + 1s, [] { return false; });
        room.note(std::to_string(room.passed() / 1s));
      }
      runner->ended();
    });
    CHECK(room.stage.advance(1min).how == Ended::kMet);
    activity.join();
    CHECK(room.noted() == "1 2 3 4 5");
    CHECK(room.passed() == 1min);
  }
  SECTION("one that never waits holds it up once") {
    CHECK(room.stage.advance(1min).how == Ended::kMet);
    CHECK(room.stage.advance(1min).how == Ended::kMet);
    CHECK(room.passed() == 2min);
  }
}

TEST_CASE("a loop ends without the others", "[local][stage]") {
  StageRoom room;
  StageLoop other(room.thread);
  std::string last;
  room.on_loop([&] { other.schedule(other.now() + 1s, [&] { room.note("never"); }); });
  other.stop([&] { last = other.on_this_thread() ? "on the stage" : "elsewhere"; });
  CHECK(last == "on the stage");
  CHECK(!other.post([&] { room.note("never"); }));
  other.stop([&] { last = "twice"; });
  CHECK(last == "on the stage");
  room.arm(2s, "goes on");
  CHECK(room.until_noted("goes on").how == Ended::kMet);
  CHECK(room.noted() == "goes on");
}

TEST_CASE("real time goes by itself", "[local][stage]") {
  StageRoom room(false);
  room.arm(10ms, "due");
  CHECK(room.until_noted("due").how == Ended::kMet);
  CHECK(room.passed() >= 10ms);
  CHECK(room.stage.wait_until([] { return false; }, room.stage.clock()->now() + 5ms).how == Ended::kLate);
}

TEST_CASE("canceled timers do not run", "[local][stage]") {
  StageRoom room;
  room.on_loop([&] {
    const auto first = room.loop.schedule(room.loop.now() + 1s, [&] { room.note("target"); });
    const auto second = room.loop.schedule_keepalive(room.loop.now() + 1s, [&] { room.note("keepalive"); });
    room.loop.schedule(room.loop.now() + 1s, [&] { room.note("stays"); });
    room.loop.cancel(first);
    room.loop.cancel(second);
    room.loop.cancel(0);
  });
  CHECK(room.stage.advance(2s).how == Ended::kMet);
  CHECK(room.noted() == "stays");
}
