#include <functional>

#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

using namespace std::chrono_literals;

namespace {

UpdateOptionsRequest update(std::vector<std::string> mask, WireOptions options = {}) {
  UpdateOptionsRequest request;
  request.run = {"n", "id", ""};
  request.options = std::move(options);
  request.update_mask = std::move(mask);
  return request;
}

NormalOptions current() {
  NormalOptions options;
  options.task_queue = "old";
  options.timeouts = {0s, 0s, 60s, 10s};
  options.retry.maximum_attempts = 5;
  options.retry.non_retryable_error_types = {"Fatal"};
  options.priority = WirePriority{2, "blue", 3.0F};
  options.start_delay = 5s;
  return options;
}

MergedOptions merged(const UpdateOptionsRequest& request) {
  REQUIRE(refusal(validate(request)) == "accepted");
  return merge_options(current(), request).value();
}

std::string merge_refusal(const UpdateOptionsRequest& request) {
  return refusal(merge_options(current(), request));
}

}  // namespace

TEMPLATE_TEST_CASE("a command on one activity", "[server][request]", CancelRequest, TerminateRequest, PauseRequest,
                   UnpauseRequest, ResetRequest) {
  TestType request;
  CHECK(refusal(validate(request)) == kInvalid + "Namespace is empty.");
  request.run.namespace_name = "n";
  CHECK(refusal(validate(request)) == kInvalid + "activity ID is required");
  request.run.activity_id = kLong;
  CHECK(refusal(validate(request)) == kInvalid + "activity ID exceeds length limit. Length=1001 Limit=1000");
  request.run.activity_id = "id";
  request.run.run_id = "x";
  CHECK(refusal(validate(request)) == kInvalid + "invalid run id: must be a valid UUID");
  request.run.run_id = kUuid;
  CHECK(refusal(validate(request)) == "accepted");
  if constexpr (requires { request.jitter; }) {
    request.jitter = RawDuration{-1, 0};
    CHECK(refusal(validate(request)) == kInvalid + "invalid Jitter: negative duration: -1s and 0ns");
  }
  if constexpr (requires { request.reason; }) {
    request.reason.resize(2 * 1024 * 1024 + 1);
    CHECK(refusal(validate(request)) == kInvalid + "reason exceeds length limit");
  }
  request.identity = kLong;
  CHECK(refusal(validate(request)) == kInvalid + "identity exceeds length limit. Length=1001 Limit=1000");
  request.request_id = kLong;
  CHECK(refusal(validate(request)) == kInvalid + "request ID exceeds length limit. Length=1001 Limit=1000");
}

TEST_CASE("a deletion names a run", "[server][request]") {
  CHECK(refusal(validate(DeleteRequest{{"n", "", ""}})) == kInvalid + "activity ID is required");
  CHECK(refusal(validate(DeleteRequest{{"n", "id", kUuid}})) == "accepted");
}

TEST_CASE("a jitter", "[server][request]") {
  CHECK(parse_jitter(std::nullopt).value() == 0s);
  CHECK(parse_jitter(RawDuration{2, 5}).value() == 2s + 5ns);
  CHECK(refusal(parse_jitter(RawDuration{1, -1})) == kInvalid + "invalid Jitter: mixed signs: 1s and -1ns");
}

TEST_CASE("an update of options is refused by name", "[server][request]") {
  const auto text = [](const UpdateOptionsRequest& request) { return refusal(validate(request)); };
  UpdateOptionsRequest request;
  request.run = {"n", "id", ""};
  CHECK(text(request) == kInvalid + "ActivityOptions are not provided");
  request.options.emplace();
  CHECK(text(request) == kInvalid + "UpdateMask is not provided");
  request.update_mask.emplace();
  CHECK(text(request) == kInvalid + "UpdateMask must specify at least one path");
  const auto unsupported = [](const std::string& path) {
    return kInvalid + "unsupported update_mask path: \"" + path + "\"";
  };
  for (const std::string path : {"*", "task_queue", "taskQueue", "task_queue.kind", "schedule_to_close", "",
                                 "retry_policy.non_retryable_error_types", "priority.", ".", "PRIORITY", "TaskQueue"}) {
    CHECK(text(update({path})) == unsupported(path));
  }
  for (const std::string path : {"heartbeat_timeout", "heartbeatTimeout", "HeartbeatTimeout", "heartbeat_Timeout",
                                 "heartbeat__timeout", "Priority", "RetryPolicy"}) {
    CHECK(text(update({path})) == "accepted");
  }
  CHECK(text(update({"task_queue.name"})) == kInvalid + "taskQueue is not set");
  CHECK(text(update({"priority.fairness_key"})) == kInvalid + "Priority is not provided");
  CHECK(text(update({"retry_policy.maximum_attempts"})) == kInvalid + "RetryPolicy is not provided");
  CHECK(text(update({"task_queue.name"}, {.task_queue = ""})) == kInvalid + "missing task queue name");
  CHECK(text(update({"task_queue.name"}, {.task_queue = "/_sys/x"})) ==
        kInvalid + "task queue name cannot start with reserved prefix /_sys/");
  CHECK(text(update({"start_delay"}, {.start_delay = RawDuration{-1, 0}})) ==
        kInvalid + "invalid StartDelay: negative duration: -1s and 0ns");
  CHECK(text(update({"heartbeat_timeout"}, {.heartbeat = RawDuration{0, -1}})) ==
        kInvalid + "invalid HeartbeatTimeout: negative duration: 0s and -1ns");
}

