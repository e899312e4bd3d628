#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/unasked_stub.h"
#include "unit/worker/fake_worker.h"

/// A worker whose calls fail as a test wants, and whose wall clock jumps.
namespace longbeat::test {

using namespace std::chrono_literals;

enum class Call { kSystemInfo, kNamespace, kPoll, kBeat, kCompleted, kFailed, kCanceled, kWorkerBeat, kShutdown };
/// Whether the server has done what it was asked before the call fails.
enum class When { kBefore, kAfter };
inline constexpr int kForEver = 1'000'000'000;

/// A way to the scripted server on which calls get lost, and its memory: once a report is applied, the attempt is
/// closed and whatever comes for it is NOT_FOUND.
class FaultyStub final : public UnaskedStub {
 public:
  FaultyStub(ManualLoop& loop, ServiceStub& server) : loop_(loop), server_(server) {}

  struct Fault {
    Call call = Call::kPoll;
    When when = When::kBefore;
    StatusCode code = StatusCode::kUnavailable;
    int times = 0;
  } fault{};
  int applied_reports = 0;
  int system_calls = 0, namespace_calls = 0, worker_beats = 0;

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override {
    ++system_calls;
    const auto handed = through(Call::kSystemInfo, std::move(done));
    return handed ? server_.get_system_info(timeout, *handed) : 0;
  }
  CallId describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) override {
    ++namespace_calls;
    const auto handed = through(Call::kNamespace, std::move(done));
    return handed ? server_.describe_namespace(std::move(name), timeout, *handed) : 0;
  }
  CallId poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) override {
    const auto handed = through(Call::kPoll, std::move(done));
    return handed ? server_.poll_tasks(std::move(params), timeout, *handed) : 0;
  }
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override {
    const auto handed = through(Call::kBeat, std::move(done));
    if (handed && applied_reports > 0) return refuse(*handed, StatusCode::kNotFound);
    return handed ? server_.record_heartbeat(std::move(params), timeout, *handed) : 0;
  }
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override {
    const auto handed = report(Call::kCompleted, std::move(done));
    return handed ? server_.respond_completed(std::move(params), timeout, *handed) : 0;
  }
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override {
    const auto handed = report(Call::kFailed, std::move(done));
    return handed ? server_.respond_failed(std::move(params), timeout, *handed) : 0;
  }
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override {
    const auto handed = report(Call::kCanceled, std::move(done));
    return handed ? server_.respond_canceled(std::move(params), timeout, *handed) : 0;
  }
  CallId record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) override {
    ++worker_beats;
    const auto handed = through(Call::kWorkerBeat, std::move(done));
    return handed ? server_.record_worker_heartbeat(std::move(params), timeout, *handed) : 0;
  }
  CallId shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) override {
    const auto handed = through(Call::kShutdown, std::move(done));
    return handed ? server_.shutdown_worker(std::move(params), timeout, *handed) : 0;
  }
  void cancel(CallId call) override { server_.cancel(call); }

 private:
  /// Returns what answers the call should it arrive; nothing when it does not.
  template <class T>
  std::optional<Done<T>> through(Call call, Done<T> done) {
    if (fault.times == 0 || call != fault.call) return done;
    --fault.times;
    if (fault.when == When::kBefore) {
      refuse(done, fault.code);
      return std::nullopt;
    }
    return Done<T>([done = std::move(done), code = fault.code](auto&&) { done(Status{code, "fault", {}}); });
  }
  template <class T>
  CallId refuse(const Done<T>& done, StatusCode code) {
    loop_.post([done, code] { done(Status{code, "fault", {}}); });
    return 0;
  }
  std::optional<Done<void>> report(Call call, Done<void> done) {
    auto handed = through(call, std::move(done));
    if (handed && applied_reports > 0) {
      refuse(*handed, StatusCode::kNotFound);
      return std::nullopt;
    }
    if (handed) ++applied_reports;
    return handed;
  }

  ManualLoop& loop_;
  ServiceStub& server_;
};

/// Its wall clock can be set.
class JumpingLoop final : public ManualLoop {
 public:
  WallTime wall_now() const override { return ManualLoop::wall_now() + jumped; }
  Nanoseconds jumped{0};
};

/// A worker without a thread behind such a line.
struct FaultyWorker {
  explicit FaultyWorker(FaultyStub::Fault fault = {}, std::int64_t slots = 2) {
    stub.fault = fault;
    WorkerSettings settings;
    settings.namespace_name = "default";
    settings.identity = "me";
    settings.task_queue = "q";
    settings.slots = slots;
    settings.seed = 1;
    machine = std::make_shared<WorkerMachine>(WorkerPorts{loop, stub, courier, executor, clock}, settings);
  }
  void start() {
    machine->start([this](Error error) { refusal = std::move(error); });
    loop.run_ready();
  }
  ActivityContext& begin() {
    if (machine->stats().polls_open == 0) start();
    REQUIRE_FALSE(server.polls.empty());
    server.give(FakeWorker::task());
    loop.run_ready();
    REQUIRE_FALSE(executor.inputs.empty());
    context = std::make_unique<ActivityContext>(executor.inputs.back().attempt);
    return *context;
  }
  void end(AttemptOutcome outcome) {
    executor.inputs.back().done(std::move(outcome));
    loop.run_ready();
  }
  /// Everything there is to know about the ends of attempts: exactly one way each.
  std::int64_t settled() const {
    const auto stats = machine->stats();
    return stats.completed + stats.failed + stats.canceled + stats.abandoned + stats.reports_stale +
           stats.reports_unknown + stats.reports_given_up;
  }
  std::vector<std::string> stop(Nanoseconds grace, Nanoseconds within) {
    std::vector<std::string> left{"nobody answered"};
    machine->stop(grace, within, [&](std::vector<std::string> names) { left = std::move(names); });
    loop.run_for(within);
    return left;
  }

  JumpingLoop loop;
  LoopClock clock{loop};
  ScriptedStub server{loop};
  FaultyStub stub{loop, server};
  InlineCourier courier;
  ScriptExecutor executor;
  std::shared_ptr<WorkerMachine> machine;
  std::unique_ptr<ActivityContext> context;
  std::optional<Error> refusal;
};

}  // namespace longbeat::test
