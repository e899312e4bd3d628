#pragma once
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/loop.h"
#include "base/random.h"
#include "client/retry_rules.h"
#include "core/service_stub.h"

namespace longbeat::internal {

/// Repeats the calls that are safe to repeat (retry_rules.h) while the server cannot answer; the timeout of a call
/// bounds all its tries. Other calls pass. A machine on the loop like the stub it decorates.
class RetryingStub final : public ServiceStub {
 public:
  /// Loop and inner stub outlive this object; calls under way when it dies must have ended. `on_retry`
  /// runs on the loop whenever a call is sent again.
  RetryingStub(Loop& loop, ServiceStub& inner, std::uint64_t seed, std::function<void()> on_retry = {})
      : loop_(loop), inner_(inner), random_(seed), on_retry_(std::move(on_retry)) {}

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override;
  CallId describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) override;
  CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) override;
  CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) override;
  CallId describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) override;
  CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) override;
  CallId poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) override;
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override;
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override;
  CallId record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) override;
  CallId shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) override;
  void cancel(CallId call) override;

 private:
  /// One call with all its tries.
  struct Call {
    TimePoint end{};
    int odd_errors = 0;  ///< of the kind that need not pass
    RetryPauses pauses{};
    CallId inner = 0;   ///< the try under way
    TimerId timer = 0;  ///< the pause under way
    bool canceled = false;
    std::function<void()> send{};
    std::function<void(Status)> fail{};
  };

  template <class T>
  CallId repeat(Rpc rpc, Nanoseconds timeout, std::function<CallId(Nanoseconds, Done<T>)> send, Done<T> done);
  template <class T>
  void answered(CallId id, StatusOr<T> answer, const Done<T>& done);
  /// True when another try is under way or planned.
  bool tries_again(CallId id, Call& call, const Status& status);

  Loop& loop_;
  ServiceStub& inner_;
  Random random_;
  std::function<void()> on_retry_;
  std::unordered_map<CallId, std::shared_ptr<Call>> calls_;
  CallId next_call_ = 1;
};

}  // namespace longbeat::internal
