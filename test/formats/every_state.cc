#include "formats/every_state.h"

#include <google/protobuf/empty.pb.h>
#include <temporal/api/operatorservice/v1/request_response.pb.h>
#include <temporal/api/workflowservice/v1/request_response.pb.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

namespace longbeat::formats {
namespace {

namespace service = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
using temporal::api::common::v1::Payload;
using temporal::api::common::v1::Payloads;
using Start = service::StartActivityExecutionRequest;

constexpr std::int64_t kTenYears = 10LL * 365 * 24 * 3600;

Payload text(const std::string& value) {
  Payload payload;
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data('"' + value + '"');
  return payload;
}

Payloads texts(const std::string& value) {
  Payloads payloads;
  *payloads.add_payloads() = text(value);
  return payloads;
}

class Maker {
 public:
  explicit Maker(const test::RawClient& client) : client_(client) {}

  Recording make() {
    open_ones();
    closed_ones();
    several_runs();
    operators();
    namespaces();
    task_queues();
    for (const auto& [space, id, run] : runs_) {
      service::DescribeActivityExecutionRequest request;
      request.set_namespace_(space);
      request.set_activity_id(id);
      request.set_run_id(run);
      request.set_include_input(true);
      request.set_include_outcome(true);
      request.set_include_heartbeat_details(true);
      request.set_include_last_failure(true);
      auto call = ask(client_, "DescribeActivityExecution", request);
      auto& answer = static_cast<service::DescribeActivityExecutionResponse&>(*call.response);
      answer.clear_long_poll_token();  // Of this server's life.
      auto& info = *answer.mutable_info();
      info.clear_state_size_bytes();  // How much memory an activity takes is a matter of the release.
      if (info.run_state() == enums::PENDING_ACTIVITY_STATE_STARTED) {
        // After a restart these may be from before the last heartbeat (docs/durability.md).
        info.clear_last_heartbeat_time();
        info.clear_total_heartbeat_count();
        info.clear_state_transition_count();
      }
      recording_.calls.push_back(std::move(call));
    }
    return std::move(recording_);
  }

 private:
  struct Run {
    std::string space, id, run;
  };

  template <class Request, class Response>
  grpc::Status tried(const std::string& rpc, const Request& request, Response& response) const {
    return client_.call(rpc, request, &response, {.timeout = std::chrono::seconds(10)});
  }
  template <class Response = google::protobuf::Empty, class Request>
  Response call(const std::string& rpc, const Request& request) const {
    Response response;
    const auto status = tried(rpc, request, response);
    if (!status.ok()) throw std::runtime_error(rpc + ": " + status.error_message());
    return response;
  }
  /// False when this release has no such call.
  template <class Request>
  bool can(const std::string& rpc, const Request& request) const {
    google::protobuf::Empty response;
    const auto status = tried(rpc, request, response);
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
      return std::printf("left out: %s\n", rpc.c_str()), false;
    if (!status.ok()) throw std::runtime_error(rpc + ": " + status.error_message());
    return true;
  }

