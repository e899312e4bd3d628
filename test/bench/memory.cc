// longbeat-bench-memory: what one open and one closed activity cost the server's memory. An engine on a real file, no
// gRPC; each figure is taken in a process of its own, once while the activities come in and once after a restart.
#include <malloc.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "base/clock.h"
#include "engine/engine.h"
#include "storage/store.h"
#include "support/child_process.h"

namespace longbeat::bench {
namespace {

using namespace server;

constexpr const char* kUsage =
    "longbeat-bench-memory [--open N] [--closed N] [--dir FOLDER]\n"
    "  --open N      open activities (default 200000)\n"
    "  --closed N    closed activities (default 1000000)\n"
    "  --dir FOLDER  where the files go (default: the system's temporary folder)\n";

constexpr std::size_t kInputBytes = 300;
constexpr std::size_t kPerStep = 1000;
constexpr double kOpenBytesMax = 1536, kClosedBytesMax = 24;

struct Options {
  std::size_t open = 200'000, closed = 1'000'000;
  std::filesystem::path folder = std::filesystem::temp_directory_path();
};

/// Memory of this process that no file stands behind, without SQLite's cache of pages, which has a size of its own
/// however many activities there are.
double resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1024 - static_cast<double>(::sqlite3_memory_used());
  }
  throw std::runtime_error("/proc/self/status has no RssAnon");
}

class Sink final : public ReplySink {
 public:
  void reply(StatusOr<Reply> reply) override {
    if (!reply) throw std::runtime_error("refused: " + to_string(reply.error()));
    if (const auto* task = std::get_if<PollTaskReply>(&*reply)) tokens.push_back(task->token);
  }
  std::deque<std::string> tokens{};
};

/// An engine and what it is asked.
class Room {
 public:
  explicit Room(const std::filesystem::path& file) {
    auto store = open_sqlite_store({.path = file.string()});
    if (!store) throw std::runtime_error(to_string(store.error()));
    auto engine = Engine::open(std::move(*store), EngineOptions{.seed = 1}, clock_.now());
    if (!engine) throw std::runtime_error(to_string(engine.error()));
    engine_ = std::move(*engine);
  }

  void start(std::size_t count, bool worked_on) {
    for (std::size_t begun = 0; begun < count; begun += kPerStep) {
      for (std::size_t i = 0; i < kPerStep; ++i) submit(start_request());
      step();
      if (!worked_on) continue;
      const std::size_t before = sink_.tokens.size();
      for (std::size_t i = 0; i < kPerStep; ++i) submit(poll_request());
      step();
      if (sink_.tokens.size() != before + kPerStep) throw std::runtime_error("not every poll got a task");
    }
  }
  void complete_all() {
    for (; !sink_.tokens.empty(); sink_.tokens.pop_front()) {
      CompletedRequest request;
      request.namespace_name = "default";
      request.token = sink_.tokens.front();
      request.identity = "4711@worker-host";
      request.result.assign(100, 'r');
      submit(std::move(request));
    }
    step();
  }
  void close(std::size_t count) {
    for (std::size_t closed = 0; closed < count; closed += kPerStep) {
      start(kPerStep, true);
      complete_all();
    }
  }
  void forget_tokens() { std::deque<std::string>().swap(sink_.tokens); }
  EngineStats stats() const { return engine_->stats(); }

 private:
  void submit(Request request) {
    engine_->submit({++last_call_, std::move(request), std::chrono::seconds(70), &sink_});
  }
  void step() { engine_->step({clock_.now(), clock_.now()}); }

  StartRequest start_request() {
    StartRequest request;
    request.namespace_name = "default";
    request.activity_id = "order-" + std::to_string(++last_id_) + "-of-this-customer";
    request.request_id = "b1e63d1c-6f3f-4d0a-9c0f-0123456789ab";
    request.identity = "4711@client-host";
    request.type = "charge-credit-card";
    request.has_task_queue = true;
    request.task_queue = "payments-of-this-region";
    request.start_to_close = RawDuration{3600, 0};
    request.heartbeat = RawDuration{60, 0};
    request.input.assign(kInputBytes, 'i');
    return request;
  }
  PollTaskRequest poll_request() const {
    PollTaskRequest request;
    request.namespace_name = "default";
    request.task_queue = "payments-of-this-region";
    request.identity = "4711@worker-host";
    return request;
  }

