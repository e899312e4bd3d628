#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "core/client_params.h"
#include "core/server_params.h"
#include "core/worker_params.h"

namespace longbeat::internal {

/// Names one call under way; 0 names none.
using CallId = std::uint64_t;

/// How a call ended. Runs once, on the loop, also after cancel() or a passed deadline.
template <class T>
using Done = std::function<void(StatusOr<T>)>;

/// One method per RPC, in our own types. Loop thread only. Each call has its own timeout, counted from now. Decorators
/// (retry, interceptors, metadata, logging) wrap it; rpc/ implements it on gRPC; tests and the simulation fake it.
class ServiceStub {
 public:
  virtual ~ServiceStub() = default;

  // The server.
  virtual CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) = 0;
  virtual CallId describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) = 0;
  virtual CallId describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                                     Done<TaskQueueDescription> done) = 0;
  virtual CallId list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) = 0;
  virtual CallId count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) = 0;
  virtual CallId describe_worker(DescribeWorkerParams params, Nanoseconds timeout, Done<WorkerDescription> done) = 0;

  // Executions.
  virtual CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) = 0;
  /// A long poll: without an outcome the activity is still open.
  virtual CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) = 0;
  /// With a long-poll token a long poll: not `present` when nothing has changed.
  virtual CallId describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) = 0;
  virtual CallId list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) = 0;
  virtual CallId count_activities(CountActivitiesParams params, Nanoseconds timeout,
                                  Done<ActivityCountFields> done) = 0;
  virtual CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) = 0;
  /// Answers with all options as they are now.
  virtual CallId update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                         Done<ActivityOptionsFields> done) = 0;

  // Attempts, by token. Empty: nothing came in time. A list, because one answer may carry several tasks one day.
  virtual CallId poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) = 0;
  virtual CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) = 0;
  virtual CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) = 0;

  // Attempts, by ID.
  virtual CallId record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) = 0;
  virtual CallId respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) = 0;

  // Workers.
  virtual CallId record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) = 0;

  /// Gives the call up: its Done runs soon with CANCELLED unless it has an answer already. Unknown IDs are ignored.
  virtual void cancel(CallId call) = 0;
};

}  // namespace longbeat::internal
