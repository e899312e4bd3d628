#include "conformance/operations.h"

using namespace longbeat::test;
using TerminateRequest = service::TerminateActivityExecutionRequest;
using DeleteRequest = service::DeleteActivityExecutionRequest;

namespace {

grpc::Status terminate(const Conformance& t, const TerminateRequest& request) {
  return tell(t, "TerminateActivityExecution", request);
}

TerminateRequest terminate_request(const std::string& id, const std::string& request_id = "") {
  auto request = about<TerminateRequest>(id);
  request.set_reason("no longer needed");
  request.set_identity("the terminator");
  request.set_request_id(request_id);
  return request;
}

grpc::Status remove(const Conformance& t, const std::string& id, const std::string& run_id = "") {
  return tell(t, "DeleteActivityExecution", about<DeleteRequest>(id, run_id));
}

}  // namespace

TEST_CASE("termination ends an activity in any state", "[conformance][terminate]") {
  Conformance t;
  const std::string id = started(t);
  std::string token;
  SECTION("scheduled") {}
  SECTION("running") {
    token = t.poll().task_token();
  }
  SECTION("paused") {
    REQUIRE(pause(t, id).ok());
  }
  SECTION("asked to cancel") {
    token = t.poll().task_token();
    REQUIRE(t.cancel(id, "enough").ok());
  }
  REQUIRE(terminate(t, terminate_request(id, "t1")).ok());
  const auto closed = t.describe(id);
  CHECK(closed.info().status() == enums::ACTIVITY_EXECUTION_STATUS_TERMINATED);
  CHECK(closed.info().run_state() == enums::PENDING_ACTIVITY_STATE_UNSPECIFIED);
  CHECK(closed.outcome().failure().message() == "no longer needed");
  CHECK(closed.outcome().failure().terminated_failure_info().identity() == "the terminator");
  CHECK(closed.outcome().retry_state() == enums::RETRY_STATE_UNSPECIFIED);
  CHECK_FALSE(closed.info().has_last_failure());
  CHECK(closed.info().has_close_time());
  if (!token.empty()) check_not_found(t.heartbeat(token, "x"), id);

  CHECK(terminate(t, terminate_request(id, "t1")).ok());
  check_precondition(terminate(t, terminate_request(id, "t2")), "already terminated with request ID t1");
  check_precondition(terminate(t, terminate_request(id)), "already terminated with request ID t1");
}

TEST_CASE("what has ended is neither terminated nor canceled", "[conformance][terminate]") {
  Conformance t;
  const std::string id = started(t);
  REQUIRE(t.complete(t.poll().task_token(), "done").ok());
  check_precondition(terminate(t, terminate_request(id)), "Completed");
  check_precondition(t.cancel(id, "late"), "activity is in terminal state Completed");
  CHECK(t.describe(id).info().status() == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
}

TEST_CASE("a cancel is asked for once", "[conformance][terminate]") {
  Conformance t;
  const std::string id = started(t);
  const auto token = t.poll().task_token();
  REQUIRE(t.cancel(id, "enough", "c1").ok());
  CHECK(t.cancel(id, "enough", "c1").ok());
  check_precondition(t.cancel(id, "more", "c2"), "cancellation already requested with request ID c1");
  REQUIRE(t.complete(token, "done anyway").ok());
  CHECK(t.cancel(id, "enough", "c1").ok());
}

TEST_CASE("a termination that makes no sense is refused", "[conformance][terminate]") {
  Conformance t;
  const std::string id = started(t);
  check_not_found(terminate(t, terminate_request("nothing")), "nothing");
  check_invalid(terminate(t, terminate_request("")), "activity ID is required");
  auto request = terminate_request(id);
  request.set_reason(std::string(2 * 1024 * 1024 + 1, 'x'));
  check_invalid(terminate(t, request), "reason exceeds length limit");
  request = terminate_request(id);
  request.set_run_id("seven");
  check_invalid(terminate(t, request), "invalid run id: must be a valid UUID");
}

TEST_CASE("a deleted activity is gone, with its ID free again", "[conformance][terminate]") {
  Conformance t;
  const auto request = t.start_request();
  const auto first = t.start(request);
  const std::string id = request.activity_id();
  std::string token;
  SECTION("closed") {
    REQUIRE(t.complete(t.poll().task_token(), "done").ok());
  }
  SECTION("running") {
    token = t.poll().task_token();
  }
  SECTION("scheduled") {}
  REQUIRE(remove(t, id).ok());
  CHECK(eventually([&] {
    service::DescribeActivityExecutionResponse response;
    return t.client.call("DescribeActivityExecution", about<service::DescribeActivityExecutionRequest>(id), &response)
               .error_code() == grpc::StatusCode::NOT_FOUND;
  }));
  check_not_found(remove(t, id), id);
  check_not_found(t.cancel(id, "x"), id);
  check_not_found(pause(t, id), id);
  if (!token.empty()) check_not_found(t.complete(token, "late"), id);
  const auto again = t.start(request);  // Even with the same request ID.
  CHECK(again.started());
  CHECK(again.run_id() != first.run_id());
}

TEST_CASE("one run is deleted, the other stays", "[conformance][terminate]") {
  Conformance t;
  auto request = t.start_request();
  const auto first = t.start(request).run_id();
  REQUIRE(t.complete(t.poll().task_token(), "one").ok());
  request.set_request_id(unique("request"));
  const auto second = t.start(request).run_id();
  REQUIRE(remove(t, request.activity_id(), first).ok());
  CHECK(eventually([&] { return !remove(t, request.activity_id(), first).ok(); }));
  CHECK(t.describe(request.activity_id()).run_id() == second);
}

TEST_CASE("who waits for what is deleted is answered", "[conformance][terminate]") {
  Conformance t;
  const std::string id = started(t);
  auto waiting = std::async(std::launch::async, [&] {
    service::PollActivityExecutionResponse response;
    const RawClient client(address());
    return client.call("PollActivityExecution", about<service::PollActivityExecutionRequest>(id), &response,
                       {.timeout = 8s});
  });
  CHECK(waiting.wait_for(50ms) == std::future_status::timeout);
  REQUIRE(remove(t, id).ok());
  CHECK(waiting.wait_for(3s) == std::future_status::ready);
}

TEST_CASE("a deletion that makes no sense is refused", "[conformance][terminate]") {
  Conformance t;
  check_not_found(remove(t, "nothing"), "nothing");
  check_invalid(remove(t, ""), "activity ID is required");
  check_invalid(remove(t, "x", "seven"), "invalid run id: must be a valid UUID");
}
