#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/connection.h"
#include "support/manual_loop.h"

namespace longbeat::test {

using namespace longbeat::internal;  // NOLINT: tests of the internals.

/// A ServiceStub that answers from a script, one answer a call, a millisecond later. Without an answer of its kind a
/// call gets the next of `refusals`; without one it hangs until its deadline or cancel().
class FakeService final : public ServiceStub {
 public:
  explicit FakeService(Loop& loop) : loop_(loop) {}

  std::deque<StatusOr<StartedActivity>> starts{};
  std::deque<StatusOr<PolledOutcome>> outcomes{};
  std::deque<StatusOr<internal::ActivityDescription>> descriptions{};
  std::deque<StatusOr<void>> cancels{};
  std::deque<StatusOr<HeartbeatFlags>> heartbeats{};
  /// The answers to one kind of call, and what those calls said.
  template <class Params, class T = void>
  struct Script {
    std::deque<StatusOr<T>> answers{};
    std::vector<Params> seen{};
  };
  Script<std::string, NamespaceInfo> namespaces{};
  Script<DescribeTaskQueueParams, internal::TaskQueueDescription> task_queues{};
  Script<ListWorkersParams, WorkerPage> worker_lists{};
  Script<CountWorkersParams, std::int64_t> worker_counts{};
  Script<DescribeWorkerParams, internal::WorkerDescription> workers{};
  Script<ListActivitiesParams, ActivityPage> lists{};
  Script<CountActivitiesParams, ActivityCountFields> counts{};
  Script<TerminateParams> terminations{};
  Script<RunParams> deletions{};
  Script<PauseParams> pauses{};
  Script<UnpauseParams> unpauses{};
  Script<ResetParams> resets{};
  Script<UpdateOptionsParams, ActivityOptionsFields> updates{};
  Script<CompletedParams> completions{};
  Script<FailedParams> failures{};
  Script<CanceledParams> cancellations{};
  Script<HeartbeatByIdParams, HeartbeatFlags> heartbeats_by_id{};
  Script<CompletedByIdParams> completions_by_id{};
  Script<FailedByIdParams> failures_by_id{};
  Script<CanceledByIdParams> cancellations_by_id{};
  std::deque<Status> refusals{};
  std::optional<StatusOr<SystemInfo>> system = SystemInfo{"1.0", true};  ///< answered at once, each time
  int system_calls = 0;
  std::chrono::nanoseconds latency = std::chrono::milliseconds(1);

