#pragma once
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "client/retry_rules.h"
#include "core/service_stub.h"

namespace longbeat::internal {

/// Repeats the calls that are safe to repeat (retry_rules.h) while the server cannot answer; the timeout of a call
/// bounds all its tries. Other calls pass, and so do heartbeats: a second one has to say what is newest by then, which
/// only its sender knows. A machine on the loop like the stub it decorates.
///
/// Where a repetition is not recognized, NOT_FOUND after a try that may have got through says so in its message, as it
/// may mean that this very call succeeded.
class RetryingStub final : public ServiceStub {
 public:
  /// Loop and inner stub outlive this object; calls under way when it dies must have ended. `on_retry`
  /// runs on the loop whenever a call is sent again.
  RetryingStub(Loop& loop, ServiceStub& inner, std::uint64_t seed, std::function<void()> on_retry = {})
      : loop_(loop), inner_(inner), random_(seed), on_retry_(std::move(on_retry)) {}

  CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) override;
  CallId describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) override;
  CallId describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                             Done<TaskQueueDescription> done) override;
  CallId list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) override;
  CallId count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) override;
  CallId describe_worker(DescribeWorkerParams params, Nanoseconds timeout, Done<WorkerDescription> done) override;
  CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) override;
  CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) override;
  CallId describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) override;
  CallId list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) override;
  CallId count_activities(CountActivitiesParams params, Nanoseconds timeout, Done<ActivityCountFields> done) override;
  CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) override;
  CallId terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) override;
  CallId delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) override;
  CallId pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) override;
  CallId unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) override;
  CallId reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) override;
  CallId update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                 Done<ActivityOptionsFields> done) override;
  CallId poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) override;
  CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override;
  CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) override;
  CallId record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) override;
  CallId respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) override;
  CallId respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) override;
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
    Repetition repetition = Repetition::kAlways;
    bool may_have_got_through = false;  ///< an earlier try ended without telling
    std::function<void()> send{};
    std::function<void(Status)> fail{};
  };

  template <class T>
  CallId repeat(Repetition repetition, Nanoseconds timeout, std::function<CallId(Nanoseconds, Done<T>)> send,
                Done<T> done);
  /// One method of the inner stub, with its parameters, as the table says for it.
  template <class Params, class T>
  CallId repeat(Rpc rpc, CallId (ServiceStub::*method)(Params, Nanoseconds, Done<T>),
                std::type_identity_t<Params> params, Nanoseconds timeout, std::type_identity_t<Done<T>> done);
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