  std::string start(const std::string& id, const std::function<void(Start&)>& change = nullptr,
                    const std::string& space = "default") {
    Start request;
    request.set_namespace_(space);
    request.set_identity("maker of files");
    request.set_request_id("request of " + id + std::to_string(runs_.size()));
    request.set_activity_id(id);
    request.mutable_activity_type()->set_name("type-of-" + id);
    request.mutable_task_queue()->set_name("queue-of-" + id);
    request.mutable_start_to_close_timeout()->set_seconds(kTenYears);
    request.mutable_retry_policy()->mutable_initial_interval()->set_seconds(kTenYears);
    request.mutable_retry_policy()->mutable_maximum_interval()->set_seconds(kTenYears);
    request.mutable_retry_policy()->set_maximum_attempts(5);
    *request.mutable_input() = texts("input of " + id);
    if (change) change(request);
    const auto run = call<service::StartActivityExecutionResponse>("StartActivityExecution", request).run_id();
    runs_.push_back({space, id, run});
    return run;
  }
  std::string poll(const std::string& id) const {
    service::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.set_identity("worker");
    request.mutable_task_queue()->set_name("queue-of-" + id);
    const auto token = call<service::PollActivityTaskQueueResponse>("PollActivityTaskQueue", request).task_token();
    if (token.empty()) throw std::runtime_error("no task for " + id);
    return token;
  }
  template <class Request>
  static Request report(const std::string& token) {
    Request request;
    request.set_namespace_("default");
    request.set_identity("worker");
    request.set_task_token(token);
    return request;
  }
  template <class Request>
  static Request about(const std::string& id) {
    Request request;
    request.set_namespace_("default");
    request.set_identity("operator");
    request.set_activity_id(id);
    request.set_request_id("operator's request for " + id);
    return request;
  }
  void beat(const std::string& token, const std::string& details) const {
    auto request = report<service::RecordActivityTaskHeartbeatRequest>(token);
    *request.mutable_details() = texts(details);
    call("RecordActivityTaskHeartbeat", request);
  }
  void complete(const std::string& token, const std::string& result) const {
    auto request = report<service::RespondActivityTaskCompletedRequest>(token);
    *request.mutable_result() = texts(result);
    call("RespondActivityTaskCompleted", request);
  }
  void fail(const std::string& token, bool non_retryable) const {
    auto request = report<service::RespondActivityTaskFailedRequest>(token);
    auto& failure = *request.mutable_failure();
    failure.set_message("the disk is wet");
    failure.set_source("maker");
    failure.set_stack_trace("here\nthere");
    failure.mutable_application_failure_info()->set_type("WetDisk");
    failure.mutable_application_failure_info()->set_non_retryable(non_retryable);
    *failure.mutable_application_failure_info()->mutable_details() = texts("which disk");
    failure.mutable_cause()->set_message("rain");
    failure.mutable_cause()->mutable_application_failure_info()->set_type("Rain");
    call("RespondActivityTaskFailed", request);
  }
  void cancel(const std::string& id) const {
    auto request = about<service::RequestCancelActivityExecutionRequest>(id);
    request.set_reason("not wanted");
    call("RequestCancelActivityExecution", request);
  }
  /// Its attempt stays with its worker: today's server has to know the token.
  std::string held(const std::string& id) {
    const std::string token = poll(id);
    recording_.tokens.emplace_back(id, token);
    return token;
  }

  void open_ones() {
    start("scheduled", [](Start& request) {
      (*request.mutable_header()->mutable_fields())["trace"] = text("header");
      *request.mutable_user_metadata()->mutable_summary() = text("summary");
      request.mutable_priority()->set_priority_key(2);
      request.mutable_retry_policy()->add_non_retryable_error_types("Never");
      request.mutable_retry_policy()->set_backoff_coefficient(1.5);
      request.mutable_schedule_to_close_timeout()->set_seconds(kTenYears);
    });
    start("delayed", [](Start& request) { request.mutable_start_delay()->set_seconds(kTenYears); });
    start("running", [](Start& request) { request.mutable_heartbeat_timeout()->set_seconds(kTenYears); });
    beat(held("running"), "half of it");
    start("backing-off");
    const std::string token = poll("backing-off");
    beat(token, "a third of it");
    fail(token, false);
    start("cancel-requested");
    beat(held("cancel-requested"), "a quarter of it");
    cancel("cancel-requested");
  }

