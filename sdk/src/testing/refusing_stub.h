#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/service_stub.h"

namespace longbeat::internal {

/// A ServiceStub of which nothing is expected: every call is answered UNIMPLEMENTED at once, with the reason given.
/// Fakes override what they serve.
class RefusingStub : public ServiceStub {
 public:
  explicit RefusingStub(std::string why) : why_(std::move(why)) {}

  CallId get_system_info(Nanoseconds, Done<SystemInfo> done) override { return refuse(std::move(done)); }
  CallId describe_namespace(std::string, Nanoseconds, Done<NamespaceInfo> done) override {
    return refuse(std::move(done));
  }
  CallId describe_task_queue(DescribeTaskQueueParams, Nanoseconds, Done<TaskQueueDescription> done) override {
    return refuse(std::move(done));
  }
  CallId list_workers(ListWorkersParams, Nanoseconds, Done<WorkerPage> done) override {
    return refuse(std::move(done));
  }
  CallId count_workers(CountWorkersParams, Nanoseconds, Done<std::int64_t> done) override {
    return refuse(std::move(done));
  }
  CallId describe_worker(DescribeWorkerParams, Nanoseconds, Done<WorkerDescription> done) override {
    return refuse(std::move(done));
  }
  CallId start_activity(StartActivityParams, Nanoseconds, Done<StartedActivity> done) override {
    return refuse(std::move(done));
  }
  CallId poll_outcome(RunParams, Nanoseconds, Done<PolledOutcome> done) override { return refuse(std::move(done)); }
  CallId describe_activity(DescribeParams, Nanoseconds, Done<ActivityDescription> done) override {
    return refuse(std::move(done));
  }
  CallId list_activities(ListActivitiesParams, Nanoseconds, Done<ActivityPage> done) override {
    return refuse(std::move(done));
  }
  CallId count_activities(CountActivitiesParams, Nanoseconds, Done<ActivityCountFields> done) override {
    return refuse(std::move(done));
  }
  CallId request_cancel(RequestCancelParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId terminate_activity(TerminateParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId delete_activity(RunParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId pause_activity(PauseParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId unpause_activity(UnpauseParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId reset_activity(ResetParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId update_activity_options(UpdateOptionsParams, Nanoseconds, Done<ActivityOptionsFields> done) override {
    return refuse(std::move(done));
  }
  CallId poll_tasks(PollTaskParams, Nanoseconds, Done<std::vector<ActivityTask>> done) override {
    return refuse(std::move(done));
  }
  CallId record_heartbeat(HeartbeatParams, Nanoseconds, Done<HeartbeatFlags> done) override {
    return refuse(std::move(done));
  }
  CallId respond_completed(CompletedParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId respond_failed(FailedParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId respond_canceled(CanceledParams, Nanoseconds, Done<void> done) override { return refuse(std::move(done)); }
  CallId record_heartbeat_by_id(HeartbeatByIdParams, Nanoseconds, Done<HeartbeatFlags> done) override {
    return refuse(std::move(done));
  }
  CallId respond_completed_by_id(CompletedByIdParams, Nanoseconds, Done<void> done) override {
    return refuse(std::move(done));
  }
  CallId respond_failed_by_id(FailedByIdParams, Nanoseconds, Done<void> done) override {
    return refuse(std::move(done));
  }
  CallId respond_canceled_by_id(CanceledByIdParams, Nanoseconds, Done<void> done) override {
    return refuse(std::move(done));
  }
  CallId record_worker_heartbeat(WorkerHeartbeatParams, Nanoseconds, Done<void> done) override {
    return refuse(std::move(done));
  }
  CallId shutdown_worker(ShutdownWorkerParams, Nanoseconds, Done<void> done) override {
    return refuse(std::move(done));
  }
  void cancel(CallId) override {}

 private:
  template <class T>
  CallId refuse(Done<T> done) const {
    done(Status{StatusCode::kUnimplemented, why_, {}});
    return 0;
  }

  const std::string why_;
};

}  // namespace longbeat::internal
