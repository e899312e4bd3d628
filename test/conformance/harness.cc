#include "conformance/harness.h"

#include <atomic>
#include <cstdlib>
#include <random>

namespace longbeat::test {

namespace {

/// What keeps a server of our own alive.
const LocalServer& local_server() {
  static const LocalServer server = LocalServer::start({.namespaces = {kOtherNamespace}}).value();
  return server;
}

const char* external_address() {
  return std::getenv("LONGBEAT_TEST_ADDRESS");
}

}  // namespace

bool own_server() {
  return external_address() == nullptr;
}

bool only_own_server(const std::string& why) {
  if (!own_server()) WARN("Left out on a server that is not ours: " << why);
  return own_server();
}

LocalServerStats own_stats() {
  return local_server().stats();
}

const std::string& address() {
  static const std::string external = own_server() ? "" : external_address();
  return own_server() ? local_server().address() : external;
}

std::string unique(const std::string& prefix) {
  static const std::string run = std::to_string(std::random_device{}());
  static std::atomic<int> next{0};
  return prefix + "-" + run + "-" + std::to_string(++next);
}

Payloads text_payloads(const std::string& text) {
  Payloads payloads;
  auto& payload = *payloads.add_payloads();
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data('"' + text + '"');
  return payloads;
}

std::string text_of(const Payloads& payloads) {
  if (payloads.payloads_size() != 1) return "<" + std::to_string(payloads.payloads_size()) + " payloads>";
  const std::string& data = payloads.payloads(0).data();
  return data.size() < 2 ? data : data.substr(1, data.size() - 2);
}

service::StartActivityExecutionRequest Conformance::start_request() const {
  service::StartActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_identity("conformance-client");
  request.set_request_id(unique("request"));
  request.set_activity_id(unique("activity"));
  request.mutable_activity_type()->set_name("greet");
  request.mutable_task_queue()->set_name(queue);
  request.mutable_start_to_close_timeout()->set_seconds(30);
  request.mutable_retry_policy()->mutable_initial_interval()->set_nanos(20'000'000);
  *request.mutable_input() = text_payloads("input");
  return request;
}

service::StartActivityExecutionResponse Conformance::start(
    const service::StartActivityExecutionRequest& request) const {
  service::StartActivityExecutionResponse response;
  const auto status = client.call("StartActivityExecution", request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

service::PollActivityTaskQueueResponse Conformance::poll(std::chrono::milliseconds timeout) const {
  service::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(queue);
  request.set_identity("conformance-worker");
  service::PollActivityTaskQueueResponse response;
  const auto status =
      client.call("PollActivityTaskQueue", request, &response,
                  {.timeout = timeout, .headers = {{"client-name", "conformance"}, {"client-version", "1.2.3"}}});
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

grpc::Status Conformance::heartbeat(const std::string& token, const std::string& details,
                                    service::RecordActivityTaskHeartbeatResponse* response) const {
  service::RecordActivityTaskHeartbeatRequest request;
  request.set_namespace_("default");
  request.set_task_token(token);
  *request.mutable_details() = text_payloads(details);
  service::RecordActivityTaskHeartbeatResponse ignored;
  return client.call("RecordActivityTaskHeartbeat", request, response ? response : &ignored);
}

grpc::Status Conformance::complete(const std::string& token, const std::string& result) const {
  service::RespondActivityTaskCompletedRequest request;
  request.set_namespace_("default");
  request.set_task_token(token);
  *request.mutable_result() = text_payloads(result);
  service::RespondActivityTaskCompletedResponse response;
  return client.call("RespondActivityTaskCompleted", request, &response);
}

grpc::Status Conformance::fail(const std::string& token, const std::string& message, bool non_retryable,
                               const std::string& last_details) const {
  service::RespondActivityTaskFailedRequest request;
  request.set_namespace_("default");
  request.set_task_token(token);
  auto& failure = *request.mutable_failure();
  failure.set_message(message);
  failure.mutable_application_failure_info()->set_type("TestError");
  failure.mutable_application_failure_info()->set_non_retryable(non_retryable);
  if (!last_details.empty()) *request.mutable_last_heartbeat_details() = text_payloads(last_details);
  service::RespondActivityTaskFailedResponse response;
  return client.call("RespondActivityTaskFailed", request, &response);
}

grpc::Status Conformance::canceled(const std::string& token, const std::string& details) const {
  service::RespondActivityTaskCanceledRequest request;
  request.set_namespace_("default");
  request.set_task_token(token);
  *request.mutable_details() = text_payloads(details);
  service::RespondActivityTaskCanceledResponse response;
  return client.call("RespondActivityTaskCanceled", request, &response);
}

grpc::Status Conformance::cancel(const std::string& activity_id, const std::string& reason,
                                 const std::string& request_id) const {
  service::RequestCancelActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(activity_id);
  request.set_identity("conformance-canceler");
  request.set_reason(reason);
  request.set_request_id(request_id);
  service::RequestCancelActivityExecutionResponse response;
  return client.call("RequestCancelActivityExecution", request, &response);
}

service::DescribeActivityExecutionResponse Conformance::describe(const std::string& activity_id) const {
  service::DescribeActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(activity_id);
  request.set_include_input(true);
  request.set_include_outcome(true);
  request.set_include_heartbeat_details(true);
  request.set_include_last_failure(true);
  service::DescribeActivityExecutionResponse response;
  const auto status = client.call("DescribeActivityExecution", request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

service::PollActivityExecutionResponse Conformance::outcome(const std::string& activity_id,
                                                            const std::string& run_id) const {
  service::PollActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(activity_id);
  request.set_run_id(run_id);
  service::PollActivityExecutionResponse response;
  const auto status = client.call("PollActivityExecution", request, &response, {.timeout = 20s});
  INFO(status.error_message());
  REQUIRE(status.ok());
  REQUIRE(response.has_outcome());
  return response;
}

}  // namespace longbeat::test
