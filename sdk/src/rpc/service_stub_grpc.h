#pragma once
#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "core/credentials.h"
#include "core/service_stub.h"
#include "rpc/completion_queue_loop.h"
#include "rpc/connect_hint.h"
#include "rpc/unary_call.h"

namespace longbeat::internal {

/// ServiceStub on gRPC: one unary call for each method, without generated stubs. Nothing is retried here.
class ServiceStubGrpc final : public ServiceStub {
 public:
  /// `credentials` are those of the channel; their API key goes with every call.
  ServiceStubGrpc(CompletionQueueLoop& loop, std::shared_ptr<grpc::Channel> channel,
                  const Credentials& credentials = {})
      : loop_(loop),
        channel_(std::move(channel)),
        authorization_(credentials.api_key.empty() ? "" : "Bearer " + credentials.api_key),
        kind_{credentials.encrypted, !credentials.certificate.empty()} {}

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

  /// Cancels what is under way and whatever is called from now on: the loop is about to end. Loop thread only.
  void shut_down();

 private:
  Status refusal(const grpc::Status& status) const;
  template <class Response, class T, class Request>
  CallId call(const char* rpc, const std::string& namespace_name, const Request& request, Nanoseconds timeout,
              Done<T> done);
  void reconnect_now();

  CompletionQueueLoop& loop_;
  std::shared_ptr<grpc::Channel> channel_;
  const std::string authorization_;
  const ConnectionKind kind_;
  std::unordered_map<CallId, PendingCall*> calls_;
  CallId next_call_ = 1;
  TimePoint reconnected_at_{};
  bool shut_down_ = false;
};

}  // namespace longbeat::internal
