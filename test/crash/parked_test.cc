// Eleven thousand polls wait on a real server: what they cost, whether a task finds its poll among them, what happens
// when a thousand pollers die at once, and how the server stops under them. README.md says what is held.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/demand.h"
#include "support/parked_polls.h"
#include "support/percentile.h"
#include "support/program.h"
#include "support/server_process.h"

namespace longbeat::crash {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Clock;
using test::demand;
using test::ParkedPolls;
using test::Time;
namespace wire = test::wire;

constexpr std::size_t kLiving = 10'000;
constexpr std::size_t kDying = 1'000;
constexpr std::size_t kQueues = 500;
constexpr std::size_t kDyingQueues = 50;
constexpr std::size_t kHandOuts = 300;
constexpr double kKiB = 1024.0;

// Far above what a quiet machine shows (README.md), far below what a list searched per call and poll, a timer or a lost
// wake-up would cost.
constexpr double kBytesPerPollMax = 32 * kKiB;
constexpr milliseconds kHandOutMedianMax{50};
constexpr milliseconds kHandOutMax{2'000};
constexpr seconds kDyingCpuMax{1};
constexpr seconds kStopMax{10};  // server.stop_grace, after which calls are cut off.

double ms(Clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

/// The other process: polls that end with its death.
int hold_polls(const std::string& address, const std::filesystem::path& ready) {
  ParkedPolls polls(address, {.polls = kDying, .queues = kDyingQueues, .connections = 4, .queue_prefix = "dying-"});
  polls.park();
  std::ofstream(ready) << polls.waiting() << '\n';
  for (;;) polls.client().run_until(Clock::now() + seconds(1));
}

class ParkedTest {
 public:
  explicit ParkedTest(const std::string& binary)
      : server_({.binary = binary, .database = folder_.path() / "parked.db", .folder = folder_.path()}),
        bytes_before_(server_.resident_bytes()),
        living_(server_.address(), {.polls = kLiving, .queues = kQueues, .connections = 36},
                [this](const auto& task, Time arrived) { take(task, arrived); }) {}

  void run(const std::string& self) {
    test::ChildProcess dying({self, "--hold", server_.address(), (folder_.path() / "ready").string()},
                             folder_.path() / "dying.log");
    const auto begin = Clock::now();
    living_.park();
    demand(dying.wait_for_port(folder_.path() / "ready", seconds(30)) == kDying, "not all polls of the others wait");
    std::printf("parked %zu polls on %zu queues within %.0f ms\n", kLiving + kDying, kQueues + kDyingQueues,
                ms(Clock::now() - begin));
    weigh();
    hand_out();
    let_die(dying);
    give_up_and_return();
    stop();
  }
  std::string log_tail() const { return server_.log_tail(); }

 private:
  struct Taken {
    std::int32_t attempt = 0;
    Time arrived{};
    std::string token{};
  };

  void take(const wire::PollActivityTaskQueueResponse& task, Time arrived) {
    taken_[task.activity_id()] = {task.attempt(), arrived, task.task_token()};
  }

  void start(const std::string& id, const std::string& queue) {
    wire::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.mutable_activity_type()->set_name("parked");
    request.mutable_task_queue()->set_name(queue);
    // A task whose reply was written to a dead connection comes back after this.
    request.mutable_start_to_close_timeout()->set_seconds(2);
    request.mutable_retry_policy()->mutable_initial_interval()->set_nanos(10'000'000);
    caller_.call(test::kStart, request, seconds(20), [this](const auto& answer) { note("start", answer.status); });
  }

  void complete(const std::string& id) {
    wire::RespondActivityTaskCompletedRequest request;
    request.set_namespace_("default");
    request.set_task_token(taken_.at(id).token);
    caller_.call(test::kCompleted, request, seconds(20),
                 [this](const auto& answer) { note("complete", answer.status); });
  }

  void note(const char* what, const grpc::Status& status) {
    if (!status.ok() && refusal_.empty()) refusal_ = std::string(what) + ": " + status.error_message();
  }

  /// Until all starts and completions are answered.
  void settle() {
    caller_.run_until(Clock::now() + seconds(20));
    demand(refusal_.empty(), refusal_);
  }

  /// Both clients in turn until `reached`.
  template <class Reached>
  void wait_for(ParkedPolls& polls, Reached reached, const char* otherwise) {
    const Time end = Clock::now() + seconds(20);
    while (!reached()) {
      demand(refusal_.empty(), refusal_);
      demand(Clock::now() < end, otherwise);
      polls.client().run_one(Clock::now() + milliseconds(1));
      while (caller_.run_one(Clock::now())) continue;
    }
  }

  void weigh() {
    const double bytes = static_cast<double>(server_.resident_bytes() - bytes_before_);
    std::printf("%.1f KiB of the server's memory each\n", bytes / kKiB / (kLiving + kDying));
    demand(bytes < kBytesPerPollMax * (kLiving + kDying), "parked polls cost too much memory");
  }

  void hand_out() {
    std::vector<Clock::duration> delays;
    for (std::size_t i = 0; i < kHandOuts; ++i) {
      const std::string id = "among-them-" + std::to_string(i);
      const Time sent = Clock::now();
      start(id, living_.queue(i * 7));
      wait_for(living_, [&] { return taken_.contains(id); }, "a task did not find a poll that waits for it");
      delays.push_back(taken_[id].arrived - sent);
      demand(taken_[id].attempt == 1, "a task for a living poll was lost on its way");
      complete(id);
    }
    settle();
    const auto median = test::percentile(delays, 0.5), longest = test::percentile(delays, 1);
    std::printf("from start to its poll: median %.1f ms, longest %.1f ms of %zu\n", ms(median), ms(longest),
                delays.size());
    demand(median < kHandOutMedianMax && longest < kHandOutMax, "hand-outs take too long");
  }

  /// kill -9 on whoever holds a thousand polls. Tasks for their queues go to others who poll them, at worst after the
  /// timeout of an attempt whose reply was written to a connection just before its end was seen.
  void let_die(test::ChildProcess& dying) {
    const auto cpu_before = server_.cpu_time();
    dying.kill();
    const Time dead = Clock::now();
    for (std::size_t i = 0; i < kDyingQueues; ++i) start("heir-" + std::to_string(i), "dying-" + std::to_string(i));
    ParkedPolls heirs(server_.address(),
                      {.polls = kDyingQueues, .queues = kDyingQueues, .connections = 1, .queue_prefix = "dying-"},
                      [this](const auto& task, Time arrived) { take(task, arrived); });
    heirs.park();
    std::size_t second_attempts = 0;
    Clock::duration longest{};
    const auto inherit = [&](const std::string& prefix) {
      for (std::size_t i = 0; i < kDyingQueues; ++i) {
        const std::string id = prefix + std::to_string(i);
        wait_for(heirs, [&] { return taken_.contains(id); }, "a task of a dead poller did not come back");
        second_attempts += taken_[id].attempt > 1 ? 1 : 0;
        longest = std::max(longest, taken_[id].arrived - dead);
        complete(id);
      }
    };
    inherit("heir-");
    settle();
    const auto cpu = server_.cpu_time() - cpu_before;
    std::printf(
        "%zu pollers died at once: %.0f ms of the server's CPU; %zu tasks for them came to others within %.0f ms, %zu "
        "as a second attempt\n",
        kDying, ms(cpu), kDyingQueues, ms(longest), second_attempts);
    demand(cpu < kDyingCpuMax, "noticing that pollers died costs too much");

    second_attempts = 0;
    for (std::size_t i = 0; i < kDyingQueues; ++i) start("later-" + std::to_string(i), "dying-" + std::to_string(i));
    inherit("later-");
    settle();
    demand(second_attempts == 0, "a task was handed to a poll whose owner had died long before");
  }

  /// Memory is reused: nothing of a poll stays behind.
  void give_up_and_return() {
    constexpr double kGrowthMax = 1.25;
    // A busy server still has some of the old polls when the new ones come: that leaves its mark, but only once. What
    // stays behind of each poll does so every time.
    if (growth_of_three_times() < kGrowthMax) return;
    demand(growth_of_three_times() < kGrowthMax, "polls that come and go make the server grow");
  }

  double growth_of_three_times() {
    const auto bytes = server_.resident_bytes();
    for (int round = 0; round < 3; ++round) {
      const auto begin = Clock::now();
      living_.give_up();
      std::printf("gave up %zu polls within %.0f ms", kLiving, ms(Clock::now() - begin));
      living_.park();
      std::printf(", parked again after %.0f ms\n", ms(Clock::now() - begin));
    }
    const double growth = static_cast<double>(server_.resident_bytes()) / static_cast<double>(bytes);
    std::printf("memory after three times: %.2f of that before\n", growth);
    return growth;
  }

  /// As workers do, the pollers ask again after an empty answer. What becomes of those renewed polls is another matter:
  /// held is that each poll that waited at SIGTERM is answered.
  void stop() {
    living_.follow();
    const std::size_t waited = living_.followed_waiting();
    const auto begin = Clock::now();
    server_.terminate();
    while (server_.running() && Clock::now() < begin + seconds(30)) {
      living_.client().run_one(Clock::now() + milliseconds(2));
    }
    const auto took = Clock::now() - begin;
    demand(!server_.running(), "the server did not stop within 30 s of SIGTERM");
    living_.renew(false);
    // Its last answers may still lie unread on this side.
    const std::size_t unread = living_.followed_waiting();
    while (living_.followed_waiting() > 0 && Clock::now() < begin + seconds(30)) {
      living_.client().run_one(Clock::now() + milliseconds(20));
    }
    const auto& ended = living_.followed();
    std::printf(
        "stopped %.0f ms after SIGTERM; of %zu polls %zu were answered empty (%zu of them read later), %zu "
        "UNAVAILABLE, "
        "%zu canceled, %zu with tasks, %zu not at all\n",
        ms(took), waited, ended.empty, unread, ended.unavailable, ended.canceled, ended.with_task,
        living_.followed_waiting());
    demand(server_.exit_code() == 0, "the server did not exit with 0");
    demand(took < kStopMax, "stopping took too long");
    demand(waited == kLiving, "not all polls waited at SIGTERM");
    demand(ended.oddity.empty(), "a poll ended oddly: " + ended.oddity);
    demand(ended.empty == waited, "parked polls were not answered empty before the end");
  }

  const test::TempFolder folder_{};
  test::ServerProcess server_;
  std::uintmax_t bytes_before_;
  std::map<std::string, Taken> taken_{};
  std::string refusal_{};  ///< of the first start or completion that was not accepted
  ParkedPolls living_;
  test::WireClient caller_{server_.address()};
};

int run(const std::string& binary) {
  ParkedTest test(binary);
  try {
    test.run(std::filesystem::read_symlink("/proc/self/exe").string());
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string(error.what()) + "; the server said:\n" + test.log_tail());
  }
  return 0;
}

}  // namespace
}  // namespace longbeat::crash

int main(int count, char** arguments) {
  return longbeat::test::run_program("parked_test", "", [&] {
    if (count == 4 && std::string(arguments[1]) == "--hold")
      return longbeat::crash::hold_polls(arguments[2], arguments[3]);
    if (count != 2) throw std::invalid_argument("usage: parked_test SERVER");
    return longbeat::crash::run(arguments[1]);
  });
}
