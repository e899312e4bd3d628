#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "core/courier_growth.h"
#include "core/courier_pool.h"
#include "support/catch.h"
#include "support/eventually.h"

using namespace longbeat::internal;
using namespace std::chrono_literals;
using longbeat::LogRecord;
using longbeat::test::eventually;

namespace {

/// Jobs that block until they are let go, and who has begun.
class Blockers {
 public:
  std::function<void()> job() {
    return [this] {
      std::unique_lock lock(mutex_);
      ++begun_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      ++ended_;
    };
  }
  bool reach(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return begun_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  int ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0, ended_ = 0;
  bool open_ = false;
};

/// What is logged while it lives.
class LogLines {
 public:
  LogLines() {
    longbeat::set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(record.message);
    });
  }
  ~LogLines() { longbeat::set_log_sink({}); }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool reach(std::size_t count) {
    return eventually([&] { return all().size() == count; });
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Opens at the end of a section, before the courier waits for its jobs.
struct Opener {
  Blockers& blockers;
  ~Opener() { blockers.open(); }
};

}  // namespace

TEST_CASE("the courier", "[worker][courier]") {
  SECTION("runs the jobs of one key in order, also those posted at its end") {
    std::string order;
    {
      CourierPool courier;
      for (char c = 'a'; c <= 'z'; ++c) courier.post(CourierJob::kConvert, 1, [&order, c] { order += c; });
    }
    CHECK(order == "abcdefghijklmnopqrstuvwxyz");
  }
  SECTION("runs the jobs of one key in order although it has threads for more of them") {
    std::map<int, std::string> orders;
    for (int key = 1; key <= 4; ++key) orders[key] = "";
    {
      CourierPool courier({.patience = 10us});
      for (char c = 'a'; c <= 'z'; ++c) {
        for (auto& [key, order] : orders)
          courier.post(CourierJob::kConvert, static_cast<std::uint64_t>(key), [&text = order, c] { text += c; });
      }
    }
    for (const auto& [key, order] : orders) CHECK(order == "abcdefghijklmnopqrstuvwxyz");
  }
  SECTION("runs what a last job posts, whatever kind it is") {
    bool ran = false;
    {
      CourierPool courier;
      courier.post(CourierJob::kConvert, 1, [&] { courier.post(CourierJob::kStopCallbacks, 1, [&] { ran = true; }); });
    }
    CHECK(ran);
  }
  SECTION("lets no kind of job wait for another") {
    CourierPool courier;
    std::promise<void> release, ran;
    courier.post(CourierJob::kConvert, 1, [wait = release.get_future().share()] { wait.wait(); });
    courier.post(CourierJob::kStopCallbacks, 1, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(10s) == std::future_status::ready);
    release.set_value();
  }
  SECTION("gives every caller a key of its own") {
    CourierPool courier;
    CHECK(courier.new_key() != courier.new_key());
    const auto key = courier.new_key();
    CHECK(Courier::with_turn(key, 0) == key);
    CHECK(Courier::with_turn(key, 1) != Courier::with_turn(key, 2));
    CHECK(Courier::owner_of(Courier::with_turn(key, UINT16_MAX)) == key);
  }
  SECTION("tells a job whose it is, and nobody else") {
    CourierPool courier, other;
    std::promise<std::array<std::uint64_t, 2>> told;
    courier.post(CourierJob::kConvert, 7, [&] { told.set_value({courier.running_here(), other.running_here()}); });
    CHECK(told.get_future().get() == std::array<std::uint64_t, 2>{7, 0});
    CHECK(courier.running_here() == 0);
  }
  SECTION("survives a job that throws") {
    CourierPool courier;
    std::promise<void> ran;
    courier.post(CourierJob::kConvert, 1, [] { throw 42; });
    courier.post(CourierJob::kConvert, 1, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(10s) == std::future_status::ready);
  }
}

TEST_CASE("jobs of the courier that take long", "[worker][courier]") {
  Blockers slow;
  SECTION("run side by side, so that none waits for another's end") {
    CourierPool courier;
    const Opener opener{slow};
    for (std::uint64_t key = 1; key <= 20; ++key) courier.post(CourierJob::kConvert, key, slow.job());
    CHECK(slow.reach(20));
  }
  SECTION("hold up nobody else, and get no more threads than there are jobs") {
    CourierPool courier;
    const Opener opener{slow};
    courier.post(CourierJob::kConvert, 1, slow.job());
    courier.post(CourierJob::kConvert, 1, slow.job());
    REQUIRE(slow.reach(1));
    std::promise<void> ran;
    courier.post(CourierJob::kConvert, 2, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(20s) == std::future_status::ready);
    CHECK(slow.begun() == 1);  // The second is of the same key.
    CHECK(courier.threads() == 3);
  }
  SECTION("have a bound, and those beyond it wait for an end of one") {
    {
      CourierPool courier({.threads_max = 3});
      for (std::uint64_t key = 1; key <= 5; ++key) courier.post(CourierJob::kConvert, key, slow.job());
      REQUIRE(slow.reach(3));
      std::promise<void> ran;  // The other kind has a bound of its own.
      courier.post(CourierJob::kStopCallbacks, 1, [&] { ran.set_value(); });
      CHECK(ran.get_future().wait_for(20s) == std::future_status::ready);
      CHECK(slow.begun() == 3);
      CHECK(courier.threads() == 4);
      slow.open();
    }
    CHECK(slow.ended() == 5);
  }
  SECTION("leave no threads behind but one of each kind") {
    CourierPool courier({.idle = 1ms});
    for (std::uint64_t key = 1; key <= 10; ++key) courier.post(CourierJob::kConvert, key, slow.job());
    CHECK(slow.reach(10));
    CHECK(courier.threads() >= 11);
    slow.open();
    CHECK(eventually([&] { return courier.threads() == 2; }));
    std::promise<void> ran;
    courier.post(CourierJob::kConvert, 1, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(20s) == std::future_status::ready);
  }
  SECTION("do not wait for threads that have ended") {
    Blockers later;
    std::promise<void> ran;
    CourierPool courier({.idle = 1ms});
    const Opener opener{later};
    for (std::uint64_t key = 1; key <= 10; ++key) courier.post(CourierJob::kConvert, key, slow.job());
    CHECK(slow.reach(10));
    slow.open();
    REQUIRE(eventually([&] { return courier.threads() == 2; }));
    courier.post(CourierJob::kConvert, 1, later.job());
    REQUIRE(later.reach(1));
    courier.post(CourierJob::kConvert, 2, [&] { ran.set_value(); });
    CHECK(ran.get_future().wait_for(20s) == std::future_status::ready);
  }
}

TEST_CASE("a courier that gets no threads", "[worker][courier]") {
  LogLines log;
  std::atomic<int> refused = 0;
  std::atomic<bool> allowed = false;
  const auto reluctant = [&](std::function<void()> run) {
    if (!allowed) {
      ++refused;
      throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    }
    return std::thread(std::move(run));
  };
  std::promise<void> ran;
  SECTION("asks again until it gets one, and says so once") {
    {
      CourierPool courier({.make_thread = reluctant});
      courier.post(CourierJob::kConvert, 1, [&] { ran.set_value(); });
      CHECK(eventually([&] { return refused > 5; }));
      allowed = true;
      CHECK(ran.get_future().wait_for(20s) == std::future_status::ready);
    }
    REQUIRE(log.all().size() == 1);
    CHECK_THAT(log.all()[0], ContainsSubstring("no further thread for codecs, converters and callbacks: "));
  }
  SECTION("runs what was posted at its end all the same") {
    {
      CourierPool({.make_thread = reluctant}).post(CourierJob::kConvert, 1, [&] { ran.set_value(); });
    }
    CHECK(ran.get_future().wait_for(0s) == std::future_status::ready);
  }
}

TEST_CASE("a courier all of whose threads are taken", "[worker][courier]") {
  LogLines log;
  {
    Blockers slow;
    CourierPool courier({.threads_max = 3, .jam_patience = 1ms});
    const Opener opener{slow};
    for (std::uint64_t key = 1; key <= 3; ++key) courier.post(CourierJob::kConvert, key, slow.job());
    REQUIRE(slow.reach(3));
    CHECK(log.all().empty());  // Nobody waits.
    courier.post(CourierJob::kConvert, 4, [] {});
    courier.post(CourierJob::kConvert, 5, [] {});
    CHECK(log.reach(1));
    courier.post(CourierJob::kConvert, 6, [] {});
    courier.post(CourierJob::kStopCallbacks, 1, [] {});
    slow.open();
    CHECK(log.reach(2));
  }
  const auto lines = log.all();
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], ContainsSubstring("all 3 threads for codecs and converters of a connection are taken") &&
                           ContainsSubstring("more jobs wait"));
  CHECK(lines[1] == "jobs no longer wait for threads for codecs and converters of a connection");
}

