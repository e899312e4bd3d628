#include "client/retrying_stub.h"

#include <algorithm>
#include <utility>

namespace longbeat::internal {
namespace {

/// Marks the calls of this stub, so that those of the inner one pass cancel() under their own names.
constexpr CallId kRepeated = CallId{1} << 63;

}  // namespace

template <class T>
CallId RetryingStub::repeat(Rpc rpc, Nanoseconds timeout, std::function<CallId(Nanoseconds, Done<T>)> send,
                            Done<T> done) {
  if (!repeated_by_the_stub(rpc)) return send(timeout, std::move(done));
  const CallId id = kRepeated | next_call_++;
  auto call = std::make_shared<Call>();
  call->end = loop_.now() + timeout;
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

template <class T>
void RetryingStub::answered(CallId id, StatusOr<T> answer, const Done<T>& done) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = found->second;  // Keeps `done` alive, which lies inside.
  call->inner = 0;
  if (!answer && tries_again(id, *call, answer.error())) return;
  calls_.erase(id);
  done(std::move(answer));
}

bool RetryingStub::tries_again(CallId id, Call& call, const Status& status) {
  if (call.canceled || !worth_repeating(status)) return false;
  // A server that is away or busy comes back: only the call's own time bounds that. What need not pass is counted.
  if (!passes_with_time(status) && ++call.odd_errors >= kMostTries) return false;
  const auto at = loop_.now() + call.pauses.next(status, random_);
  if (at >= call.end) return false;  // The last refusal says more than a passed deadline would.
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
      Rpc::kGetSystemInfo, timeout,
      [this](Nanoseconds rest, Done<SystemInfo> next) { return inner_.get_system_info(rest, std::move(next)); },
      std::move(done));
}

CallId RetryingStub::describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) {
  return repeat<NamespaceInfo>(
      Rpc::kDescribeNamespace, timeout,
      [this, name = std::move(name)](Nanoseconds rest, Done<NamespaceInfo> next) {
        return inner_.describe_namespace(name, rest, std::move(next));
      },
      std::move(done));
}

CallId RetryingStub::start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) {
  return repeat<StartedActivity>(
      Rpc::kStartActivity, timeout,
      [this, params = std::move(params)](Nanoseconds rest, Done<StartedActivity> next) {
        return inner_.start_activity(params, rest, std::move(next));
      },
      std::move(done));
}

CallId RetryingStub::describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) {
  return repeat<ActivityDescription>(
      Rpc::kDescribeActivity, timeout,
      [this, params = std::move(params)](Nanoseconds rest, Done<ActivityDescription> next) {
        return inner_.describe_activity(params, rest, std::move(next));
      },
      std::move(done));
}

CallId RetryingStub::request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) {
  return repeat<void>(
      Rpc::kRequestCancel, timeout,
      [this, params = std::move(params)](Nanoseconds rest, Done<void> next) {
        return inner_.request_cancel(params, rest, std::move(next));
      },
      std::move(done));
}

CallId RetryingStub::poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) {
  return inner_.poll_outcome(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) {
  return inner_.poll_tasks(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) {
  return inner_.record_heartbeat(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) {
  return inner_.respond_completed(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) {
  return inner_.respond_failed(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) {
  return inner_.respond_canceled(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) {
  return inner_.record_worker_heartbeat(std::move(params), timeout, std::move(done));
}

CallId RetryingStub::shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) {
  return inner_.shutdown_worker(std::move(params), timeout, std::move(done));
}

}  // namespace longbeat::internal