TEST_CASE("restoring the original options takes no mask", "[server][request]") {
  UpdateOptionsRequest request;
  request.run = {"n", "id", ""};
  request.restore_original = true;
  CHECK(refusal(validate(request)) == "accepted");
  request.update_mask.emplace();
  CHECK(refusal(validate(request)) == "accepted");
  request.update_mask->push_back("priority");
  CHECK(refusal(validate(request)) == kInvalid + "Both UpdateMask and RestoreOriginal are provided");
}

TEST_CASE("an update changes what its mask names and nothing else", "[server][request]") {
  NormalOptions expected = current();
  WireOptions all;
  all.task_queue = "new";
  all.schedule_to_close = RawDuration{100, 0};
  all.schedule_to_start = RawDuration{20, 0};
  all.start_to_close = RawDuration{30, 0};
  all.heartbeat = RawDuration{3, 0};
  all.start_delay = RawDuration{9, 0};
  all.retry = StartRequest::Retry{RawDuration{2, 0}, RawDuration{8, 0}, 3.0, 7, {"Other"}};
  all.priority = WirePriority{5, "red", 1.5F};
  const auto with = [&](std::vector<std::string> mask) { return merged(update(std::move(mask), all)).options; };

  SECTION("task queue") {
    expected.task_queue = "new";
    CHECK(with({"task_queue.name"}) == expected);
    CHECK(with({"taskQueue.name"}) == expected);
  }
  SECTION("timeouts, normalised again") {
    expected.timeouts = {100s, 20s, 30s, 3s};
    CHECK(with({"schedule_to_close_timeout", "schedule_to_start_timeout", "start_to_close_timeout",
                "heartbeat_timeout"}) == expected);
    CHECK(with({"scheduleToCloseTimeout", "scheduleToStartTimeout", "startToCloseTimeout", "heartbeatTimeout"}) ==
          expected);
  }
  SECTION("one timeout") {
    expected.timeouts = {100s, 100s, 60s, 10s};
    CHECK(with({"schedule_to_close_timeout"}) == expected);
    expected.timeouts = {0s, 0s, 30s, 10s};
    CHECK(with({"start_to_close_timeout"}) == expected);
  }
  SECTION("start delay") {
    expected.start_delay = 9s;
    CHECK(with({"start_delay"}) == expected);
    CHECK(with({"startDelay"}) == expected);
    CHECK(merged(update({"start_delay"}, all)).start_delay_named);
    CHECK_FALSE(merged(update({"priority"}, all)).start_delay_named);
  }
  SECTION("priority as a whole and in parts") {
    expected.priority = all.priority;
    CHECK(with({"priority"}) == expected);
    expected.priority = WirePriority{5, "blue", 3.0F};
    CHECK(with({"priority.priority_key"}) == expected);
    expected.priority = WirePriority{2, "red", 1.5F};
    CHECK(with({"priority.fairnessKey", "priority.fairnessWeight"}) == expected);
  }
  SECTION("retry policy as a whole and in parts") {
    expected.retry = {2s, 3.0, 8s, 7, {"Other"}};
    CHECK(with({"retry_policy"}) == expected);
    expected.retry = {1s, 2.0, 100s, 7, {"Fatal"}};
    CHECK(with({"retryPolicy.maximumAttempts"}) == expected);
    expected.retry = {2s, 3.0, 8s, 5, {"Fatal"}};
    CHECK(with({"retry_policy.initial_interval", "retry_policy.backoff_coefficient",
                "retry_policy.maximum_interval"}) == expected);
    CHECK(merged(update({"retry_policy.backoff_coefficient"}, all)).retry_policy_named);
    CHECK_FALSE(merged(update({"priority"}, all)).retry_policy_named);
  }
}

TEST_CASE("a named field without a value is cleared", "[server][request]") {
  NormalOptions expected = current();
  expected.timeouts.heartbeat = 0s;
  expected.priority.reset();
  expected.retry = NormalRetry{};
  CHECK(merged(update({"heartbeat_timeout", "priority", "retry_policy"})).options == expected);
}

TEST_CASE("what an update results in is checked as a whole", "[server][request]") {
  CHECK(merge_refusal(update({"retry_policy.initial_interval"},
                             {.retry = StartRequest::Retry{.initial_interval = RawDuration{200, 0}}})) ==
        kInvalid + "MaximumInterval cannot be less than InitialInterval on retry policy.");
  CHECK(merge_refusal(
            update({"retry_policy.backoff_coefficient"}, {.retry = StartRequest::Retry{.backoff_coefficient = 0.5}})) ==
        kInvalid + "BackoffCoefficient cannot be less than 1 on retry policy.");
  CHECK(merge_refusal(update({"priority.priority_key"}, {.priority = WirePriority{.key = -1}})) ==
        kInvalid + "invalid priorities: priority key can't be negative");
  CHECK_THAT(merge_refusal(update({"start_to_close_timeout"})),
             ContainsSubstring("a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set"));
}

}  // namespace longbeat::server
