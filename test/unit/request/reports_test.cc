#include "request/validate.h"
#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

using namespace std::chrono_literals;

TEST_CASE("a report of a worker", "[server][request]") {
  CHECK(refusal(validate(HeartbeatRequest{})) == "INVALID_ARGUMENT: Task token not set on request.");
  CHECK(refusal(validate(CompletedRequest{})) == "INVALID_ARGUMENT: Task token not set on request.");
  CHECK(refusal(validate(CanceledRequest{})) == "INVALID_ARGUMENT: Task token not set on request.");
  CHECK(refusal(validate(FailedRequest{})) == "INVALID_ARGUMENT: Task token not set on request.");
  CHECK(refusal(validate(HeartbeatRequest{.token = "t", .identity = kLong})) ==
        "INVALID_ARGUMENT: identity exceeds length limit. Length=1001 Limit=1000");
  CHECK(refusal(validate(HeartbeatRequest{.token = "t"})) == "accepted");
}

TEST_CASE("a failure report", "[server][request]") {
  FailedRequest request;
  request.token = "t";
  SECTION("may come without a failure") {
    CHECK(refusal(validate(request)) == "accepted");
  }
  request.has_failure = true;
  SECTION("must hold an application failure") {
    request.failure_info = 6;
    CHECK(refusal(validate(request)) == "INVALID_ARGUMENT: Failure must have ApplicationFailureInfo.");
  }
  request.failure_info = 5;
  SECTION("is accepted with one") {
    CHECK(refusal(validate(request)) == "accepted");
  }
  SECTION("may wish for any delay; one that is not above zero is none") {
    request.next_retry_delay = RawDuration{-1, 0};
    CHECK(refusal(validate(request)) == "accepted");
    CHECK(wished_delay(request.next_retry_delay) == 0ns);
    CHECK(wished_delay(RawDuration{0, -5}) == 0ns);
    CHECK(wished_delay(std::nullopt) == 0ns);
    CHECK(wished_delay(RawDuration{1, -5}) == 999'999'995ns);
    CHECK(wished_delay(RawDuration{INT64_MAX, 999'999'999}) == 36'500 * 24h);
  }
  SECTION("by ID may hold any failure") {
    request.token.clear();
    request.namespace_name = "n";
    request.by_id = ById{"", "", "id"};
    request.failure_info = 9;
    CHECK(refusal(validate(request)) == "accepted");
  }
}

TEMPLATE_TEST_CASE("a report by ID", "[server][request]", HeartbeatRequest, CompletedRequest, FailedRequest,
                   CanceledRequest) {
  TestType report;
  report.by_id = ById{};
  CHECK(refusal(validate(report)) == kInvalid + "Namespace is empty.");
  report.namespace_name = "n";
  CHECK(refusal(validate(report)) == kInvalid + "ActivityId is not set on request.");
  report.by_id->activity_id = kLong;
  CHECK(refusal(validate(report)) == kInvalid + "activity ID exceeds length limit. Length=1001 Limit=1000");
  report.by_id->activity_id = "id";
  CHECK(refusal(validate(report)) == "accepted");
  report.by_id->run_id = "x";
  CHECK(refusal(validate(report)) == kInvalid + "invalid run id: must be a valid UUID");
  report.by_id->run_id = kUuid;
  CHECK(refusal(validate(report)) == "accepted");
  report.identity = kLong;
  CHECK(refusal(validate(report)) == kInvalid + "Identity length exceeds limit.");
}

}  // namespace longbeat::server
