// longbeat-bench-overload: what a server does that is asked for three times as much as it can. The server has one core,
// this program another. First the peak is measured: activities started, worked on and awaited, so many at a time. Then
// they are begun at a fixed rate, whatever becomes of them, each with a time limit; what is refused or late is lost.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/h2_client.h"
#include "support/percentile.h"
#include "support/program.h"
#include "support/server_process.h"
#include "support/wire_methods.h"

#ifndef LONGBEAT_SERVER_BINARY
#define LONGBEAT_SERVER_BINARY ""
#endif

namespace longbeat::bench {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
namespace wire = test::wire;

constexpr const char* kUsage =
    "longbeat-bench-overload [--server PATH] [--dir FOLDER] [--times X] [--seconds N] [--outstanding N] [--memory]\n"
    "  --server PATH  the longbeat-server program (default: the one built with this)\n"
    "  --dir FOLDER   where the database goes (default: the system's temporary folder)\n"
    "  --times X      the rate, as a multiple of the peak (default 3)\n"
    "  --seconds N    of the overload (default 8)\n"
    "  --outstanding N  most activities begun and not ended: callers hold back then (default 4000)\n"
    "  --memory       without a database\n";

constexpr milliseconds kPatience{2'000};  // What has not ended by then is lost.
constexpr milliseconds kWarmUp{2'000};
constexpr std::size_t kPolls = 512;
constexpr double kShareMin = 0.8;

struct Options {
  std::string server = LONGBEAT_SERVER_BINARY;
  std::filesystem::path folder = std::filesystem::temp_directory_path();
  double times = 3;
  seconds length{8};
  std::size_t outstanding = 4'000;
  bool durable = true;
};

bool pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return ::sched_setaffinity(0, sizeof cores, &cores) == 0;
}

/// What the callers saw.
struct Counts {
  std::size_t worked_on = 0, begun = 0, completed = 0, refused = 0, late = 0, not_begun = 0, worker_refused = 0;
};

/// Callers who start activities and await them, and a worker for these, all in one thread.
class Load {
 public:
  explicit Load(std::uint16_t port) : callers_(port, 4), worker_(port, 2) {
    start_.set_namespace_("default");
    start_.set_identity("longbeat-bench@host");
    start_.mutable_activity_type()->set_name("bench_activity");
    start_.mutable_task_queue()->set_name("overload");
    start_.mutable_start_to_close_timeout()->set_seconds(600);
    start_.mutable_input()->add_payloads()->set_data(std::string(120, 'i'));
    wire::PollActivityTaskQueueRequest poll;
    poll.set_namespace_("default");
    poll.set_identity("longbeat-bench-worker@host");
    poll.mutable_task_queue()->set_name("overload");
    poll_ = poll.SerializeAsString();
    completed_.set_namespace_("default");
    completed_.mutable_result()->add_payloads()->set_data(std::string(120, 'r'));
    outcome_.set_namespace_("default");
    for (std::size_t i = 0; i < kPolls; ++i) this->poll();
  }

  /// Keeps `in_flight` operations going, or begins `rate` a second.
  void run(Time until, std::size_t in_flight, double rate) {
    const Time begin = Clock::now();
    std::size_t due = 0;
    for (Time now = begin; now < until; now = Clock::now()) {
      if (in_flight > 0) {
        while (outstanding_ < in_flight) launch(now);
      } else {
        const auto wanted = static_cast<std::size_t>(duration<double>(now - begin).count() * rate);
        for (; due < wanted; ++due) {
          if (outstanding_ < outstanding_max) {
            launch(now);
          } else {
            ++counts.not_begun;
          }
        }
      }
      turn();
    }
  }
  /// Until nothing is under way any more, or it takes too long.
  void settle() {
    const Time until = Clock::now() + seconds(10);
    while (outstanding_ > 0 && Clock::now() < until) turn();
  }

  std::size_t outstanding_max = 0;
  Counts counts{};
  std::vector<float> latencies_ms{};

 private:
  void turn() {
    callers_.run(milliseconds(0));
    worker_.run(milliseconds(outstanding_ > 0 ? 0 : 1));
    const Time now = Clock::now();
    for (; !waiting_.empty() && waiting_.front().first <= now; waiting_.pop_front()) {
      waiting_.front().second.empty() ? poll() : complete(waiting_.front().second);
    }
  }
  void launch(Time begun) {
    ++outstanding_;
    ++counts.begun;
    start_.set_activity_id("overload-" + std::to_string(++started_));
    start_.set_request_id("request-" + std::to_string(started_));
    callers_.call(test::kStart.path, start_.SerializeAsString(), kPatience,
                  [this, id = start_.activity_id(), begun](const std::string* answer) {
                    if (answer == nullptr) return ended(begun, false);
                    await(id, begun);
                  });
  }
  void await(const std::string& id, Time begun) {
    outcome_.set_activity_id(id);
    callers_.call(test::kPollOutcome.path, outcome_.SerializeAsString(), seconds(30),
                  [this, begun](const std::string* answer) {
                    wire::PollActivityExecutionResponse response;
                    ended(begun, answer != nullptr && response.ParseFromString(*answer) && response.has_outcome());
                  });
  }
  void ended(Time begun, bool completed) {
    --outstanding_;
    const auto took = Clock::now() - begun;
    if (took > kPatience) {
      ++counts.late;
    } else if (!completed) {
      ++counts.refused;
    } else {
      ++counts.completed;
      latencies_ms.push_back(duration<float, std::milli>(took).count());
    }
  }

  void poll() {
    worker_.call(test::kPollTask.path, poll_, seconds(30), [this](const std::string* answer) {
      wire::PollActivityTaskQueueResponse task;
      if (answer == nullptr || !task.ParseFromString(*answer)) return later("");
      task.task_token().empty() ? poll() : complete(task.task_token());
    });
  }
  void complete(const std::string& token) {
    completed_.set_task_token(token);
    worker_.call(test::kCompleted.path, completed_.SerializeAsString(), seconds(10),
                 [this, token](const std::string* answer) {
                   if (answer == nullptr) return later(token);
                   ++counts.worked_on;
                   poll();
                 });
  }
  /// As workers do: what was refused is sent again after a pause.
  void later(const std::string& token) {
    ++counts.worker_refused;
    waiting_.emplace_back(Clock::now() + milliseconds(100), token);
  }

  wire::StartActivityExecutionRequest start_{};
  std::string poll_{};
  wire::RespondActivityTaskCompletedRequest completed_{};
  wire::PollActivityExecutionRequest outcome_{};
  std::size_t started_ = 0, outstanding_ = 0;
  std::deque<std::pair<Time, std::string>> waiting_{};  ///< polls (no token) and completions
  test::H2Client callers_, worker_;
};

struct Figures {
  double per_second = 0, per_cpu_second = 0;
  Counts counts{};
  double p50 = 0, p99 = 0;
};

Figures measure(const test::ServerProcess& server, Load& load, std::size_t in_flight, double rate, seconds length) {
  load.run(Clock::now() + kWarmUp, in_flight, rate);
  load.counts = {};
  load.latencies_ms.clear();
  const auto begin = Clock::now();
  const nanoseconds cpu = server.cpu_time();
  load.run(begin + length, in_flight, rate);
  const double took = duration<double>(Clock::now() - begin).count();
  const double cpu_seconds = duration<double>(server.cpu_time() - cpu).count();
  Figures figures;
  figures.counts = load.counts;
  figures.per_second = static_cast<double>(load.counts.completed) / took;
  figures.per_cpu_second = static_cast<double>(load.counts.completed) / cpu_seconds;
  figures.p50 = test::percentile(load.latencies_ms, 0.5);
  figures.p99 = test::percentile(load.latencies_ms, 0.99);
  return figures;
}

void print(const char* what, const Figures& figures, double seconds_taken) {
  const auto per_second = [&](std::size_t count) { return static_cast<double>(count) / seconds_taken; };
  const Counts& counts = figures.counts;
  std::printf(
      "%-18s in time %6.0f/s, %6.0f per CPU s (worked on %6.0f/s), p50 %5.0f p99 %5.0f ms; begun %6.0f/s, refused "
      "%6.0f/s, late "
      "%5.0f/s, held back %6.0f/s, worker refused %.0f/s\n",
      what, figures.per_second, figures.per_cpu_second, per_second(counts.worked_on), figures.p50, figures.p99,
      per_second(counts.begun), per_second(counts.refused), per_second(counts.late), per_second(counts.not_begun),
      per_second(counts.worker_refused));
  std::fflush(stdout);
}

int run(const Options& options) {
  const bool two_cores = ::sysconf(_SC_NPROCESSORS_ONLN) > 1;
  if (!two_cores || !pin_to(0)) std::printf("one core for both: the figures mean little\n");
  const test::TempFolder folder(options.folder);
  test::ServerProcess server({.binary = options.server,
                              .database = options.durable ? folder.path() / "overload.db" : std::filesystem::path{},
                              .folder = folder.path()});
  if (two_cores) pin_to(1);
  Load load(server.port());
  load.outstanding_max = options.outstanding;
  Figures peak;
  double most = 0;
  for (const std::size_t in_flight : {64U, 256U}) {
    const Figures figures = measure(server, load, in_flight, 0, seconds(3));
    print(in_flight == 64 ? "64 at a time" : "256 at a time", figures, 3);
    most = std::max(most, figures.per_second);
    if (figures.per_cpu_second > peak.per_cpu_second) peak = figures;
  }
  load.settle();
  const auto bytes = server.resident_bytes();
  const Figures overload = measure(server, load, 0, options.times * most, options.length);
  print("overloaded", overload, static_cast<double>(options.length.count()));
  const double share = overload.per_cpu_second / peak.per_cpu_second;
  std::printf("the server's memory: %.0f MiB before, %.0f MiB after\n", static_cast<double>(bytes) / 1048576,
              static_cast<double>(server.resident_bytes()) / 1048576);
  load.settle();
  load.counts = {};
  const Figures after = measure(server, load, 64, 0, seconds(2));
  print("64 again", after, 2);
  const bool reached = share >= kShareMin;
  std::printf("completed per CPU second under %.1f times the load: %.2f of the peak, at least %.2f  %s\n",
              options.times, share, kShareMin, reached ? "reached" : "MISSED");
  return reached ? 0 : 1;
}

}  // namespace
}  // namespace longbeat::bench

int main(int count, char** arguments) {
  return longbeat::test::run_program("longbeat-bench-overload", longbeat::bench::kUsage, [&] {
    longbeat::bench::Options options;
    for (int i = 1; i < count; ++i) {
      const std::string name = arguments[i];
      if (name == "--help") return std::fputs(longbeat::bench::kUsage, stdout), 0;
      if (name == "--memory") {
        options.durable = false;
        continue;
      }
      const std::string value = longbeat::test::value_of_option(count, arguments, i);
      if (name == "--server")
        options.server = value;
      else if (name == "--dir")
        options.folder = value;
      else if (name == "--times")
        options.times = std::atof(value.c_str());
      else if (name == "--outstanding")
        options.outstanding = static_cast<std::size_t>(std::max(1, std::atoi(value.c_str())));
      else if (name == "--seconds")
        options.length = std::chrono::seconds(std::atoi(value.c_str()));
      else
        throw std::invalid_argument("unknown option " + name);
    }
    if (!(options.times > 0 && options.times <= 100) || options.length.count() < 1 || options.length.count() > 600) {
      throw std::invalid_argument("--times goes from above 0 to 100, --seconds from 1 to 600");
    }
    return longbeat::bench::run(options);
  });
}
