// Restarts that no lease may notice: over within a tenth of the heartbeat timeout, at any moment, or within 0.7 of it
// directly after a beat. And a server that stands still for longer than all timeouts.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "faults/fault_room.h"
#include "support/catch.h"
#include "support/hindrance.h"
#include "support/wire_client.h"

using namespace longbeat;
using namespace longbeat::faults;

namespace {

/// Until the machine has let a round prove something: a round returns false when it was hindered, and has checked what
/// it found otherwise. Three are enough to see that this machine has no time for that.
template <class Round>
void prove(Round round) {
  constexpr int kTries = 3;
  for (int i = 1; i <= kTries; ++i) {
    if (round()) return;
    std::printf("PROVES NOTHING, try %d of %d: the machine was too busy\n", i, kTries);
    std::fflush(stdout);
  }
  WARN("NOT PROVEN: in all " << kTries << " tries the machine let nobody work for longer than leases allow");
}

/// Healthy attempts: each beats all the time and lets its worker decide when to send.
struct Healthy {
  explicit Healthy(int count)
      : activities(count), worker(room.direct, {.task_queue = "q", .max_concurrent_activities = count}) {
    worker.serve(count_up, [this](ActivityContext& context, int number) {
      ++runs;
      auto progress = context.checkpoint<int>();
      int gone = 0;
      while (!finish && context.sleep_for(10ms)) {
        const int wanted = beat_now.load();
        if (wanted > gone) {
          gone = wanted;
          if (progress.save_now(*progress + 1, 20s)) ++beaten;
        } else {
          progress.save(*progress + 1);
        }
      }
      context.throw_if_stopped();
      return number;
    });
    REQUIRE(worker.start());
  }

  /// So long a restart takes here now.
  Steady::duration restart_time() {
    Steady::duration longest{};
    for (int i = 0; i < 2; ++i) {
      const auto begin = Steady::now();
      room.server.restart();
      longest = std::max(longest, Steady::now() - begin);
    }
    return longest;
  }

  /// Starts them one after the other over `spread`, and returns when all run.
  void start(std::chrono::nanoseconds heartbeat_timeout, Steady::duration spread) {
    for (int number = 0; number < activities; ++number) {
      handles.push_back(
          room.direct.start(count_up, start_options(std::to_string(number), heartbeat_timeout), number).value());
      if (spread > 0s) std::this_thread::sleep_for(spread / activities);
    }
    REQUIRE(eventually([&] { return runs >= activities; }));
  }

  /// Kill, pause, start: returns for how long nobody answered.
  Steady::duration outage(Steady::duration wanted, Steady::duration start_takes) {
    const auto begin = Steady::now();
    room.server.kill();
    if (wanted > start_takes) std::this_thread::sleep_for(wanted - start_takes);
    room.server.restart();
    return Steady::now() - begin;
  }

  /// Each saves, and has it acknowledged. Returns since when: leases count from the sends.
  Steady::time_point beat_together() {
    const auto asked = Steady::now();
    const int times = ++beat_now;
    went_on &= eventually([&] { return beaten == activities * times; });
    return asked;
  }

  /// The server has acknowledged a beat of each since.
  void expect_beats() {
    const auto beats = worker.stats().heartbeats_acknowledged;
    went_on &= eventually([&] { return worker.stats().heartbeats_acknowledged >= beats + activities; });
  }

  /// False when some are not and the machine may be the reason.
  bool check_all_are_first_attempts(Steady::duration timeout) {
    finish = true;
    int correct = 0, first = 0;
    for (int number = 0; number < activities; ++number) {
      const auto& handle = handles[static_cast<std::size_t>(number)];
      const auto result = handle.result({.timeout = 30s});
      if (result && *result == number) ++correct;
      const auto described = handle.describe();
      if (described && described->attempt == 1) ++first;
    }
    const auto lost = worker.stats().leases_lost;
    const bool fine = went_on && correct == activities && first == activities && runs == activities && lost == 0;
    std::printf(
        "%d activities, %d of them in their first attempt, %d leases lost; the machine stood still for %.3f s\n",
        activities, first, static_cast<int>(lost), in_seconds(hindrance.longest()));
    if (!fine && hindrance.longest() > timeout / 25) return false;
    CHECK(went_on);
    CHECK(correct == activities);
    CHECK(first == activities);
    CHECK(runs == activities);
    CHECK(lost == 0);
    return true;
  }

