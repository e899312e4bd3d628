#include "client/retrying_stub.h"

#include <algorithm>
#include <utility>

#include "base/planted.h"

namespace longbeat::internal {
namespace {

/// Marks the calls of this stub, so that those of the inner one pass cancel() under their own names.
constexpr CallId kRepeated = CallId{1} << 63;

template <class Params>
bool names_run(const Params& params) {
  if constexpr (requires { params.target.run_id; }) {
    return !params.target.run_id.empty();
  } else if constexpr (requires { params.run.run_id; }) {
    return !params.run.run_id.empty();
  } else if constexpr (requires { params.run_id; }) {
    return !params.run_id.empty();
  } else {
    return false;
  }
}

/// False for a caller that does it itself.
template <class Params>
bool is_retried(const Params& params) {
  if constexpr (requires { params.retried; }) {
    return params.retried;
  } else {
    return true;
  }
}

}  // namespace

template <class T>
CallId RetryingStub::repeat(Repetition repetition, Nanoseconds timeout,
                            std::function<CallId(Nanoseconds, Done<T>)> send, Done<T> done) {
  if (repetition == Repetition::kNever) return send(timeout, std::move(done));
  const CallId id = kRepeated | next_call_++;
  auto call = std::make_shared<Call>();
  call->end = loop_.now() + timeout;
  call->repetition = repetition;
  call->fail = [done](Status status) { done(std::move(status)); };
  call->send = [this, id, weak = std::weak_ptr(call), send = std::move(send), done = std::move(done)] {
    const auto self = weak.lock();
    if (!self) return;
    const auto rest = std::max<Nanoseconds>(self->end - loop_.now(), std::chrono::milliseconds(1));
    self->inner = send(rest, [this, id, done](StatusOr<T> answer) { answered(id, std::move(answer), done); });
  };
  calls_.emplace(id, call);
  call->send();
  return id;
}

template <class Params, class T>
CallId RetryingStub::repeat(Rpc rpc, CallId (ServiceStub::*method)(Params, Nanoseconds, Done<T>),
                            std::type_identity_t<Params> params, Nanoseconds timeout,
                            std::type_identity_t<Done<T>> done) {
  const auto how = is_retried(params) ? repetition(rpc, names_run(params)) : Repetition::kNever;
  if (how == Repetition::kNever) return (inner_.*method)(std::move(params), timeout, std::move(done));
  return repeat<T>(
      how, timeout,
      [this, method, params = std::move(params)](Nanoseconds rest, Done<T> next) {
        return (inner_.*method)(params, rest, std::move(next));
      },
      std::move(done));
}

template <class T>
void RetryingStub::answered(CallId id, StatusOr<T> answer, const Done<T>& done) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = found->second;  // Keeps `done` alive, which lies inside.
  call->inner = 0;
  if (!answer && tries_again(id, *call, answer.error())) return;
  calls_.erase(id);
  if (!answer && call->may_have_got_through && gone(answer.error())) {
    if (call->repetition == Repetition::kUnrecognized) {
      Status status = answer.error();
      status.message += " (an earlier try of this call may have got through)";
      return done(std::move(status));
    }
    if constexpr (std::is_void_v<T>) {
      if (call->repetition == Repetition::kGoneIsDone) return done({});
    }
  }
  done(std::move(answer));
}

bool RetryingStub::tries_again(CallId id, Call& call, const Status& status) {
  if (call.canceled || !worth_repeating(status, call.repetition)) return false;
  // The server refuses for lack of room before it looks at a request; any other end may hide a success.
  const bool certain = status.code == StatusCode::kResourceExhausted || planted(Bug::kLostAnswerForgotten);
  if (!certain) call.may_have_got_through = true;
  // A server that is away or busy comes back: only the call's own time bounds that. What need not pass is counted.
  if (!passes_with_time(status) && ++call.odd_errors >= kMostTries) return false;
  const auto now = loop_.now();
  const auto latest = latest_try(now, call.end);
  if (!latest) return false;
  const auto at = std::min(now + call.pauses.next(status, random_), *latest);
  call.timer = loop_.schedule(at, [this, id] {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    const auto next = found->second;
    next->timer = 0;
    if (on_retry_) on_retry_();
    next->send();
  });
  return true;
}

