#include "request/validate.h"

#include <functional>

#include "support/catch.h"

namespace longbeat::server {

using namespace std::chrono_literals;

namespace {

StartRequest valid_start() {
  StartRequest request;
  request.namespace_name = "default";
  request.activity_id = "order-7";
  request.type = "charge";
  request.has_task_queue = true;
  request.task_queue = "billing";
  request.start_to_close = RawDuration{60, 0};
  return request;
}

std::string refusal(const std::function<void(StartRequest&)>& change) {
  StartRequest request = valid_start();
  change(request);
  const auto start = normalise(request);
  return start ? "accepted" : to_string(start.error());
}

std::string refusal(const StatusOr<>& result) {
  return result ? "accepted" : to_string(result.error());
}

const std::string kLong(1001, 'x');
const std::string kUuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

}  // namespace

TEST_CASE("a valid start request gets its defaults", "[server][request]") {
  const NormalStart start = normalise(valid_start()).value();
  CHECK(start.start_delay == 0ns);
  CHECK(start.timeouts == NormalTimeouts{0s, 0s, 60s, 0s});
  CHECK(start.retry == NormalRetry{});
  CHECK(start.id_reuse_policy == IdReusePolicy::kAllowDuplicate);
  CHECK(start.id_conflict_policy == IdConflictPolicy::kFail);
}

TEST_CASE("a start request is refused by name", "[server][request]") {
  using R = StartRequest;
  const std::string prefix = "INVALID_ARGUMENT: ";
  const std::pair<std::function<void(R&)>, std::string> cases[] = {
      {[](R& r) { r.namespace_name.clear(); }, "Namespace is empty."},
      {[](R& r) { r.start_delay = RawDuration{-1, 0}; }, "invalid StartDelay: negative duration: -1s and 0ns"},
      {[](R& r) { r.has_task_queue = false; }, "taskQueue is not set"},
      {[](R& r) { r.task_queue.clear(); }, "missing task queue name"},
      {[](R& r) { r.task_queue = kLong; }, "taskQueue exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.task_queue = "/_sys/x"; }, "task queue name cannot start with reserved prefix /_sys/"},
      {[](R& r) { r.activity_id.clear(); }, "activityId is not set"},
      {[](R& r) { r.activity_id = kLong; }, "activityId exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.type.clear(); }, "activityType is not set"},
      {[](R& r) { r.type = kLong; }, "activityType exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.request_id = kLong; }, "request ID exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.identity = kLong; }, "identity exceeds length limit. Length=1001 Limit=1000"},
      {[](R& r) { r.retry = R::Retry{.backoff_coefficient = 0.1}; },
       "BackoffCoefficient cannot be less than 1 on retry policy."},
      {[](R& r) { r.priority = WirePriority{.key = -1}; }, "invalid priorities: priority key can't be negative"},
      {[](R& r) { r.priority = WirePriority{.fairness_key = std::string(65, 'x')}; },
       "invalid priorities: fairness key exceeds length limit. Length=65 Limit=64"},
      {[](R& r) { r.priority = WirePriority{.fairness_weight = -1}; },
       "invalid priorities: fairness weight can't be negative"},
      {[](R& r) { r.start_to_close = RawDuration{0, -1}; },
       "invalid StartToCloseTimeout: negative duration: 0s and -1ns"},
      {[](R& r) { r.start_to_close.reset(); },
       "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=order-7 "
       "ActivityType=charge"},
      {[](R& r) { r.input.resize(2 * 1024 * 1024 + 1); }, "input exceeds length limit. Length=2097153 Limit=2097152"},
      {[](R& r) { r.summary_bytes = 401; }, "UserMetadata.Summary exceeds length limit. Length=401 Limit=400"},
      {[](R& r) { r.details_bytes = 20'001; }, "UserMetadata.Details exceeds length limit. Length=20001 Limit=20000"},
      {[](R& r) { r.completion_callbacks = 1; }, "completion callbacks are not enabled for this namespace"},
      {[](R& r) { r.links.resize(11); }, "cannot attach more than 10 links per request, got 11"},
      {[](R& r) { r.links.assign(1, std::string(4001, 'x')); }, "link exceeds length limit. Length=4001 Limit=4000"},
      {[](R& r) { r.id_reuse_policy = 4; }, "invalid IdReusePolicy: 4"},
      {[](R& r) { r.id_conflict_policy = 3; }, "invalid IdConflictPolicy: 3"},
  };
  for (const auto& [change, text] : cases) CHECK(refusal(change) == prefix + text);
}

TEST_CASE("the first problem in the protocol's order is the one that is told", "[server][request]") {
  CHECK_THAT(refusal([](StartRequest& r) {
               r.start_to_close.reset();
               r.activity_id.clear();
               r.start_delay = RawDuration{-1, 0};
             }),
             ContainsSubstring("StartDelay"));
}

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
  SECTION("must not ask for a negative delay") {
    request.next_retry_delay = RawDuration{-1, 0};
    CHECK_THAT(refusal(validate(request)), ContainsSubstring("NextRetryDelay is not a valid duration: "));
  }
}

TEST_CASE("a poll needs a namespace and a task queue", "[server][request]") {
  CHECK(refusal(validate(PollTaskRequest{})) == "INVALID_ARGUMENT: Namespace is empty.");
  CHECK(refusal(validate(PollTaskRequest{.namespace_name = "n"})) == "INVALID_ARGUMENT: missing task queue name");
  CHECK(refusal(validate(PollTaskRequest{.namespace_name = "n", .task_queue = "q"})) == "accepted");
}

TEST_CASE("a call that names a run", "[server][request]") {
  const auto text = [](RunRef run) { return refusal(validate(PollOutcomeRequest{std::move(run)})); };
  CHECK(text({"", "id", ""}) == "INVALID_ARGUMENT: Namespace is empty.");
  CHECK(text({"n", "", ""}) == "INVALID_ARGUMENT: activity ID is required");
  CHECK(text({"n", kLong, ""}) == "INVALID_ARGUMENT: activity ID exceeds length limit. Length=1001 Limit=1000");
  CHECK(text({"n", "id", "not-a-uuid"}) == "INVALID_ARGUMENT: invalid run id: must be a valid UUID");
  CHECK(text({"n", "id", kUuid}) == "accepted");
  DescribeRequest describe{.run = {"n", "id", ""}, .long_poll_token = "x"};
  CHECK(refusal(validate(describe)) == "INVALID_ARGUMENT: run id is required when long poll token is provided");
  CancelRequest cancel{.run = {"n", "id", ""}};
  CHECK(refusal(validate(cancel)) == "accepted");
  cancel.reason.resize(2 * 1024 * 1024 + 1);
  CHECK(refusal(validate(cancel)) == "INVALID_ARGUMENT: reason exceeds length limit");
  cancel.request_id = kLong;
  CHECK(refusal(validate(cancel)) == "INVALID_ARGUMENT: request ID exceeds length limit. Length=1001 Limit=1000");
}

TEST_CASE("a namespace is described by name or ID", "[server][request]") {
  CHECK(refusal(validate(DescribeNamespaceRequest{})) == "INVALID_ARGUMENT: Namespace is empty.");
  CHECK(refusal(validate(DescribeNamespaceRequest{.id = kUuid})) == "accepted");
}

}  // namespace longbeat::server