TEST_CASE("a courier whose threads of both kinds are taken tells of each", "[worker][courier]") {
  LogLines log;
  Blockers slow;
  // Patient beyond the look that a new job brings: it has to look again by itself.
  CourierPool courier({.threads_max = 1, .jam_patience = 50ms});
  const Opener opener{slow};
  for (const CourierJob kind : {CourierJob::kConvert, CourierJob::kStopCallbacks}) courier.post(kind, 1, slow.job());
  REQUIRE(slow.reach(2));
  for (const CourierJob kind : {CourierJob::kConvert, CourierJob::kStopCallbacks}) courier.post(kind, 2, [] {});
  REQUIRE(log.reach(2));
  CHECK_THAT(log.all()[0], ContainsSubstring("all 1 threads for codecs and converters of a connection are taken"));
  CHECK_THAT(log.all()[1], ContainsSubstring("all 1 threads for callbacks of a connection are taken"));
}

TEST_CASE("when it is told that jobs wait for a courier's threads", "[worker][courier]") {
  using News = CourierJam::News;
  const TimePoint start(1000s);
  CourierJam jam;
  CHECK(jam.look(false, start) == News::kNone);
  CHECK(jam.look(true, start) == News::kJam);
  CHECK(jam.told());
  SECTION("again when it lasts, but not each time somebody looks") {
    CHECK(jam.look(true, start + 59s) == News::kNone);
    CHECK(jam.look(true, start + 60s) == News::kJam);
    CHECK(jam.look(true, start + 61s) == News::kNone);
  }
  SECTION("once that it is over") {
    CHECK(jam.look(false, start + 1s) == News::kOver);
    CHECK(jam.look(false, start + 2s) == News::kNone);
    CHECK_FALSE(jam.told());
  }
  SECTION("not more often when it comes and goes") {
    CHECK(jam.look(false, start + 1s) == News::kOver);
    CHECK(jam.look(true, start + 2s) == News::kNone);
    CHECK(jam.look(false, start + 3s) == News::kNone);
    CHECK(jam.look(true, start + 60s) == News::kJam);
  }
}