void RetryingStub::cancel(CallId id) {
  if ((id & kRepeated) == 0) return inner_.cancel(id);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = found->second;
  call->canceled = true;
  if (call->inner != 0) return inner_.cancel(call->inner);
  loop_.cancel(call->timer);
  // Between two tries nobody else would answer; not from here, as the caller may not expect it yet.
  loop_.schedule(loop_.now(), [this, id, call] {
    if (calls_.erase(id) > 0) call->fail({StatusCode::kCancelled, "canceled by the caller", {}});
  });
}

CallId RetryingStub::get_system_info(Nanoseconds timeout, Done<SystemInfo> done) {
  return repeat<SystemInfo>(
      repetition(Rpc::kGetSystemInfo, false), timeout,
      [this](Nanoseconds rest, Done<SystemInfo> next) { return inner_.get_system_info(rest, std::move(next)); },
      std::move(done));
}

CallId RetryingStub::describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) {
  return repeat(Rpc::kDescribeNamespace, &ServiceStub::describe_namespace, std::move(name), timeout, std::move(done));
}

CallId RetryingStub::describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                                         Done<TaskQueueDescription> done) {
  return repeat(Rpc::kDescribeTaskQueue, &ServiceStub::describe_task_queue, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) {
  return repeat(Rpc::kListWorkers, &ServiceStub::list_workers, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) {
  return repeat(Rpc::kCountWorkers, &ServiceStub::count_workers, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::describe_worker(DescribeWorkerParams params, Nanoseconds timeout, Done<WorkerDescription> done) {
  return repeat(Rpc::kDescribeWorker, &ServiceStub::describe_worker, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) {
  return repeat(Rpc::kStartActivity, &ServiceStub::start_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) {
  return repeat(Rpc::kPollOutcome, &ServiceStub::poll_outcome, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) {
  return repeat(Rpc::kDescribeActivity, &ServiceStub::describe_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) {
  return repeat(Rpc::kListActivities, &ServiceStub::list_activities, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::count_activities(CountActivitiesParams params, Nanoseconds timeout,
                                      Done<ActivityCountFields> done) {
  return repeat(Rpc::kCountActivities, &ServiceStub::count_activities, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRequestCancel, &ServiceStub::request_cancel, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kTerminateActivity, &ServiceStub::terminate_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kDeleteActivity, &ServiceStub::delete_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kPauseActivity, &ServiceStub::pause_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kUnpauseActivity, &ServiceStub::unpause_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kResetActivity, &ServiceStub::reset_activity, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                             Done<ActivityOptionsFields> done) {
  return repeat(Rpc::kUpdateActivityOptions, &ServiceStub::update_activity_options, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) {
  return repeat(Rpc::kPollTasks, &ServiceStub::poll_tasks, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) {
  return inner_.record_heartbeat(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondCompleted, &ServiceStub::respond_completed, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondFailed, &ServiceStub::respond_failed, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondCanceled, &ServiceStub::respond_canceled, std::move(params), timeout, std::move(done));
}

CallId RetryingStub::record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout,
                                            Done<HeartbeatFlags> done) {
  return inner_.record_heartbeat_by_id(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondCompletedById, &ServiceStub::respond_completed_by_id, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondFailedById, &ServiceStub::respond_failed_by_id, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRespondCanceledById, &ServiceStub::respond_canceled_by_id, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kRecordWorkerHeartbeat, &ServiceStub::record_worker_heartbeat, std::move(params), timeout,
                std::move(done));
}

CallId RetryingStub::shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) {
  return repeat(Rpc::kShutdownWorker, &ServiceStub::shutdown_worker, std::move(params), timeout, std::move(done));
}

}  // namespace longbeat::internal