  std::vector<StartActivityParams> seen_starts{};
  std::vector<RunParams> seen_polls{};
  std::vector<DescribeParams> seen_describes{};
  std::vector<RequestCancelParams> seen_cancels{};
  std::vector<HeartbeatParams> seen_heartbeats{};
  std::vector<TimePoint> sent_at{};
  std::vector<Nanoseconds> timeouts{};

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override {
    ++system_calls;
    if (!system) return hang(timeout, std::move(done));
    loop_.post([done = std::move(done), answer = *system] { done(answer); });
    return ++last_id_;
  }
  CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) override {
    seen_starts.push_back(std::move(params));
    return answer(starts, timeout, std::move(done));
  }
  CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) override {
    seen_polls.push_back(std::move(params));
    return answer(outcomes, timeout, std::move(done));
  }
  CallId describe_activity(DescribeParams params, Nanoseconds timeout,
                           Done<internal::ActivityDescription> done) override {
    seen_describes.push_back(std::move(params));
    return answer(descriptions, timeout, std::move(done));
  }
  CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) override {
    seen_cancels.push_back(std::move(params));
    return answer(cancels, timeout, std::move(done));
  }
  CallId poll_tasks(PollTaskParams, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) override {
    return hang(timeout, std::move(done));
  }
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override {
    seen_heartbeats.push_back(std::move(params));
    return answer(heartbeats, timeout, std::move(done));
  }
  CallId describe_namespace(std::string params, Nanoseconds timeout, Done<NamespaceInfo> done) override {
    return answer(namespaces, std::move(params), timeout, std::move(done));
  }
  CallId describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                             Done<internal::TaskQueueDescription> done) override {
    return answer(task_queues, std::move(params), timeout, std::move(done));
  }
  CallId list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) override {
    return answer(worker_lists, std::move(params), timeout, std::move(done));
  }
  CallId count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) override {
    return answer(worker_counts, std::move(params), timeout, std::move(done));
  }
  CallId describe_worker(DescribeWorkerParams params, Nanoseconds timeout,
                         Done<internal::WorkerDescription> done) override {
    return answer(workers, std::move(params), timeout, std::move(done));
  }
  CallId list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) override {
    return answer(lists, std::move(params), timeout, std::move(done));
  }
  CallId count_activities(CountActivitiesParams params, Nanoseconds timeout, Done<ActivityCountFields> done) override {
    return answer(counts, std::move(params), timeout, std::move(done));
  }
  CallId terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(terminations, std::move(params), timeout, std::move(done));
  }
  CallId delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(deletions, std::move(params), timeout, std::move(done));
  }
  CallId pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(pauses, std::move(params), timeout, std::move(done));
  }
  CallId unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(unpauses, std::move(params), timeout, std::move(done));
  }
  CallId reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(resets, std::move(params), timeout, std::move(done));
  }
  CallId update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                 Done<ActivityOptionsFields> done) override {
    return answer(updates, std::move(params), timeout, std::move(done));
  }
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(completions, std::move(params), timeout, std::move(done));
  }
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(failures, std::move(params), timeout, std::move(done));
  }
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(cancellations, std::move(params), timeout, std::move(done));
  }
  CallId record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override {
    return answer(heartbeats_by_id, std::move(params), timeout, std::move(done));
  }
  CallId respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(completions_by_id, std::move(params), timeout, std::move(done));
  }
  CallId respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(failures_by_id, std::move(params), timeout, std::move(done));
  }
  CallId respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) override {
    return answer(cancellations_by_id, std::move(params), timeout, std::move(done));
  }
  CallId record_worker_heartbeat(WorkerHeartbeatParams, Nanoseconds timeout, Done<void> done) override {
    return hang(timeout, std::move(done));
  }
  CallId shutdown_worker(ShutdownWorkerParams, Nanoseconds timeout, Done<void> done) override {
    return hang(timeout, std::move(done));
  }
  void cancel(CallId call) override {
    if (const auto found = hanging_.find(call); found != hanging_.end()) found->second();
  }
  std::size_t hanging() const { return hanging_.size(); }

 private:
  template <class T>
  CallId answer(std::deque<StatusOr<T>>& script, Nanoseconds timeout, Done<T> done) {
    if (script.empty()) return hang(timeout, std::move(done));
    note(timeout);
    loop_.schedule(loop_.now() + latency, [done = std::move(done), reply = std::move(script.front())] { done(reply); });
    script.pop_front();
    return ++last_id_;
  }
  template <class Params, class T>
  CallId answer(Script<Params, T>& script, Params params, Nanoseconds timeout, Done<T> done) {
    script.seen.push_back(std::move(params));
    return answer(script.answers, timeout, std::move(done));
  }
  template <class T>
  CallId hang(Nanoseconds timeout, Done<T> done) {
    note(timeout);
    if (!refusals.empty()) {
      loop_.schedule(loop_.now() + latency, [done = std::move(done), why = std::move(refusals.front())] { done(why); });
      refusals.pop_front();
      return ++last_id_;
    }
    const CallId id = ++last_id_;
    const auto end = [this, id, done = std::move(done)](Status status) {
      if (hanging_.erase(id) > 0) done(std::move(status));
    };
    const auto timer =
        loop_.schedule(loop_.now() + timeout, [end] { end({StatusCode::kDeadlineExceeded, "late", {}}); });
    hanging_[id] = [this, end, timer] {
      loop_.cancel(timer);
      loop_.schedule(loop_.now(), [end] { end({StatusCode::kCancelled, "canceled", {}}); });
    };
    return id;
  }
  void note(Nanoseconds timeout) {
    sent_at.push_back(loop_.now());
    timeouts.push_back(timeout);
  }

  Loop& loop_;
  CallId last_id_ = 0;
  std::map<CallId, std::function<void()>> hanging_;
};

/// Runs everything a post leads to before post() returns, in no time at all: blocking calls work on it without a
/// thread.
class EagerLoop final : public ManualLoop {
 public:
  bool post(std::function<void()> work) override {
    if (!ManualLoop::post(std::move(work))) return false;
    if (std::exchange(running_, true)) return true;
    run_to_the_end();
    running_ = false;
    return true;
  }
  bool on_this_thread() const override { return pretends_to_be_the_loop; }
  bool pretends_to_be_the_loop = false;

 private:
  bool running_ = false;
};

/// Runs jobs at once, or holds them until told to.
class InlineCourier final : public Courier {
 public:
  void post(CourierJob, std::uint64_t, std::function<void()> job) override {
    if (!blocked) return job();
    held.push_back(std::move(job));
  }
  void release() {
    blocked = false;
    for (auto& job : std::exchange(held, {})) job();
  }
  bool blocked = false;
  std::vector<std::function<void()>> held{};
};

struct FakeConnection final : Connection {
  EagerLoop eager{};
  FakeService service{eager};
  InlineCourier jobs{};

  Loop& loop() override { return eager; }
  ServiceStub& stub() override { return service; }
  Courier& courier() override { return jobs; }
};

inline Status refused(StatusCode code, std::string message = "no") {
  return {code, std::move(message), {}};
}

}  // namespace longbeat::test
