#include <limits>

#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

TEST_CASE("what is asked about a task queue names it", "[server][request]") {
  const auto check = [](auto request) {
    CHECK(refusal(validate(request)) == kInvalid + "Task queue name not set on request.");
    request.task_queue = kLong;
    CHECK(refusal(validate(request)) == kInvalid + "taskQueue exceeds length limit. Length=1001 Limit=1000");
    request.task_queue = "q";
    CHECK(refusal(validate(request)) == "accepted");
  };
  check(DescribeTaskQueueRequest{});
  check(ListTaskQueuePartitionsRequest{});
  check(IdlePollRequest{});
  CHECK(refusal(validate(IdlePollRequest{.task_queue = "q", .worker_instance_key = kLong})) ==
        kInvalid + "worker instance key exceeds length limit. Length=1001 Limit=1000");
}

TEST_CASE("a configuration of a task queue", "[server][request]") {
  UpdateTaskQueueConfigRequest request;
  CHECK(refusal(validate(request)) == kInvalid + "Task queue name not set on request.");
  request.task_queue = "q";
  CHECK(refusal(validate(request)) == kInvalid + "task queue type 0 has no configuration here, only ACTIVITY has");
  request.type = 2;
  CHECK(refusal(validate(request)) == "accepted");

  SECTION("has rates that are numbers and not negative") {
    request.queue_rate = UpdateTaskQueueConfigRequest::Rate{};
    CHECK(refusal(validate(request)) == "accepted");
    request.queue_rate->requests_per_second = -1.0F;
    CHECK(refusal(validate(request)) == kInvalid + "requests_per_second must not be negative: -1.000000");
    request.queue_rate->requests_per_second = std::numeric_limits<float>::quiet_NaN();
    CHECK(refusal(validate(request)).starts_with(kInvalid));
  }
  SECTION("has texts within limits") {
    request.fairness_keys_rate_default = UpdateTaskQueueConfigRequest::Rate{.reason = kLong};
    CHECK(refusal(validate(request)) == kInvalid + "reason exceeds length limit");
    request.fairness_keys_rate_default.reset();
    request.identity = kLong;
    CHECK(refusal(validate(request)) == kInvalid + "identity exceeds length limit");
  }
  SECTION("has weights above zero for keys of 64 bytes") {
    request.set_weights["k"] = 0;
    CHECK(refusal(validate(request)) == kInvalid + "fairness weight of \"k\" must be more than 0");
    request.set_weights["k"] = 1;
    request.unset_weights = {"k"};
    CHECK(refusal(validate(request)) == kInvalid + "fairness weight of \"k\" is both set and unset");
    request.unset_weights = {"other"};
    CHECK(refusal(validate(request)) == "accepted");
    request.set_weights[std::string(65, 'k')] = 1;
    CHECK(refusal(validate(request)).starts_with(kInvalid + "fairness key is longer than 64 bytes: "));
  }
}

}  // namespace longbeat::server
