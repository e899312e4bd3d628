#include "control.h"

#include <longbeat/failure.h>
#include <longbeat/json.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "checks.h"

using namespace std::chrono_literals;

namespace interop {
namespace {

using longbeat::ActivityDescription;
using longbeat::ActivityStatus;
using Handle = longbeat::ActivityHandle<std::string>;

inline constexpr longbeat::Activity<std::string(std::string name)> greet{"greet"};
inline constexpr longbeat::Activity<int(int failures)> flaky{"flaky"};
inline constexpr longbeat::Activity<std::string(std::string mark)> beat{"beat"};
inline constexpr longbeat::Activity<std::string()> hold{"hold"};

/// Fails `failures` attempts; the next one gives back its number.
int run_flaky(longbeat::ActivityContext& ctx, int failures) {
  const int attempt = ctx.info().attempt;
  if (attempt <= failures) throw longbeat::ApplicationError("attempt " + std::to_string(attempt), {.type = "Flaky"});
  return attempt;
}

/// Heartbeats until it is told to stop. Once the file `mark` is there, an attempt ends at once and tells what it found.
std::string run_beat(longbeat::ActivityContext& ctx, const std::string& mark) {
  if (std::filesystem::exists(mark)) {
    const auto details = ctx.previous_details<std::string>();
    return "attempt " + std::to_string(ctx.info().attempt) + " after " + (details ? std::get<0>(*details) : "nothing");
  }
  for (;;) {
    ctx.heartbeat(std::string("beating"));
    ctx.throw_if_stopped();
    ctx.sleep_for(50ms);
  }
}

/// Says nothing, and stays until it is told to stop.
std::string run_hold(longbeat::ActivityContext& ctx) {
  for (;;) {
    ctx.throw_if_stopped();
    ctx.sleep_for(50ms);
  }
}

class Caller {
 public:
  Caller(const longbeat::Client& client, std::string queue) : client_(client), queue_(std::move(queue)) {}

  void retries() {
    const auto got = client_.execute(flaky, options("flaky"), 2);
    checks_.expect(got && *got == 3, "retries: " + (got ? std::to_string(*got) : to_string(got.error())));
    auto twice = options("flaky-twice");
    twice.retry_policy->maximum_attempts = 2;
    const auto ended = client_.execute(flaky, twice, 9);
    checks_.expect(!ended && ended.error().failure && ended.error().failure->message == "attempt 2" &&
                       ended.error().failure->type == "Flaky",
                   "attempts used up: " + (ended ? "it succeeded" : to_string(ended.error())));
  }

  void cancel() {
    const auto handle = beating("cancel");
    checks_.expect(handle.cancel("enough").ok(), "the cancel was refused");
    failed(handle, longbeat::FailureKind::kCanceled, "canceled");
    const auto seen = handle.describe().value();
    checks_.expect(seen.status == ActivityStatus::kCanceled && seen.canceled_reason == "enough", "a canceled one");
  }

  void terminate() {
    const auto handle = beating("terminate");
    checks_.expect(handle.terminate({.reason = "no more", .request_id = {}, .call = {}}).ok(), "terminate was refused");
    failed(handle, longbeat::FailureKind::kTerminated, "terminated");
    checks_.expect(!handle.cancel("late").ok(), "a cancel after the end was accepted");
  }

  void pause() {
    const auto handle = beating("pause");
    std::ofstream{mark("pause")};
    checks_.expect(handle.pause().ok(), "the pause was refused");
    until(handle, "paused", [](const ActivityDescription& it) {
      return it.status == ActivityStatus::kPaused && it.run_state == longbeat::ActivityRunState::kPaused;
    });
    checks_.expect(handle.unpause().ok(), "the unpause was refused");
    gives(handle, "attempt 2 after beating");
  }

  void reset() {
    const auto handle = beating("reset");
    std::ofstream{mark("reset")};
    checks_.expect(handle.reset().ok(), "the reset was refused");
    gives(handle, "attempt 1 after beating");
  }

  void timeouts() {
    auto silent = options("silent");
    silent.heartbeat_timeout = 1s;
    silent.retry_policy->maximum_attempts = 1;
    auto slow = options("slow");
    slow.start_to_close_timeout = 1s;
    slow.retry_policy->maximum_attempts = 1;
    const auto first = client_.start(hold, silent).value();
    const auto second = client_.start(hold, slow).value();
    checks_.expect(failed(first, longbeat::FailureKind::kTimeout, "silent") == longbeat::TimeoutType::kHeartbeat,
                   "not the heartbeat timeout");
    checks_.expect(failed(second, longbeat::FailureKind::kTimeout, "slow") == longbeat::TimeoutType::kStartToClose,
                   "not the start-to-close timeout");
  }

