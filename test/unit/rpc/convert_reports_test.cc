#include <string>
#include <vector>

#include "rpc/convert_common.h"
#include "rpc/convert_worker.h"
#include "support/catch.h"
#include "support/filled_message.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;

namespace {

using Names = std::vector<std::string>;

Payloads payloads(std::string data) {
  return {{{{"encoding", "json/plain"}}, std::move(data)}};
}

const TargetParams kStandalone{"space", "", "a", "run"};

template <class Request>
void check_target(const Request& request) {
  CHECK(request.namespace_() == "space");
  CHECK(request.workflow_id().empty());
  CHECK(request.activity_id() == "a");
  CHECK(request.run_id() == "run");
  CHECK(request.identity() == "me");
  CHECK(request.resource_id() == "activity:a");
}

Failure boom() {
  Failure failure;
  failure.kind = FailureKind::kApplication;
  failure.message = "boom";
  return failure;
}

}  // namespace

TEST_CASE("a report by ID has every field that counts for a standalone activity", "[rpc][convert][by_id]") {
  SECTION("heartbeat") {
    const auto request = to_proto(HeartbeatByIdParams{kStandalone, "me", payloads("17")});
    CHECK(unset_fields(request) == Names{"workflow_id", "details.payloads.external_payloads"});
    check_target(request);
    CHECK(request.details().payloads(0).data() == "17");
  }
  SECTION("completed") {
    const auto request = to_proto(CompletedByIdParams{kStandalone, "me", payloads("17")});
    CHECK(unset_fields(request) == Names{"workflow_id", "result.payloads.external_payloads"});
    check_target(request);
    CHECK(request.result().payloads(0).data() == "17");
  }
  SECTION("failed") {
    const auto request = to_proto(FailedByIdParams{kStandalone, "me", boom(), payloads("17")});
    check_target(request);
    CHECK(request.failure().message() == "boom");
    CHECK(request.failure().has_application_failure_info());
    CHECK(request.last_heartbeat_details().payloads(0).data() == "17");
  }
  SECTION("canceled") {
    const auto request = to_proto(CanceledByIdParams{kStandalone, "me", payloads("17")});
    CHECK(unset_fields(request) ==
          Names{"workflow_id", "details.payloads.external_payloads", "deployment_options"});  // A worker's, not ours.
    check_target(request);
    CHECK(request.details().payloads(0).data() == "17");
  }
}

TEST_CASE("a report by ID on a workflow's activity names the workflow", "[rpc][convert][by_id]") {
  const auto request = to_proto(CompletedByIdParams{{"space", "w", "a", "run"}, "me", {}});
  CHECK(request.workflow_id() == "w");
  CHECK(request.resource_id() == "workflow:w");
}

TEST_CASE("a report by ID sends nothing where there is nothing", "[rpc][convert][by_id]") {
  CHECK_FALSE(to_proto(HeartbeatByIdParams{kStandalone, "me", {}}).has_details());
  CHECK_FALSE(to_proto(CompletedByIdParams{kStandalone, "me", {}}).has_result());
  CHECK_FALSE(to_proto(CanceledByIdParams{kStandalone, "me", {}}).has_details());
  CHECK_FALSE(to_proto(FailedByIdParams{kStandalone, "me", boom(), {}}).has_last_heartbeat_details());
  // Here no details are details: they replace those of the last heartbeat.
  CHECK(to_proto(FailedByIdParams{kStandalone, "me", boom(), Payloads()}).has_last_heartbeat_details());
}

TEST_CASE("each flag of a heartbeat's answer comes back as itself", "[rpc][convert][by_id]") {
  service_pb::RecordActivityTaskHeartbeatByIdResponse response;
  response.set_cancel_requested(true);
  CHECK(from_proto(response).cancel_requested);
  CHECK_FALSE(from_proto(response).activity_paused);
  response.Clear();
  response.set_activity_paused(true);
  CHECK(from_proto(response).activity_paused);
  CHECK_FALSE(from_proto(response).activity_reset);
  response.Clear();
  response.set_activity_reset(true);
  CHECK(from_proto(response).activity_reset);
  CHECK_FALSE(from_proto(response).cancel_requested);
}
