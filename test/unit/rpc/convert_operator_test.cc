#include "rpc/convert_operator.h"

#include <string>
#include <vector>

#include "rpc/convert_common.h"
#include "support/catch.h"
#include "support/filled_message.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace longbeat::test;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

const RunParams kRun{"space", "a", "run"};
const TargetParams kStandalone{"space", "", "a", "run"};
const TargetParams kInWorkflow{"space", "w", "a", "run"};

template <class Request>
void check_target(const Request& request) {
  CHECK(request.namespace_() == "space");
  CHECK(request.activity_id() == "a");
  CHECK(request.run_id() == "run");
  CHECK(request.identity() == "me");
  CHECK(request.request_id() == "request");
}

}  // namespace

TEST_CASE("a request that ends an execution has every field", "[rpc][convert][operator]") {
  SECTION("cancel") {
    const auto request = to_proto(RequestCancelParams{kRun, "me", "request", "why"});
    CHECK(unset_fields(request) == Names{});
    check_target(request);
    CHECK(request.reason() == "why");
  }
  SECTION("terminate") {
    const auto request = to_proto(TerminateParams{kRun, "me", "request", "why"});
    CHECK(unset_fields(request) == Names{});
    check_target(request);
    CHECK(request.reason() == "why");
  }
  SECTION("delete") {
    const auto request = delete_to_proto(kRun);
    CHECK(unset_fields(request) == Names{});
    CHECK(request.namespace_() == "space");
    CHECK(request.activity_id() == "a");
    CHECK(request.run_id() == "run");
  }
}

TEST_CASE("a request that steers an execution has every field", "[rpc][convert][operator]") {
  SECTION("pause") {
    const auto request = to_proto(PauseParams{kInWorkflow, "me", "request", "why"});
    CHECK(unset_fields(request) == Names{});
    check_target(request);
    CHECK(request.workflow_id() == "w");
    CHECK(request.reason() == "why");
  }
  SECTION("unpause") {
    const auto request = to_proto(UnpauseParams{kInWorkflow, "me", "request", "why", 1500ms});
    CHECK(unset_fields(request) == Names{"reset_attempts", "reset_heartbeat"});  // Newer servers ignore them.
    check_target(request);
    CHECK(request.workflow_id() == "w");
    CHECK(from_proto(request.jitter()) == 1500ms);
  }
  SECTION("reset") {
    const auto request = to_proto(ResetParams{kInWorkflow, "me", "request", 1500ms, true, true, true});
    CHECK(unset_fields(request) == Names{});
    check_target(request);
    CHECK(request.workflow_id() == "w");
    CHECK(from_proto(request.jitter()) == 1500ms);
  }
  SECTION("reset, one flag at a time") {
    CHECK(to_proto(ResetParams{kStandalone, "", "", 0s, true, false, false}).keep_paused());
    CHECK(to_proto(ResetParams{kStandalone, "", "", 0s, false, true, false}).restore_original_options());
    CHECK(to_proto(ResetParams{kStandalone, "", "", 0s, false, false, true}).reset_heartbeat());
  }
}

TEST_CASE("a standalone activity is named without a workflow", "[rpc][convert][operator]") {
  const auto request = to_proto(PauseParams{kStandalone, "me", "request", "why"});
  CHECK(unset_fields(request) == Names{"workflow_id"});
  CHECK(request.resource_id() == "activity:a");
  CHECK(to_proto(PauseParams{kInWorkflow, "me", "request", "why"}).resource_id() == "workflow:w");
}

TEST_CASE("no jitter is no field", "[rpc][convert][operator]") {
  CHECK_FALSE(to_proto(UnpauseParams{kStandalone, "", "", "", 0s}).has_jitter());
  CHECK_FALSE(to_proto(ResetParams{kStandalone, "", "", 0s, false, false, false}).has_jitter());
}

TEST_CASE("an update of options", "[rpc][convert][operator]") {
  UpdateOptionsParams params{kInWorkflow, "me", "request", {}, {"heartbeat_timeout", "retry_policy"}, false};
  params.options.task_queue = "q";
  params.options.schedule_to_close = 5500ms;
  params.options.schedule_to_start = 4500ms;
  params.options.start_to_close = 3500ms;
  params.options.heartbeat = 2500ms;
  params.options.start_delay = 1500ms;
  params.options.retry = RetryPolicyFields{1500ms, 1.5, 9500ms, 7, {"Never"}};
  params.options.priority = PriorityFields{2, "tenant", 0.5f};
  SECTION("has every field") {
    const auto request = to_proto(params);
    CHECK(unset_fields(request) == Names{"activity_options.task_queue.normal_name", "restore_original"});
    check_target(request);
    REQUIRE(request.update_mask().paths_size() == 2);
    CHECK(request.update_mask().paths(0) == "heartbeat_timeout");
    const auto& options = request.activity_options();
    CHECK(options.task_queue().name() == "q");
    CHECK(options.schedule_to_close_timeout().seconds() == 5);
    CHECK(options.schedule_to_start_timeout().seconds() == 4);
    CHECK(options.start_to_close_timeout().seconds() == 3);
    CHECK(options.heartbeat_timeout().seconds() == 2);
    CHECK(options.start_delay().seconds() == 1);
    CHECK(from_proto(options.retry_policy()) == *params.options.retry);
    CHECK(from_proto(options.priority()) == *params.options.priority);
  }
  SECTION("that clears a timeout names it and does not set it") {
    params.options = {};
    const auto request = to_proto(params);
    CHECK(request.has_activity_options());
    CHECK_FALSE(request.activity_options().has_heartbeat_timeout());
    CHECK(request.update_mask().paths_size() == 2);
  }
  SECTION("sends a timeout of zero as zero") {
    params.options.heartbeat = 0s;
    CHECK(to_proto(params).activity_options().has_heartbeat_timeout());
  }
  SECTION("back to the options of the start has neither options nor a mask") {
    const auto request = to_proto(UpdateOptionsParams{kStandalone, "me", "request", {}, {}, true});
    CHECK(request.restore_original());
    CHECK_FALSE(request.has_activity_options());
    CHECK_FALSE(request.has_update_mask());
  }
}

TEST_CASE("the answer to an update has all options", "[rpc][convert][operator]") {
  service_pb::UpdateActivityExecutionOptionsResponse response;
  SECTION("that the server tells") {
    fill(response);
    const auto options = from_proto(response);
    constexpr Nanoseconds kFilled = 1s + 2ns;
    CHECK((options.task_queue == "name"));
    for (const auto& duration : {options.schedule_to_close, options.schedule_to_start, options.start_to_close,
                                 options.heartbeat, options.start_delay}) {
      CHECK((duration == kFilled));
    }
    CHECK((options.retry == RetryPolicyFields{kFilled, 2, kFilled, 4, {"non_retryable_error_types"}}));
    CHECK((options.priority == PriorityFields{1, "fairness_key", 3}));
  }
  SECTION("and none that it does not tell") {
    const auto options = from_proto(response);
    CHECK_FALSE(options.task_queue);
    CHECK_FALSE(options.heartbeat);
    CHECK_FALSE(options.retry);
    CHECK_FALSE(options.priority);
  }
}
