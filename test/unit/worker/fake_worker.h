#pragma once
#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/client_core.h"
#include "core/attempt.h"
#include "core/loop_clock.h"
#include "core/outcome.h"
#include "longbeat/activity_context.h"
#include "longbeat/json.h"
#include "support/manual_loop.h"
#include "support/unasked_stub.h"
#include "worker/worker_machine.h"

namespace longbeat::test {

using namespace internal;

/// A server under the test's control: polls wait until a task is given, heartbeats and reports wait for an answer
/// unless the stub answers by itself.
class ScriptedStub final : public UnaskedStub {
 public:
  explicit ScriptedStub(ManualLoop& loop) : loop_(loop) {}

  template <class Params, class T>
  struct Call {
    Params params;
    Done<T> done;
    TimePoint at{};
    Nanoseconds timeout{};
  };
  bool answers_beats = true, answers_reports = true;
  SystemInfo system{.activity_failure_include_heartbeat = true};
  std::optional<Status> namespace_status{};
  std::vector<Call<HeartbeatParams, HeartbeatFlags>> beats{};
  std::vector<Call<CompletedParams, void>> completed{};
  std::vector<Call<FailedParams, void>> failed{};
  std::vector<Call<CanceledParams, void>> canceled{};
  std::int64_t payload_bytes_max = 1000;
  bool takes_worker_heartbeats = false, completes_polls = false, answers_shutdown = true;
  StatusOr<> worker_heartbeat_answer{}, shutdown_answer{};
  std::vector<Call<WorkerHeartbeatParams, void>> worker_heartbeats{};
  std::vector<Call<ShutdownWorkerParams, void>> shutdowns{};
  std::vector<std::string> order{};  ///< of what a test about order looks at
  std::deque<std::pair<CallId, Done<std::vector<ActivityTask>>>> polls{};
  HeartbeatFlags flags{};

  CallId get_system_info(Nanoseconds, Done<SystemInfo> done) override {
    return later([this, done] { done(system); });
  }
  CallId describe_namespace(std::string name, Nanoseconds, Done<NamespaceInfo> done) override {
    return later([this, name, done] {
      if (namespace_status) return done(*namespace_status);
      NamespaceInfo info;
      info.name = name;
      info.blob_size_limit_error = payload_bytes_max;
      info.worker_heartbeats = takes_worker_heartbeats;
      info.worker_poll_complete_on_shutdown = completes_polls;
      done(info);
    });
  }
  CallId poll_tasks(PollTaskParams, Nanoseconds, Done<std::vector<ActivityTask>> done) override {
    polls.emplace_back(++last_call_, std::move(done));
    return last_call_;
  }
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override {
    beats.push_back({std::move(params), done, loop_.now(), timeout});
    return answers_beats ? later([this, done] { done(flags); }) : ++last_call_;
  }
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override {
    return report(completed, std::move(params), timeout, std::move(done));
  }
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override {
    return report(failed, std::move(params), timeout, std::move(done));
  }
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override {
    return report(canceled, std::move(params), timeout, std::move(done));
  }
  CallId record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) override {
    worker_heartbeats.push_back({std::move(params), done, loop_.now(), timeout});
    return later([this, done] { done(worker_heartbeat_answer); });
  }
  CallId shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) override {
    order.push_back("ShutdownWorker");
    shutdowns.push_back({std::move(params), done, loop_.now(), timeout});
    if (answers_shutdown) return later([this, done] { done(shutdown_answer); });
    shutdown_call_ = ++last_call_;
    return shutdown_call_;
  }
  void cancel(CallId call) override {
    if (call != 0 && call == shutdown_call_) {
      shutdown_call_ = 0;
      later([done = shutdowns.back().done] { done(Status{StatusCode::kCancelled, "", {}}); });
      return;
    }
    for (auto poll = polls.begin(); poll != polls.end(); ++poll) {
      if (poll->first != call) continue;
      later([done = poll->second] { done(Status{StatusCode::kCancelled, "", {}}); });
      order.push_back("poll canceled");
      polls.erase(poll);
      return;
    }
  }

  /// All open polls end in one round.
  void fail_polls(const Status& status) {
    for (auto& poll : std::exchange(polls, {})) poll.second(status);
  }
  /// Whatever waits for an answer waits no more.
  void forget() {
    beats.clear();
    completed.clear();
    failed.clear();
    canceled.clear();
  }
  void give(ActivityTask task) {
    auto done = polls.front().second;
    polls.pop_front();
    done(std::vector{std::move(task)});
  }

 private:
  template <class Params>
  CallId report(std::vector<Call<Params, void>>& calls, Params params, Nanoseconds timeout, Done<void> done) {
    calls.push_back({std::move(params), done, loop_.now(), timeout});
    return answers_reports ? later([done] { done(StatusOr<>()); }) : ++last_call_;
  }
  CallId later(std::function<void()> work) {
    loop_.post(std::move(work));
    return ++last_call_;
  }

  ManualLoop& loop_;
  CallId last_call_ = 0;
  CallId shutdown_call_ = 0;  ///< unanswered
};

