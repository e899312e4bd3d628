#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/service_stub.h"

namespace longbeat::test {

/// A ServiceStub of which nothing is expected: every call is answered UNIMPLEMENTED at once. Fakes override what they
/// serve.
class UnaskedStub : public internal::ServiceStub {
 public:
  template <class T>
  using Done = internal::Done<T>;
  using CallId = internal::CallId;
  using Nanoseconds = internal::Nanoseconds;

  CallId get_system_info(Nanoseconds, Done<internal::SystemInfo> done) override { return unasked(std::move(done)); }
  CallId describe_namespace(std::string, Nanoseconds, Done<internal::NamespaceInfo> done) override {
    return unasked(std::move(done));
  }
  CallId describe_task_queue(internal::DescribeTaskQueueParams, Nanoseconds,
                             Done<internal::TaskQueueDescription> done) override {
    return unasked(std::move(done));
  }
  CallId list_workers(internal::ListWorkersParams, Nanoseconds, Done<internal::WorkerPage> done) override {
    return unasked(std::move(done));
  }
  CallId count_workers(internal::CountWorkersParams, Nanoseconds, Done<std::int64_t> done) override {
    return unasked(std::move(done));
  }
  CallId describe_worker(internal::DescribeWorkerParams, Nanoseconds, Done<internal::WorkerDescription> done) override {
    return unasked(std::move(done));
  }
  CallId start_activity(internal::StartActivityParams, Nanoseconds, Done<internal::StartedActivity> done) override {
    return unasked(std::move(done));
  }
  CallId poll_outcome(internal::RunParams, Nanoseconds, Done<internal::PolledOutcome> done) override {
    return unasked(std::move(done));
  }
  CallId describe_activity(internal::DescribeParams, Nanoseconds, Done<internal::ActivityDescription> done) override {
    return unasked(std::move(done));
  }
  CallId list_activities(internal::ListActivitiesParams, Nanoseconds, Done<internal::ActivityPage> done) override {
    return unasked(std::move(done));
  }
  CallId count_activities(internal::CountActivitiesParams, Nanoseconds,
                          Done<internal::ActivityCountFields> done) override {
    return unasked(std::move(done));
  }
  CallId request_cancel(internal::RequestCancelParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId terminate_activity(internal::TerminateParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId delete_activity(internal::RunParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId pause_activity(internal::PauseParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId unpause_activity(internal::UnpauseParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId reset_activity(internal::ResetParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId update_activity_options(internal::UpdateOptionsParams, Nanoseconds,
                                 Done<internal::ActivityOptionsFields> done) override {
    return unasked(std::move(done));
  }
  CallId poll_tasks(internal::PollTaskParams, Nanoseconds, Done<std::vector<internal::ActivityTask>> done) override {
    return unasked(std::move(done));
  }
  CallId record_heartbeat(internal::HeartbeatParams, Nanoseconds, Done<internal::HeartbeatFlags> done) override {
    return unasked(std::move(done));
  }
  CallId respond_completed(internal::CompletedParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId respond_failed(internal::FailedParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId respond_canceled(internal::CanceledParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId record_heartbeat_by_id(internal::HeartbeatByIdParams, Nanoseconds,
                                Done<internal::HeartbeatFlags> done) override {
    return unasked(std::move(done));
  }
  CallId respond_completed_by_id(internal::CompletedByIdParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId respond_failed_by_id(internal::FailedByIdParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId respond_canceled_by_id(internal::CanceledByIdParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId record_worker_heartbeat(internal::WorkerHeartbeatParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  CallId shutdown_worker(internal::ShutdownWorkerParams, Nanoseconds, Done<void> done) override {
    return unasked(std::move(done));
  }
  void cancel(CallId) override {}

 private:
  template <class T>
  static CallId unasked(Done<T> done) {
    done(internal::Status{internal::StatusCode::kUnimplemented, "the test did not expect this call", {}});
    return 0;
  }
};

}  // namespace longbeat::test
