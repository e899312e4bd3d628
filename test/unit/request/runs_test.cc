#include "request/validate.h"
#include "support/catch.h"
#include "unit/request/refusals.h"

namespace longbeat::server {

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

}  // namespace longbeat::server