TEST_CASE("how many threads more a courier needs", "[worker][courier]") {
  constexpr std::size_t kProcessors = 4, kMost = 64;
  const auto added = [](CourierLoad load) { return threads_to_add(load, kProcessors, kMost); };
  CHECK(added({.threads = 0, .waiting = 0}) == 0);
  CHECK(added({.threads = 0, .waiting = 9}) == 1);  // At once, and then it is seen what they take.
  SECTION("none, as long as nobody waits long") {
    CHECK(added({.threads = 1, .held_up = 1, .waiting = 500, .waits_long = false}) == 0);
    CHECK(added({.threads = 1, .held_up = 1, .waiting = 0, .waits_long = false}) == 0);
  }
  SECTION("as many as there are when all are held up, but not more than wait, nor more than may be") {
    CHECK(added({.threads = 1, .held_up = 1, .waiting = 500, .waits_long = true}) == 1);
    CHECK(added({.threads = 8, .held_up = 8, .waiting = 500, .waits_long = true}) == 8);
    CHECK(added({.threads = 8, .held_up = 8, .waiting = 3, .waits_long = true}) == 3);
    CHECK(added({.threads = 60, .held_up = 60, .waiting = 500, .waits_long = true}) == 4);
    CHECK(added({.threads = 64, .held_up = 64, .waiting = 500, .waits_long = true}) == 0);
  }
  SECTION("one for each processor at most when quick jobs are only many") {
    CHECK(added({.threads = 1, .held_up = 0, .waiting = 500, .waits_long = true}) == 1);
    CHECK(added({.threads = 3, .held_up = 0, .waiting = 500, .waits_long = true}) == 1);
    CHECK(added({.threads = 4, .held_up = 0, .waiting = 500, .waits_long = true}) == 0);
    CHECK(added({.threads = 9, .held_up = 5, .waiting = 500, .waits_long = true}) == 0);  // Four are free.
    CHECK(added({.threads = 9, .held_up = 6, .waiting = 500, .waits_long = true}) == 1);
  }
}
