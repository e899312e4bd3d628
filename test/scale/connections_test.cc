// Ten thousand connections to a real server, each with a poll that waits: what they cost, that tasks find them, that
// they go away clean when their process dies.
#include <absl/synchronization/mutex.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/demand.h"
#include "support/h2_client.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_client.h"

namespace longbeat::scale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Clock;
using test::demand;
namespace wire = test::wire;

constexpr std::size_t kConnections = 10'000;
constexpr std::size_t kQueues = 500;
constexpr std::size_t kHandOuts = 200;
constexpr double kKiB = 1024;
constexpr double kBytesPerConnectionMax = 96 * kKiB;  // With its poll.

std::string queue_of(std::size_t number) {
  return "held-" + std::to_string(number % kQueues);
}

/// The other process: polls over a connection each, and every task that comes is completed.
int hold(std::uint16_t port, const std::filesystem::path& ready) {
  test::H2Client client(port, kConnections);
  std::size_t answered = 0;
  std::function<void(std::size_t)> poll = [&](std::size_t queue) {
    wire::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.set_identity("held@host");
    request.mutable_task_queue()->set_name(queue_of(queue));
    client.call(test::kPollTask.path, request.SerializeAsString(), seconds(60), [&, queue](const std::string* answer) {
      wire::PollActivityTaskQueueResponse task;
      if (answer == nullptr || !task.ParseFromString(*answer)) return;
      poll(queue);
      if (task.task_token().empty()) return;
      wire::RespondActivityTaskCompletedRequest completed;
      completed.set_namespace_("default");
      completed.set_task_token(task.task_token());
      client.call(test::kCompleted.path, completed.SerializeAsString(), seconds(20), [](const std::string*) {});
    });
  };
  for (std::size_t i = 0; i < kConnections; ++i) poll(i);
  // Calls of one connection arrive in order: when these have been answered, the polls have been taken up.
  for (std::size_t i = 0; i < kConnections; ++i) {
    client.call(test::kGetSystemInfo.path, {}, seconds(60), [&](const std::string*) { ++answered; });
  }
  while (answered < kConnections) client.run(milliseconds(10));
  std::ofstream(ready) << kConnections << '\n';
  for (;;) client.run(milliseconds(100));
}

std::size_t descriptors_of(pid_t process) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
    ++count;
  }
  return count;
}

int run(const std::string& binary) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < kConnections + 1'000) {
    std::printf("skipped: no process may have %zu open files here (ulimit -Hn)\n", kConnections + 1'000);
    return 0;
  }
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const test::TempFolder folder;
  test::ServerProcess server({.binary = binary, .database = folder.path() / "connections.db", .folder = folder.path()});
  const auto bytes_before = server.resident_bytes();
  const auto descriptors_before = descriptors_of(server.pid());
  const auto begin = Clock::now();
  const auto ready = folder.path() / "ready";
  test::ChildProcess holder({self, "--hold", std::to_string(server.port()), ready.string()},
                            folder.path() / "holder.log");
  demand(holder.wait_for_port(ready, seconds(120)) == kConnections, "not all polls wait");
  const double bytes = static_cast<double>(server.resident_bytes() - bytes_before) / kConnections;
  const std::size_t descriptors = descriptors_of(server.pid()) - descriptors_before;
  std::printf("%zu connections with a poll each after %.1f s: %.1f KiB of the server's memory each\n", kConnections,
              std::chrono::duration<double>(Clock::now() - begin).count(), bytes / kKiB);
  demand(descriptors >= kConnections, "there are only " + std::to_string(descriptors) + " connections");
  demand(bytes <= kBytesPerConnectionMax, "connections cost too much memory");

  // Tasks find their polls and get done; one at a time, so that the slowest shows.
  test::WireClient caller(server.address());
  Clock::duration longest{};
  std::string failure;
  for (std::size_t i = 0; i < kHandOuts; ++i) {
    wire::StartActivityExecutionRequest start;
    start.set_namespace_("default");
    start.set_activity_id("activity-" + std::to_string(i));
    start.set_request_id(start.activity_id());
    start.mutable_activity_type()->set_name("scale");
    start.mutable_task_queue()->set_name(queue_of(i * 7));
    start.mutable_start_to_close_timeout()->set_seconds(60);
    const auto sent = Clock::now();
    caller.call(test::kStart, start, seconds(10), [&](const auto& started) {
      if (!started.ok()) return void(failure = started.status.error_message());
      wire::PollActivityExecutionRequest outcome;
      outcome.set_namespace_("default");
      outcome.set_activity_id(start.activity_id());
      caller.call(test::kPollOutcome, outcome, seconds(20), [&](const auto& polled) {
        if (!polled.ok() || !polled.response.has_outcome()) failure = "no outcome: " + polled.status.error_message();
      });
    });
    caller.run_until(Clock::now() + seconds(30));
    demand(failure.empty() && caller.outstanding() == 0, failure.empty() ? "no answer" : failure);
    longest = std::max(longest, Clock::now() - sent);
  }
  std::printf("%zu activities done among them, the slowest in %.0f ms\n", kHandOuts,
              std::chrono::duration<double, std::milli>(longest).count());
  demand(longest < seconds(5), "a call among many connections takes too long");

  const auto cpu = server.cpu_time();
  const auto died = Clock::now();
  holder.kill();
  while (descriptors_of(server.pid()) > descriptors_before + 10) {
    demand(Clock::now() < died + seconds(30), "connections of dead clients stay open");
    std::this_thread::sleep_for(milliseconds(20));
  }
  std::printf("gone %.1f s after their processes were killed, %.1f s of the server's CPU\n",
              std::chrono::duration<double>(Clock::now() - died).count(),
              std::chrono::duration<double>(server.cpu_time() - cpu).count());
  bool served = false;
  caller.call(test::kGetSystemInfo, wire::GetSystemInfoRequest(), seconds(10),
              [&](const auto& answer) { served = answer.ok(); });
  caller.run_until(Clock::now() + seconds(20));
  demand(served, "the server does not answer any more");
  return 0;
}

}  // namespace
}  // namespace longbeat::scale

int main(int count, char** arguments) {
  return longbeat::test::run_program("connections_test", "", [&] {
    // Debian's gRPC checks every mutex otherwise.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (count == 4 && std::string(arguments[1]) == "--hold") {
      return longbeat::scale::hold(static_cast<std::uint16_t>(std::stoul(arguments[2])), arguments[3]);
    }
    if (count != 2) throw std::invalid_argument("usage: connections_test SERVER");
    return longbeat::scale::run(arguments[1]);
  });
}
