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
