#pragma once
#include <google/protobuf/message_lite.h>

#include <memory>
#include <string>

#include "core/service_stub.h"

namespace longbeat::internal {

/// Where the answer of one call goes. One of the two ends it, once, on the loop.
class Answer {
 public:
  virtual ~Answer() = default;
  /// What the response is parsed into.
  virtual google::protobuf::MessageLite& message() = 0;
  virtual void answered() = 0;
  virtual void refused(Status why) = 0;
};

/// One call on its way out.
struct OutgoingCall {
  const char* rpc = "";  ///< "StartActivityExecution"
  const std::string& namespace_name;
  const google::protobuf::MessageLite& request;
  Nanoseconds timeout{0};
};

/// ServiceStub in messages: each method makes its own and hands it to send(). Nothing is retried here.
class MessageStub : public ServiceStub {
 public:
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

 protected:
  /// Full names begin so. A literal: destructors of a program's globals call too, when whatever a file could own has
  /// gone.
  static constexpr const char* kService = "/temporal.api.workflowservice.v1.WorkflowService/";

  virtual CallId send(const OutgoingCall& call, std::unique_ptr<Answer> answer) = 0;
  /// A heartbeat has not reached the server: it will be repeated soon.
  virtual void heartbeat_unavailable() {}

 private:
  template <class Response, class T, class Request>
  CallId call(const char* rpc, const std::string& namespace_name, const Request& request, Nanoseconds timeout,
              Done<T> done);
};

}  // namespace longbeat::internal