  const int activities;
  Room room{{}, true};
  test::Hindrance hindrance{room.folder.path() / "sync"};
  bool went_on = true;
  std::atomic<int> runs{0}, beat_now{0}, beaten{0};
  std::atomic<bool> finish{false};
  Worker worker;
  std::vector<ActivityHandle<int>> handles{};
};

}  // namespace

TEST_CASE("a restart within a tenth of the heartbeat timeout fails no healthy worker, whenever it comes",
          "[faults][outage]") {
  constexpr int kRestarts = 4;
  prove([] {
    Healthy healthy(150);
    const auto start_takes = healthy.restart_time();
    // On a slow machine a restart takes longer, so the timeout has to.
    const auto timeout = std::max<Steady::duration>(2s, 14 * start_takes);
    // Their beats lie evenly over the interval: each restart meets every moment of it.
    healthy.start(timeout, timeout * 8 / 10);
    Steady::duration longest{};
    for (int i = 0; i < kRestarts && longest <= timeout / 10; ++i) {
      longest = std::max(longest, healthy.outage(timeout / 10, start_takes + timeout / 100));
      healthy.expect_beats();
    }
    std::printf("heartbeat timeout %.2f s, restarts: away for up to %.3f s\n", in_seconds(timeout),
                in_seconds(longest));
    return longest <= timeout / 10 && healthy.check_all_are_first_attempts(timeout);
  });
}

TEST_CASE("a restart within 0.7 of the heartbeat timeout directly after a beat fails no healthy worker",
          "[faults][outage]") {
  constexpr int kRestarts = 3;
  prove([] {
    Healthy healthy(50);
    const auto start_takes = healthy.restart_time();
    const auto timeout = std::max<Steady::duration>(2s, 4 * start_takes);
    healthy.start(timeout, 0s);
    Steady::duration longest{};
    for (int i = 0; i < kRestarts && longest <= timeout * 72 / 100; ++i) {
      const auto asked = healthy.beat_together();
      const auto beating_took = Steady::now() - asked;  // Leases count from the sends, the outage from the last answer.
      longest = std::max(longest, beating_took + healthy.outage(timeout * 7 / 10 - beating_took, start_takes));
      healthy.expect_beats();
    }
    std::printf("heartbeat timeout %.2f s, restarts: beat to answer up to %.3f s\n", in_seconds(timeout),
                in_seconds(longest));
    return longest <= timeout * 72 / 100 && healthy.check_all_are_first_attempts(timeout);
  });
}

namespace {

namespace wire = longbeat::test::wire;

/// Workers of another SDK: they know of no lease, beat every half timeout and never give up.
class PlainWorkers {
 public:
  PlainWorkers(const std::string& address, int count, Steady::duration timeout)
      : client_(address), count_(count), timeout_(timeout) {}

