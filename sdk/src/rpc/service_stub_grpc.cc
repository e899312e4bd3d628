#include "rpc/service_stub_grpc.h"

#include <type_traits>
#include <utility>

#include "longbeat/export.h"
#include "rpc/convert_client.h"
#include "rpc/convert_common.h"
#include "rpc/convert_operator.h"
#include "rpc/convert_registry.h"
#include "rpc/convert_server.h"
#include "rpc/convert_worker.h"

namespace longbeat::internal {
namespace {

/// A literal: destructors of a program's globals call too, when whatever this file could own has gone.
constexpr const char* kService = "/temporal.api.workflowservice.v1.WorkflowService/";

}  // namespace

Status ServiceStubGrpc::refusal(const grpc::Status& status) const {
  Status result = from_grpc(status);
  result.message += connect_hint(result, kind_);
  return result;
}

template <class Response, class T, class Request>
CallId ServiceStubGrpc::call(const char* rpc, const std::string& namespace_name, const Request& request,
                             Nanoseconds timeout, Done<T> done) {
  const CallId id = next_call_++;
  auto* pending = new UnaryCall<Response>(
      loop_, timeout, [this, id, done = std::move(done)](const grpc::Status& status, Response& response) {
        calls_.erase(id);
        if (!status.ok()) {
          done(refusal(status));
        } else if constexpr (std::is_void_v<T>) {
          done({});
        } else {
          done(from_proto(std::move(response)));
        }
      });
  pending->context().AddMetadata("client-name", kSdkName);
  pending->context().AddMetadata("client-version", LONGBEAT_VERSION);
  if (!namespace_name.empty()) pending->context().AddMetadata("temporal-namespace", namespace_name);
  if (!authorization_.empty()) pending->context().AddMetadata("authorization", authorization_);
  calls_.emplace(id, pending);
  pending->start(channel_, std::string(kService) + rpc, request);
  if (shut_down_) pending->cancel();
  return id;
}

CallId ServiceStubGrpc::get_system_info(Nanoseconds timeout, Done<SystemInfo> done) {
  return call<service_pb::GetSystemInfoResponse>("GetSystemInfo", {}, service_pb::GetSystemInfoRequest(), timeout,
                                                 std::move(done));
}

CallId ServiceStubGrpc::describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) {
  service_pb::DescribeNamespaceRequest request;
  request.set_namespace_(name);
  return call<service_pb::DescribeNamespaceResponse>("DescribeNamespace", name, request, timeout, std::move(done));
}

CallId ServiceStubGrpc::describe_task_queue(DescribeTaskQueueParams params, Nanoseconds timeout,
                                            Done<TaskQueueDescription> done) {
  return call<service_pb::DescribeTaskQueueResponse>("DescribeTaskQueue", params.namespace_name, to_proto(params),
                                                     timeout, std::move(done));
}

CallId ServiceStubGrpc::list_workers(ListWorkersParams params, Nanoseconds timeout, Done<WorkerPage> done) {
  return call<service_pb::ListWorkersResponse>("ListWorkers", params.namespace_name, to_proto(params), timeout,
                                               std::move(done));
}

CallId ServiceStubGrpc::count_workers(CountWorkersParams params, Nanoseconds timeout, Done<std::int64_t> done) {
  return call<service_pb::CountWorkersResponse>("CountWorkers", params.namespace_name, to_proto(params), timeout,
                                                std::move(done));
}

CallId ServiceStubGrpc::describe_worker(DescribeWorkerParams params, Nanoseconds timeout,
                                        Done<WorkerDescription> done) {
  return call<service_pb::DescribeWorkerResponse>("DescribeWorker", params.namespace_name, to_proto(params), timeout,
                                                  std::move(done));
}

CallId ServiceStubGrpc::start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::StartActivityExecutionResponse>("StartActivityExecution", request.namespace_(), request,
                                                          timeout, std::move(done));
}