  void closed_ones() {
    start("completed");
    complete(poll("completed"), "result");
    start("large", [](Start& request) { *request.mutable_input() = texts(std::string(20'000, 'i')); });
    complete(poll("large"), std::string(20'000, 'r'));
    start("failed");
    fail(poll("failed"), true);
    start("canceled");
    cancel("canceled");
    start("canceled-by-worker");
    const std::string token = poll("canceled-by-worker");
    cancel("canceled-by-worker");
    auto canceled = report<service::RespondActivityTaskCanceledRequest>(token);
    *canceled.mutable_details() = texts("cleaned up");
    call("RespondActivityTaskCanceled", canceled);
    start("timed-out", [](Start& request) { request.mutable_schedule_to_start_timeout()->set_seconds(1); });
    service::PollActivityExecutionRequest wait;
    wait.set_namespace_("default");
    wait.set_activity_id("timed-out");
    if (!call<service::PollActivityExecutionResponse>("PollActivityExecution", wait).has_outcome())
      throw std::runtime_error("no timeout");
  }

  void several_runs() {
    start("again");
    complete(poll("again"), "first");
    start("again");
    complete(poll("again"), "second");
    start("again");
    start("again-closed");
    complete(poll("again-closed"), "first");
    start("again-closed");
    complete(poll("again-closed"), "second");
  }

  void operators() {
    start("terminated");
    auto terminate = about<service::TerminateActivityExecutionRequest>("terminated");
    terminate.set_reason("enough");
    can("TerminateActivityExecution", terminate);
    start("paused");
    auto pause = about<service::PauseActivityExecutionRequest>("paused");
    pause.set_reason("for lunch");
    if (!can("PauseActivityExecution", pause)) return;
    start("pause-requested");
    held("pause-requested");
    call("PauseActivityExecution", about<service::PauseActivityExecutionRequest>("pause-requested"));
    start("reset-requested");
    beat(held("reset-requested"), "to be forgotten");
    auto reset = about<service::ResetActivityExecutionRequest>("reset-requested");
    reset.set_reset_heartbeat(true);
    call("ResetActivityExecution", reset);
    start("updated");
    service::UpdateActivityExecutionOptionsRequest update;
    update.set_namespace_("default");
    update.set_identity("operator");
    update.set_activity_id("updated");
    update.mutable_activity_options()->mutable_task_queue()->set_name("another-queue");
    update.mutable_update_mask()->add_paths("task_queue.name");
    call("UpdateActivityExecutionOptions", update);
    start("deleted");
    complete(poll("deleted"), "to be deleted");
    service::DeleteActivityExecutionRequest remove;
    remove.set_namespace_("default");
    remove.set_activity_id("deleted");
    call("DeleteActivityExecution", remove);
    runs_.pop_back();
    start("with-callback", [](Start& request) {
      request.add_completion_callbacks()->mutable_nexus()->set_url("http://127.0.0.1:9/done");
    });
  }

  void namespaces() {
    start("elsewhere", nullptr, "other");
    service::RegisterNamespaceRequest request;
    request.set_namespace_("registered");
    request.set_description("made by a file maker");
    request.set_owner_email("owner@example.com");
    (*request.mutable_data())["team"] = "files";
    request.mutable_workflow_execution_retention_period()->set_seconds(7 * 24 * 3600);
    if (!can("RegisterNamespace", request)) return;
    temporal::api::operatorservice::v1::AddSearchAttributesRequest add;
    add.set_namespace_("registered");
    (*add.mutable_search_attributes())["Color"] = enums::INDEXED_VALUE_TYPE_KEYWORD;
    google::protobuf::Empty ignored;
    grpc::ClientContext context;
    const auto status = client_.call_method("/temporal.api.operatorservice.v1.OperatorService/AddSearchAttributes", add,
                                            &ignored, {}, context);
    if (!status.ok()) throw std::runtime_error("AddSearchAttributes: " + status.error_message());
    start(
        "attributed",
        [](Start& start) {
          Payload red = text("red");
          (*red.mutable_metadata())["type"] = "Keyword";
          (*start.mutable_search_attributes()->mutable_indexed_fields())["Color"] = red;
        },
        "registered");
    service::DescribeNamespaceRequest describe;
    describe.set_namespace_("registered");
    recording_.calls.push_back(ask(client_, "DescribeNamespace", describe));
  }

  void task_queues() {
    service::UpdateTaskQueueConfigRequest request;
    request.set_namespace_("default");
    request.set_identity("operator");
    request.set_task_queue("limited");
    request.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
    request.mutable_update_queue_rate_limit()->mutable_rate_limit()->set_requests_per_second(7.5);
    request.mutable_update_queue_rate_limit()->set_reason("a slow neighbour");
    (*request.mutable_set_fairness_weight_overrides())["tenant"] = 3;
    if (!can("UpdateTaskQueueConfig", request)) return;
    service::DescribeTaskQueueRequest describe;
    describe.set_namespace_("default");
    describe.mutable_task_queue()->set_name("limited");
    describe.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
    describe.set_report_config(true);
    auto call = ask(client_, "DescribeTaskQueue", describe);
    auto& answer = static_cast<service::DescribeTaskQueueResponse&>(*call.response);
    service::DescribeTaskQueueResponse config;
    *config.mutable_config() = answer.config();  // The rest is about the moment.
    answer = config;
    recording_.calls.push_back(std::move(call));
  }

  const test::RawClient& client_;
  std::vector<Run> runs_{};
  Recording recording_{};
};

}  // namespace

Recording make_every_state(const test::RawClient& client) {
  return Maker(client).make();
}

}  // namespace longbeat::formats