  void begin() {
    for (int number = 0; number < count_; ++number) {
      wire::StartActivityExecutionRequest start;
      start.set_namespace_("default");
      start.set_activity_id(std::to_string(number));
      start.set_request_id("request of " + std::to_string(number));
      start.mutable_activity_type()->set_name("plain");
      start.mutable_task_queue()->set_name("plain");
      start.mutable_start_to_close_timeout()->set_seconds(60);
      const auto nanos = std::chrono::nanoseconds(timeout_).count();
      start.mutable_heartbeat_timeout()->set_seconds(nanos / 1'000'000'000);
      start.mutable_heartbeat_timeout()->set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
      client_.call(test::kStart, start, 20s, [this](const auto& answer) { failed_ += !answer.ok(); });
      wire::PollActivityTaskQueueRequest poll;
      poll.set_namespace_("default");
      poll.mutable_task_queue()->set_name("plain");
      client_.call(test::kPollTask, poll, 20s, [this](const auto& answer) {
        if (answer.response.task_token().empty()) return void(++failed_);
        held_[answer.response.task_token()] = {answer.arrived, false};
        later_attempts_ += answer.response.attempt() != 1;
      });
    }
    client_.run_until(Steady::now() + 20s);
  }
  /// Beats for so long. Who waits for an answer sends nothing more.
  void beat(Steady::duration duration) {
    const auto end = Steady::now() + duration;
    while (Steady::now() < end) {
      for (auto& [token, held] : held_) {
        if (held.waits || Steady::now() < held.last + timeout_ / 2) continue;
        held = {Steady::now(), true};
        wire::RecordActivityTaskHeartbeatRequest beat;
        beat.set_namespace_("default");
        beat.set_task_token(token);
        client_.call(test::kHeartbeat, beat, 0s, [this, &held = held](const auto& answer) {
          failed_ += !answer.ok();
          held.waits = false;
        });
      }
      client_.run_one(Steady::now() + 5ms);
    }
  }
  void complete() {
    for (const auto& [token, held] : held_) {
      wire::RespondActivityTaskCompletedRequest completed;
      completed.set_namespace_("default");
      completed.set_task_token(token);
      client_.call(test::kCompleted, completed, 20s,
                   [this](const auto& answer) { answer.ok() ? ++completed_ : ++failed_; });
    }
    client_.run_until(Steady::now() + 20s);
  }
  int held() const { return static_cast<int>(held_.size()); }
  int completed() const { return completed_; }
  int failed() const { return failed_; }
  int later_attempts() const { return later_attempts_; }

 private:
  struct Held {
    Steady::time_point last{};
    bool waits = false;
  };
  test::WireClient client_;
  const int count_;
  const Steady::duration timeout_;
  std::map<std::string, Held> held_{};
  int completed_ = 0, failed_ = 0, later_attempts_ = 0;
};

}  // namespace

TEST_CASE("a server that stood still for longer than the heartbeat timeout fails no healthy worker",
          "[faults][outage]") {
  constexpr int kWorkers = 200;
  Room room({}, true);
  PlainWorkers workers(room.server.address(), kWorkers, 1s);
  workers.begin();
  REQUIRE(workers.held() == kWorkers);
  for (const auto frozen : {300ms, 1200ms, 3000ms}) {
    workers.beat(700ms);
    REQUIRE(::kill(room.server.pid(), SIGSTOP) == 0);
    workers.beat(frozen);
    REQUIRE(::kill(room.server.pid(), SIGCONT) == 0);
  }
  workers.beat(2500ms);
  workers.complete();
  CHECK(workers.failed() == 0);
  CHECK(workers.completed() == kWorkers);
  CHECK(workers.later_attempts() == 0);
}

TEST_CASE("a server that stood still for 0.7 of the heartbeat timeout after a beat costs no lease",
          "[faults][outage]") {
  constexpr auto kTimeout = 3s;
  prove([&] {
    Healthy healthy(50);
    healthy.start(kTimeout, 0s);
    for (int i = 0; i < 2; ++i) {
      const auto asked = healthy.beat_together();
      REQUIRE(::kill(healthy.room.server.pid(), SIGSTOP) == 0);
      std::this_thread::sleep_for(kTimeout * 7 / 10 - (Steady::now() - asked));  // Less than nothing is nothing.
      REQUIRE(::kill(healthy.room.server.pid(), SIGCONT) == 0);
      healthy.expect_beats();
    }
    return healthy.check_all_are_first_attempts(kTimeout);
  });
}
