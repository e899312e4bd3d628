#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/client_core.h"
#include "core/connection.h"
#include "support/manual_loop.h"

namespace longbeat::test {

using namespace longbeat::internal;  // NOLINT: tests of the internals.

/// A ServiceStub that answers from a script, one answer a call, a millisecond later. Without an answer a call hangs
/// until its deadline or cancel().
class FakeService final : public ServiceStub {
 public:
  explicit FakeService(Loop& loop) : loop_(loop) {}

  std::deque<StatusOr<StartedActivity>> starts{};
  std::deque<StatusOr<PolledOutcome>> outcomes{};
  std::deque<StatusOr<internal::ActivityDescription>> descriptions{};
  std::deque<StatusOr<void>> cancels{};
  std::deque<StatusOr<HeartbeatFlags>> heartbeats{};
  std::chrono::nanoseconds latency = std::chrono::milliseconds(1);

  std::vector<StartActivityParams> seen_starts{};
  std::vector<RunParams> seen_polls{};
  std::vector<RequestCancelParams> seen_cancels{};
  std::vector<TimePoint> sent_at{};
  std::vector<Nanoseconds> timeouts{};

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override { return hang(timeout, std::move(done)); }
  CallId describe_namespace(std::string, Nanoseconds timeout, Done<NamespaceInfo> done) override {
    return hang(timeout, std::move(done));
  }
  CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) override {
    seen_starts.push_back(std::move(params));
    return answer(starts, timeout, std::move(done));
  }
  CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) override {
    seen_polls.push_back(std::move(params));
    return answer(outcomes, timeout, std::move(done));
  }
  CallId describe_activity(DescribeParams, Nanoseconds timeout, Done<internal::ActivityDescription> done) override {
    return answer(descriptions, timeout, std::move(done));
  }
  CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) override {
    seen_cancels.push_back(std::move(params));
    return answer(cancels, timeout, std::move(done));
  }
  CallId poll_tasks(PollTaskParams, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) override {
    return hang(timeout, std::move(done));
  }
  CallId record_heartbeat(HeartbeatParams, Nanoseconds timeout, Done<HeartbeatFlags> done) override {
    return answer(heartbeats, timeout, std::move(done));
  }
  CallId respond_completed(CompletedParams, Nanoseconds timeout, Done<void> done) override {
    return hang(timeout, std::move(done));
  }
  CallId respond_failed(FailedParams, Nanoseconds timeout, Done<void> done) override {
    return hang(timeout, std::move(done));
  }
  CallId respond_canceled(CanceledParams, Nanoseconds timeout, Done<void> done) override {
    return hang(timeout, std::move(done));
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
  template <class T>
  CallId hang(Nanoseconds timeout, Done<T> done) {
    note(timeout);
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

class InlineCourier final : public Courier {
 public:
  void post(CourierJob, std::uint64_t, std::function<void()> job) override { job(); }
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