CallId ServiceStubGrpc::poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) {
  return call<service_pb::PollActivityExecutionResponse>("PollActivityExecution", params.namespace_name,
                                                         to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) {
  return call<service_pb::DescribeActivityExecutionResponse>("DescribeActivityExecution", params.run.namespace_name,
                                                             to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::list_activities(ListActivitiesParams params, Nanoseconds timeout, Done<ActivityPage> done) {
  return call<service_pb::ListActivityExecutionsResponse>("ListActivityExecutions", params.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::count_activities(CountActivitiesParams params, Nanoseconds timeout,
                                         Done<ActivityCountFields> done) {
  return call<service_pb::CountActivityExecutionsResponse>("CountActivityExecutions", params.namespace_name,
                                                           to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::RequestCancelActivityExecutionResponse>(
      "RequestCancelActivityExecution", params.run.namespace_name, to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::terminate_activity(TerminateParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::TerminateActivityExecutionResponse>("TerminateActivityExecution", params.run.namespace_name,
                                                              to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::delete_activity(RunParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::DeleteActivityExecutionResponse>("DeleteActivityExecution", params.namespace_name,
                                                           delete_to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::pause_activity(PauseParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::PauseActivityExecutionResponse>("PauseActivityExecution", params.target.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::unpause_activity(UnpauseParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::UnpauseActivityExecutionResponse>("UnpauseActivityExecution", params.target.namespace_name,
                                                            to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::reset_activity(ResetParams params, Nanoseconds timeout, Done<void> done) {
  return call<service_pb::ResetActivityExecutionResponse>("ResetActivityExecution", params.target.namespace_name,
                                                          to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::update_activity_options(UpdateOptionsParams params, Nanoseconds timeout,
                                                Done<ActivityOptionsFields> done) {
  return call<service_pb::UpdateActivityExecutionOptionsResponse>(
      "UpdateActivityExecutionOptions", params.target.namespace_name, to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) {
  return call<service_pb::PollActivityTaskQueueResponse>("PollActivityTaskQueue", params.namespace_name,
                                                         to_proto(params), timeout, std::move(done));
}

CallId ServiceStubGrpc::record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RecordActivityTaskHeartbeatResponse>(
      "RecordActivityTaskHeartbeat", request.namespace_(), request, timeout,
      Done<HeartbeatFlags>([this, done = std::move(done)](StatusOr<HeartbeatFlags> answer) {
        if (!answer && answer.error().code == StatusCode::kUnavailable) reconnect_now();
        done(std::move(answer));
      }));
}

/// gRPC pauses for up to a second between two tries to connect, which a lease may not have.
void ServiceStubGrpc::reconnect_now() {
  constexpr Nanoseconds kLeastPause = std::chrono::milliseconds(20);
  const TimePoint now = loop_.now();
  if (shut_down_ || now < reconnected_at_ + kLeastPause) return;
  reconnected_at_ = now;
  grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
}

CallId ServiceStubGrpc::respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", request.namespace_(),
                                                                request, timeout, std::move(done));
}

CallId ServiceStubGrpc::respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", request.namespace_(), request,
                                                             timeout, std::move(done));
}

CallId ServiceStubGrpc::respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCanceledResponse>("RespondActivityTaskCanceled", request.namespace_(),
                                                               request, timeout, std::move(done));
}

CallId ServiceStubGrpc::record_heartbeat_by_id(HeartbeatByIdParams params, Nanoseconds timeout,
                                               Done<HeartbeatFlags> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RecordActivityTaskHeartbeatByIdResponse>(
      "RecordActivityTaskHeartbeatById", request.namespace_(), request, timeout, std::move(done));
}

CallId ServiceStubGrpc::respond_completed_by_id(CompletedByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCompletedByIdResponse>(
      "RespondActivityTaskCompletedById", request.namespace_(), request, timeout, std::move(done));
}

CallId ServiceStubGrpc::respond_failed_by_id(FailedByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskFailedByIdResponse>("RespondActivityTaskFailedById", request.namespace_(),
                                                                 request, timeout, std::move(done));
}

CallId ServiceStubGrpc::respond_canceled_by_id(CanceledByIdParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(std::move(params));
  return call<service_pb::RespondActivityTaskCanceledByIdResponse>(
      "RespondActivityTaskCanceledById", request.namespace_(), request, timeout, std::move(done));
}

CallId ServiceStubGrpc::record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(params);
  return call<service_pb::RecordWorkerHeartbeatResponse>("RecordWorkerHeartbeat", params.namespace_name, request,
                                                         timeout, std::move(done));
}

CallId ServiceStubGrpc::shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) {
  const auto request = to_proto(params);
  return call<service_pb::ShutdownWorkerResponse>("ShutdownWorker", params.namespace_name, request, timeout,
                                                  std::move(done));
}

void ServiceStubGrpc::cancel(CallId call) {
  if (const auto found = calls_.find(call); found != calls_.end()) found->second->cancel();
}

void ServiceStubGrpc::shut_down() {
  shut_down_ = true;
  for (auto& [id, pending] : calls_) pending->cancel();
}

}  // namespace longbeat::internal