/// Runs jobs at once, or holds them until told to.
class InlineCourier final : public Courier {
 public:
  void post(CourierJob kind, std::uint64_t, std::function<void()> job) override {
    if (blocked && kind == CourierJob::kConvert) {
      held.push_back(std::move(job));
    } else {
      job();
    }
  }
  void release() {
    blocked = false;
    for (auto& job : std::exchange(held, {})) job();
  }
  bool blocked = false;
  std::vector<std::function<void()>> held{};
};

/// Runs nothing: the test plays the activity.
class ScriptExecutor final : public Executor {
 public:
  void submit(AttemptInput input) override { inputs.push_back(std::move(input)); }
  std::deque<AttemptInput> inputs{};
};

/// What the clients of a FakeWorker's activities share with it.
struct FakeLink final : Connection {
  FakeLink(ManualLoop& with_loop, ServiceStub& with_stub, Courier& with_courier)
      : own_loop(with_loop), own_stub(with_stub), own_courier(with_courier) {}
  Loop& loop() override { return own_loop; }
  ServiceStub& stub() override { return own_stub; }
  Courier& courier() override { return own_courier; }

  ManualLoop& own_loop;
  ServiceStub& own_stub;
  Courier& own_courier;
};

/// A whole worker without a thread.
struct FakeWorker {
  explicit FakeWorker(std::int64_t slots = 2, Nanoseconds heartbeat_interval = std::chrono::seconds(60),
                      WireFormat format = {}) {
    WorkerSettings settings;
    settings.address = "here:1";
    settings.namespace_name = "default";
    settings.identity = "me";
    settings.task_queue = "q";
    settings.instance_key = "instance";
    settings.host_name = "host";
    settings.process_id = "77";
    settings.process_key = "process";
    settings.heartbeat_interval = heartbeat_interval;
    settings.slots = slots;
    settings.seed = 1;
    machine = std::make_shared<WorkerMachine>(
        WorkerPorts{loop, stub, courier, executor, clock, {}, core, std::move(format)}, settings);
  }
  /// What LateCompletions have left behind ends first: it refers to all of this.
  ~FakeWorker() {
    if (core.use_count() > 1) {
      machine->stop(std::chrono::seconds(0), std::chrono::seconds(1), [](const auto&) {});
      loop.run_for(std::chrono::seconds(20));
    }
    stub.forget();
  }
  FakeWorker(const FakeWorker&) = delete;
  FakeWorker& operator=(const FakeWorker&) = delete;
  static std::shared_ptr<ClientCore> make_core(ManualLoop& loop, ServiceStub& stub, Courier& courier) {
    ClientOptions options;
    options.identity = "the client";
    options.callback_executor = [](const std::function<void()>& job) { job(); };
    auto core = core_from(std::move(options));
    core->connection = std::make_shared<FakeLink>(loop, stub, courier);
    return core;
  }
  void start() {
    machine->start([this](Error error) { refusal = std::move(error); });
    loop.run_ready();
  }
  static ActivityTask task(Nanoseconds heartbeat = std::chrono::seconds(10)) {
    ActivityTask task;
    task.token = "token";
    task.activity_id = "a";
    task.activity_type = "ingest";
    task.heartbeat = heartbeat;
    task.start_to_close = std::chrono::hours(1);
    return task;
  }
  /// Starts, hands out one task, and returns the attempt's context.
  ActivityContext& just_begun(ActivityTask given) {
    if (machine->stats().polls_open == 0) start();
    stub.give(std::move(given));
    loop.run_ready();
    contexts.push_back(std::make_unique<ActivityContext>(executor.inputs.back().attempt));
    return *contexts.back();
  }
  /// The same, and the worker's own first beat has left.
  ActivityContext& begin(ActivityTask given) {
    const Nanoseconds heartbeat = given.heartbeat;
    ActivityContext& context = just_begun(std::move(given));
    if (heartbeat > Nanoseconds::zero())
      loop.run_for(std::clamp<Nanoseconds>(heartbeat / 200, std::chrono::milliseconds(1), kOwnBeatPause));
    return context;
  }
  ActivityContext& begin() { return begin(task()); }
  /// Of attempts with a heartbeat timeout of 10 s and more.
  static constexpr Nanoseconds kOwnBeatPause = std::chrono::milliseconds(50);
  void end(AttemptOutcome outcome) {
    executor.inputs.back().done(std::move(outcome));
    loop.run_ready();
  }
  void fail() {
    Failure failure;
    failure.kind = FailureKind::kApplication;
    failure.message = "boom";
    end(AttemptFailed{failure});
  }

  /// What the newest function reports that lets ActivityStopped pass.
  AttemptOutcome stopped() const {
    const auto& attempt = *executor.inputs.back().attempt;
    return outcome_of_stop(attempt.causes(), attempt.lost(), attempt.details_failure(), attempt.stall_failure());
  }

  ManualLoop loop;
  LoopClock clock{loop};
  ScriptedStub stub{loop};
  InlineCourier courier;
  ScriptExecutor executor;
  std::shared_ptr<ClientCore> core = make_core(loop, stub, courier);
  std::shared_ptr<WorkerMachine> machine;
  std::vector<std::unique_ptr<ActivityContext>> contexts;
  std::optional<Error> refusal;
};

inline std::string text_of(const Payloads& payloads) {
  return payloads.empty() ? "" : payloads[0].data;
}

}  // namespace longbeat::test