  void look() {
    for (const char* name : {"a", "b", "c"}) {
      const auto said = client_.execute(greet, options(name), std::string(name));
      checks_.expect(said && *said == "hello " + std::string(name),
                     "greet: " + (said ? *said : to_string(said.error())));
    }
    const std::string query = "TaskQueue = '" + queue_ + "' AND ActivityType = 'greet'";
    until_completed(query, 3);
    int listed = 0;
    for (const auto& row : client_.list({.query = query, .page_size = 2, .next_page_token = {}, .call = {}})) {
      checks_.expect(row && row->status == ActivityStatus::kCompleted && row->close_time, "a row of the list");
      ++listed;
    }
    checks_.expect(listed == 3, "listed " + std::to_string(listed));
    const auto counted = client_.count({.query = query, .call = {}});
    checks_.expect(counted && counted->count == 3, "counted otherwise");
    const auto seen = client_.handle<std::string>(queue_ + "/a").describe({.include_outcome = true}).value();
    checks_.expect(seen.type == "greet" && seen.attempt == 1 && !seen.last_worker_identity.empty(), "a description");
  }

  int exit_code() const { return checks_.exit_code(); }

 private:
  longbeat::StartOptions options(const std::string& name) const {
    longbeat::StartOptions options{.id = queue_ + "/" + name, .task_queue = queue_, .start_to_close_timeout = 20s};
    options.heartbeat_timeout = 5s;
    options.retry_policy = longbeat::RetryPolicy{.initial_interval = 100ms};
    options.call = {20s};
    return options;
  }

  std::string mark(const std::string& name) const {
    return (std::filesystem::temp_directory_path() / (queue_ + "-" + name)).string();
  }

  /// One whose first attempt runs and has heartbeated.
  Handle beating(const std::string& name) {
    auto handle = client_.start(beat, options(name), mark(name)).value();
    until(handle, "a heartbeat", [](const ActivityDescription& it) { return !it.raw_heartbeat_details.empty(); });
    return handle;
  }

  void until(const Handle& handle, const std::string& what,
             const std::function<bool(const ActivityDescription&)>& fits) {
    for (int i = 0; i < 200; ++i) {
      if (fits(handle.describe().value())) return;
      std::this_thread::sleep_for(50ms);
    }
    checks_.expect(false, "never: " + what + " of " + handle.id());
  }

  /// A cluster's lists come a moment behind.
  void until_completed(const std::string& query, int count) {
    for (int i = 0; i < 200; ++i) {
      if (client_.count({.query = query + " AND ExecutionStatus = 'Completed'", .call = {}}).value().count == count)
        return;
      std::this_thread::sleep_for(50ms);
    }
    checks_.expect(false, "never completed, as the count tells: " + query);
  }

  void gives(const Handle& handle, const std::string& expected) {
    const auto got = handle.result({.timeout = 15s});
    checks_.expect(got && *got == expected, handle.id() + ": " + (got ? *got : to_string(got.error())));
    std::filesystem::remove(mark(handle.id().substr(queue_.size() + 1)));
  }

  longbeat::TimeoutType failed(const Handle& handle, longbeat::FailureKind kind, const std::string& what) {
    const auto ended = handle.result({.timeout = 15s});
    const bool as_expected = !ended && ended.error().failure && ended.error().failure->kind == kind;
    checks_.expect(as_expected, what + ": " + (ended ? "it succeeded" : to_string(ended.error())));
    return as_expected ? ended.error().failure->timeout_type : longbeat::TimeoutType::kUnspecified;
  }

  const longbeat::Client& client_;
  std::string queue_;
  Checks checks_;
};

}  // namespace

void serve_control(longbeat::Worker& worker) {
  worker.serve(greet, [](const std::string& name) { return "hello " + name; });
  worker.serve(flaky, run_flaky);
  worker.serve(beat, run_beat);
  worker.serve(hold, run_hold);
}

int call_control(const longbeat::Client& client, const std::string& queue) {
  Caller caller(client, queue);
  caller.retries();
  caller.cancel();
  caller.terminate();
  caller.pause();
  caller.reset();
  caller.timeouts();
  caller.look();
  return caller.exit_code();
}

}  // namespace interop
