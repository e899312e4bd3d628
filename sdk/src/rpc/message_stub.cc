#include "rpc/message_stub.h"

#include <type_traits>
#include <utility>

#include "rpc/convert_client.h"
#include "rpc/convert_operator.h"
#include "rpc/convert_registry.h"
#include "rpc/convert_server.h"
#include "rpc/convert_worker.h"

namespace longbeat::internal {
namespace {

template <class Response, class T>
class TypedAnswer final : public Answer {
 public:
  explicit TypedAnswer(Done<T> done) : done_(std::move(done)) {}
  google::protobuf::MessageLite& message() override { return response_; }
  void answered() override {
    if constexpr (std::is_void_v<T>) {
      done_({});
    } else {
      done_(from_proto(std::move(response_)));
    }
  }
  void refused(Status why) override { done_(std::move(why)); }

 private:
  Response response_;
  Done<T> done_;
};

}  // namespace

template <class Response, class T, class Request>
CallId MessageStub::call(const char* rpc, const std::string& namespace_name, const Request& request,
                         Nanoseconds timeout, Done<T> done) {
  return send({rpc, namespace_name, request, timeout}, std::make_unique<TypedAnswer<Response, T>>(std::move(done)));
}

CallId MessageStub::get_system_info(Nanoseconds timeout, Done<SystemInfo> done) {
  return call<service_pb::GetSystemInfoResponse>("GetSystemInfo", {}, service_pb::GetSystemInfoRequest(), timeout,
                                                 std::move(done));
}

CallId MessageStub::describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) {
  service_pb::DescribeNamespaceRequest request;
  request.set_namespace_(name);
  return call<service_pb::DescribeNamespaceResponse>("DescribeNamespace", name, request, timeout, std::move(done));
}

CallId MessageStub::describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                                        Done<TaskQueueDescription> done) {
  return call<service_pb::DescribeTaskQueueResponse>("DescribeTaskQueue", params.namespace_name, to_proto(params),
                                                     timeout, std::move(done));
}

CallId MessageStub::list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) {
  return call<service_pb::ListWorkersResponse>("ListWorkers", params.namespace_name, to_proto(params), timeout,
                                               std::move(done));
}

CallId MessageStub::count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) {
  return call<service_pb::CountWorkersResponse>("CountWorkers", params.namespace_name, to_proto(params), timeout,
                                                std::move(done));
}

CallId MessageStub::describe_worker(DescribeWorkerParams params, Nanoseconds timeout, Done<WorkerDescription> done) {
  return call<service_pb::DescribeWorkerResponse>("DescribeWorker", params.namespace_name, to_proto(params), timeout,
                                                  std::move(done));
}

CallId MessageStub::start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::StartActivityExecutionResponse>("StartActivityExecution", request.namespace_(), request,
                                                          timeout, std::move(done));
}

CallId MessageStub::poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) {
  return call<service_pb::PollActivityExecutionResponse>("PollActivityExecution", params.namespace_name,
                                                         to_proto(params), timeout, std::move(done));
}

CallId MessageStub::describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) {
  return call<service_pb::DescribeActivityExecutionResponse>("DescribeActivityExecution", params.run.namespace_name,
                                                             to_proto(params), timeout, std::move(done));
}

CallId MessageStub::list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) {
  return call<service_pb::ListActivityExecutionsResponse>("ListActivityExecutions", params.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId MessageStub::count_activities(CountActivitiesParams params, Nanoseconds timeout,
                                     Done<ActivityCountFields> done) {
  return call<service_pb::CountActivityExecutionsResponse>("CountActivityExecutions", params.namespace_name,
                                                           to_proto(params), timeout, std::move(done));
}

CallId MessageStub::request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::RequestCancelActivityExecutionResponse>(
      "RequestCancelActivityExecution", params.run.namespace_name, to_proto(params), timeout, std::move(done));
}

CallId MessageStub::terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::TerminateActivityExecutionResponse>("TerminateActivityExecution", params.run.namespace_name,
                                                              to_proto(params), timeout, std::move(done));
}

CallId MessageStub::delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::DeleteActivityExecutionResponse>("DeleteActivityExecution", params.namespace_name,
                                                           delete_to_proto(params), timeout, std::move(done));
}

CallId MessageStub::pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::PauseActivityExecutionResponse>("PauseActivityExecution", params.target.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId MessageStub::unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::UnpauseActivityExecutionResponse>("UnpauseActivityExecution", params.target.namespace_name,
                                                            to_proto(params), timeout, std::move(done));
}

CallId MessageStub::reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::ResetActivityExecutionResponse>("ResetActivityExecution", params.target.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId MessageStub::update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                            Done<ActivityOptionsFields> done) {
  return call<service_pb::UpdateActivityExecutionOptionsResponse>(
      "UpdateActivityExecutionOptions", params.target.namespace_name, to_proto(params), timeout, std::move(done));
}

CallId MessageStub::poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) {
  return call<service_pb::PollActivityTaskQueueResponse>("PollActivityTaskQueue", params.namespace_name,
                                                         to_proto(params), timeout, std::move(done));
}

CallId MessageStub::record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RecordActivityTaskHeartbeatResponse>(
      "RecordActivityTaskHeartbeat", request.namespace_(), request, timeout,
      Done<HeartbeatFlags>([this, done = std::move(done)](StatusOr<HeartbeatFlags> answer) {
        if (!answer && answer.error().code == StatusCode::kUnavailable) heartbeat_unavailable();
        done(std::move(answer));
      }));
}

CallId MessageStub::respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", request.namespace_(),
                                                                request, timeout, std::move(done));
}

CallId MessageStub::respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", request.namespace_(), request,
                                                             timeout, std::move(done));
}

CallId MessageStub::respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCanceledResponse>("RespondActivityTaskCanceled", request.namespace_(),
                                                               request, timeout, std::move(done));
}

CallId MessageStub::record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RecordActivityTaskHeartbeatByIdResponse>(
      "RecordActivityTaskHeartbeatById", request.namespace_(), request, timeout, std::move(done));
}

CallId MessageStub::respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  // A completion by ID that finds the activity closed is told so in a word of its own; here it is gone, as elsewhere.
  Done<void> told = [done = std::move(done)](StatusOr<> answer) {
    if (answer || answer.error().code != StatusCode::kFailedPrecondition) return done(std::move(answer));
    Status gone = answer.error();
    gone.code = StatusCode::kNotFound;
    done(std::move(gone));
  };
  return call<service_pb::RespondActivityTaskCompletedByIdResponse>(
      "RespondActivityTaskCompletedById", request.namespace_(), request, timeout, std::move(told));
}

CallId MessageStub::respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskFailedByIdResponse>("RespondActivityTaskFailedById", request.namespace_(),
                                                                 request, timeout, std::move(done));
}

CallId MessageStub::respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCanceledByIdResponse>(
      "RespondActivityTaskCanceledById", request.namespace_(), request, timeout, std::move(done));
}

CallId MessageStub::record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(params);
  return call<service_pb::RecordWorkerHeartbeatResponse>("RecordWorkerHeartbeat", params.namespace_name, request,
                                                         timeout, std::move(done));
}

CallId MessageStub::shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(params);
  return call<service_pb::ShutdownWorkerResponse>("ShutdownWorker", params.namespace_name, request, timeout,
                                                  std::move(done));
}

}  // namespace longbeat::internal