  internal::ServerClock clock_{internal::system_clock()};
  Sink sink_{};
  std::unique_ptr<Engine> engine_{};
  CallId last_call_ = 0;
  std::size_t last_id_ = 0;
};

void report(const char* what, std::size_t count, double bytes, double most) {
  std::printf("%-34s %9zu  %8.1f bytes each  at most %6.0f  %s\n", what, count, bytes, most,
              bytes <= most ? "reached" : "MISSED");
  std::fflush(stdout);
}

/// Runs `measure` in a process of its own; false when it failed.
template <class Measure>
bool apart(Measure measure) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    int code = 0;
    try {
      measure();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "longbeat-bench-memory: %s\n", error.what());
      code = 1;
    }
    std::fflush(stdout);
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What the process holds more than before, once `fill` has run; caches are warmed up before.
template <class Fill>
double cost_of(Room& room, Fill fill) {
  room.close(kPerStep);
  room.forget_tokens();
  ::malloc_trim(0);
  const double before = resident_bytes();
  fill();
  room.forget_tokens();
  return resident_bytes() - before;
}

/// What a process costs more once it has opened the file again. False when that could not be measured.
bool measure_restart(const std::filesystem::path& file, std::size_t EngineStats::* count, double most) {
  return apart([&] {
    {
      Room room(file.parent_path() / "other.db");  // Everything that every engine needs.
      room.close(kPerStep);
    }
    ::malloc_trim(0);
    const double before = resident_bytes();
    const Room room(file);
    const std::size_t known = room.stats().*count;
    report("  the same after a restart", known, (resident_bytes() - before) / static_cast<double>(known), most);
  });
}

void measure_open(const Options& options, bool worked_on) {
  const test::TempFolder folder(options.folder);
  const auto file = folder.path() / "memory.db";
  const auto count = static_cast<double>(options.open);
  const bool filled = apart([&] {
    Room room(file);
    const double bytes = cost_of(room, [&] { room.start(options.open, worked_on); });
    report(worked_on ? "open, held by workers" : "open, waiting for a worker", options.open, bytes / count,
           kOpenBytesMax);
  });
  if (!filled) throw std::runtime_error("the figures of open activities could not be taken");
  if (!measure_restart(file, &EngineStats::open, kOpenBytesMax))
    throw std::runtime_error("the figures after a restart could not be taken");
}

void measure_closed(const Options& options) {
  const test::TempFolder folder(options.folder);
  const auto file = folder.path() / "memory.db";
  const auto count = static_cast<double>(options.closed);
  const bool filled = apart([&] {
    Room room(file);
    const double bytes = cost_of(room, [&] { room.close(options.closed); });
    report("closed", options.closed, bytes / count, kClosedBytesMax);
  });
  if (!filled || !measure_restart(file, &EngineStats::closed, kClosedBytesMax))
    throw std::runtime_error("the figures of closed activities could not be taken");
}

std::size_t count_of(const std::string& name, const std::string& text) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < kPerStep || value > 100'000'000 || value % kPerStep != 0) {
    throw std::invalid_argument(name + " is \"" + text + "\", must be a multiple of 1000 up to 100000000");
  }
  return static_cast<std::size_t>(value);
}

int run(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--help") return std::fputs(kUsage, stdout), 0;
    if (i + 1 == count) throw std::invalid_argument(name + " is unknown or needs a value");
    const std::string value = arguments[++i];
    if (name == "--open")
      options.open = count_of(name, value);
    else if (name == "--closed")
      options.closed = count_of(name, value);
    else if (name == "--dir")
      options.folder = value;
    else
      throw std::invalid_argument("unknown option " + name);
  }
  std::printf("inputs of %zu bytes\n", kInputBytes);
  measure_open(options, false);
  measure_open(options, true);
  measure_closed(options);
  return 0;
}

}  // namespace
}  // namespace longbeat::bench

int main(int count, char** arguments) try {
  return longbeat::bench::run(count, arguments);
} catch (const std::invalid_argument& error) {
  std::fprintf(stderr, "longbeat-bench-memory: %s\n%s", error.what(), longbeat::bench::kUsage);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "longbeat-bench-memory: %s\n", error.what());
  return 1;
}
