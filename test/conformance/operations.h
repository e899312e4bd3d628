#pragma once
#include <google/protobuf/empty.pb.h>

#include <functional>
#include <future>
#include <set>
#include <stdexcept>
#include <vector>

#include "conformance/harness.h"
#include "support/eventually.h"

/// Calls that are one line in a test.
namespace longbeat::test {

/// A request about one activity of the namespace "default".
template <class Request>
Request about(const std::string& activity_id, const std::string& run_id = "") {
  Request request;
  request.set_namespace_("default");
  request.set_activity_id(activity_id);
  request.set_run_id(run_id);
  return request;
}

using PauseRequest = service::PauseActivityExecutionRequest;
using UnpauseRequest = service::UnpauseActivityExecutionRequest;
using ResetRequest = service::ResetActivityExecutionRequest;
using UpdateRequest = service::UpdateActivityExecutionOptionsRequest;

/// Makes a call of whose answer only the status counts.
template <class Request>
grpc::Status tell(const Conformance& t, const std::string& rpc, const Request& request) {
  google::protobuf::Empty ignored;
  return t.client.call(rpc, request, &ignored);
}
inline grpc::Status pause(const Conformance& t, const PauseRequest& request) {
  return tell(t, "PauseActivityExecution", request);
}
inline grpc::Status pause(const Conformance& t, const std::string& activity_id) {
  return pause(t, about<PauseRequest>(activity_id));
}
inline grpc::Status unpause(const Conformance& t, const UnpauseRequest& request) {
  return tell(t, "UnpauseActivityExecution", request);
}
inline grpc::Status unpause(const Conformance& t, const std::string& activity_id) {
  return unpause(t, about<UnpauseRequest>(activity_id));
}
inline grpc::Status reset(const Conformance& t, const ResetRequest& request) {
  return tell(t, "ResetActivityExecution", request);
}
inline grpc::Status reset(const Conformance& t, const std::string& activity_id) {
  return reset(t, about<ResetRequest>(activity_id));
}

/// Makes a call of the OperatorService.
template <class Request, class Response>
grpc::Status operate(const Conformance& t, const std::string& rpc, const Request& request, Response* response) {
  grpc::ClientContext context;
  return t.client.call_method("/temporal.api.operatorservice.v1.OperatorService/" + rpc, request, response, {},
                              context);
}

/// The answer of a call that has to work.
template <class Response, class Request>
Response ask(const Conformance& t, const std::string& rpc, const Request& request,
             std::chrono::milliseconds timeout = 5s) {
  Response response;
  const auto status = t.client.call(rpc, request, &response, {.timeout = timeout});
  INFO(rpc << ": " << status.error_message());
  REQUIRE(status.ok());
  return response;
}

/// The same in the background, on a connection of its own.
template <class Response, class Request>
std::future<Response> ask_meanwhile(const std::string& rpc, const Request& request,
                                    std::chrono::milliseconds timeout = 10s) {
  return std::async(std::launch::async, [=] {
    Response response;
    const RawClient client(address());
    const auto status = client.call(rpc, request, &response, {.timeout = timeout});
    if (!status.ok()) throw std::runtime_error(rpc + ": " + status.error_message());
    return response;
  });
}

/// The refusal that this must be; without details, except for NOT_FOUND.
inline void check_refused(const grpc::Status& status, grpc::StatusCode code, const std::string& text = "") {
  CHECK(status.error_code() == code);
  CHECK_THAT(status.error_message(), ContainsSubstring(text));
  if (code == grpc::StatusCode::NOT_FOUND) {
    errordetails::NotFoundFailure detail;
    CHECK(detail_of(status, detail));
  } else {
    CHECK(status.error_details().empty());
  }
}
inline void check_not_found(const grpc::Status& status, const std::string& activity_id) {
  check_refused(status, grpc::StatusCode::NOT_FOUND, "activity not found for ID: " + activity_id);
}
inline void check_precondition(const grpc::Status& status, const std::string& text = "") {
  check_refused(status, grpc::StatusCode::FAILED_PRECONDITION, text);
}
inline void check_invalid(const grpc::Status& status, const std::string& text = "") {
  check_refused(status, grpc::StatusCode::INVALID_ARGUMENT, text);
}

/// Starts an activity as start_request() has it, after `change`; its ID.
inline std::string started(const Conformance& t,
                           const std::function<void(service::StartActivityExecutionRequest&)>& change = nullptr) {
  auto request = t.start_request();
  if (change) change(request);
  t.start(request);
  return request.activity_id();
}

}  // namespace longbeat::test
