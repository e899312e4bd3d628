#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/common_params.h"
#include "longbeat/failure.h"

// Parameters and answers of the calls about executions (protocol.md §1.6, §1.7): start, look, list, end, steer.

namespace longbeat::internal {

// --- Start ---
/// What happens on USE_EXISTING to what the request brought along.
struct OnConflictFields {
  bool attach_request_id = false;
  bool attach_completion_callbacks = false;  ///< needs attach_request_id
  bool attach_links = false;
};
struct StartActivityParams {
  std::string namespace_name{};
  std::string identity{};
  std::string request_id{};
  std::string activity_id{};
  std::string type{};
  std::string task_queue{};
  Nanoseconds schedule_to_close{0}, schedule_to_start{0}, start_to_close{0}, heartbeat{0},
      start_delay{0};  ///< 0: not set
  std::optional<RetryPolicyFields> retry{};
  std::optional<PriorityFields> priority{};
  std::int32_t id_reuse_policy = 0, id_conflict_policy = 0;
  Payloads input{};
  HeaderFields header{};
  std::optional<Payload> summary{}, details{};
  SearchAttributeFields search_attributes{};
  std::vector<CallbackFields> completion_callbacks{};
  std::vector<LinkFields> links{};
  std::optional<OnConflictFields> on_conflict{};  ///< only looked at with USE_EXISTING
};
struct StartedActivity {
  std::string run_id{};
  bool started = false;  ///< false: this request, or another one that counts, had started it before
  LinkFields link{};
};

// --- Outcome and description ---
struct ActivityOutcome {
  std::optional<Payloads> result{};  ///< exactly one of the two
  std::optional<Failure> failure{};
  std::int32_t retry_state = 0;  ///< enums.RetryState: why there was no other attempt; 0 also from older servers
};
struct PolledOutcome {
  std::string run_id{};
  std::optional<ActivityOutcome> outcome{};  ///< unset: not closed yet, ask again
};
struct DescribeParams {
  RunParams run{};
  bool include_input = false, include_outcome = false, include_heartbeat_details = false, include_last_failure = false;
  std::string long_poll_token{};  ///< set: answer once the state differs from the token's; needs the run ID
  bool retried = true;            ///< false: not by RetryingStub, the caller does that itself
};
/// activity.CallbackInfo.
struct CallbackStateFields {
  CallbackFields callback{};
  std::int32_t state = 0;  ///< enums.CallbackState
  std::int32_t attempt = 0;
  std::optional<WallTime> registration_time{}, last_attempt_complete_time{}, next_attempt_schedule_time{};
  std::optional<Failure> last_attempt_failure{};
  std::string blocked_reason{};
};
/// activity.ActivityExecutionInfo, and what the answer holds beside it.
struct ActivityDescription {
  bool present = false;  ///< false: a long poll that ran out
  std::string activity_id{}, run_id{}, type{}, task_queue{};
  std::int32_t status = 0;     ///< enums.ActivityExecutionStatus
  std::int32_t run_state = 0;  ///< enums.PendingActivityState
  std::int32_t attempt = 0;
  std::int64_t heartbeat_count = 0, state_transition_count = 0, state_size_bytes = 0;
  Nanoseconds schedule_to_close{0}, schedule_to_start{0}, start_to_close{0}, heartbeat{0}, start_delay{0};  ///< 0: none
  RetryPolicyFields retry{};  ///< with the server's defaults filled in
  PriorityFields priority{};
  std::optional<WallTime> schedule_time{}, execution_time{}, last_started_time{}, last_heartbeat_time{},
      last_attempt_complete_time{}, next_attempt_schedule_time{}, expiration_time{}, close_time{};
  std::optional<Nanoseconds> current_retry_interval{};  ///< only while backing off
  std::optional<Nanoseconds> execution_duration{};      ///< only once closed
  std::string last_worker_identity{}, sdk_name{}, sdk_version{}, canceled_reason{};
  std::optional<DeploymentVersionFields> last_deployment_version{};
  HeaderFields header{};
  SearchAttributeFields search_attributes{};
  std::optional<Payload> summary{}, details{};  ///< of the user metadata
  std::vector<LinkFields> links{};
  std::vector<CallbackStateFields> callbacks{};
  Payloads heartbeat_details{};              ///< only when asked for
  std::optional<Failure> last_failure{};     ///< only when asked for
  std::optional<Payloads> input{};           ///< only when asked for
  std::optional<ActivityOutcome> outcome{};  ///< only when asked for, and once closed
  std::string long_poll_token{};
};

// --- List and count ---
struct ListActivitiesParams {
  std::string namespace_name{};
  std::string query{};            ///< protocol.md §2.13; empty: all
  std::int32_t page_size = 0;     ///< 0: the server's, 1000
  std::string next_page_token{};  ///< empty: the first page
};
/// activity.ActivityExecutionListInfo.
struct ActivityListRow {
  std::string activity_id{}, run_id{}, type{}, task_queue{};
  std::int32_t status = 0;  ///< enums.ActivityExecutionStatus
  std::optional<WallTime> schedule_time{}, execution_time{}, close_time{};
  std::optional<Nanoseconds> execution_duration{};
  SearchAttributeFields search_attributes{};
  std::int64_t state_transition_count = 0, state_size_bytes = 0;
};
struct ActivityPage {
  std::vector<ActivityListRow> rows{};
  std::string next_page_token{};  ///< empty: this was the last
};
struct CountActivitiesParams {
  std::string namespace_name{};
  std::string query{};  ///< may end in GROUP BY ExecutionStatus
};
struct CountGroupFields {
  Payloads values{};  ///< one per field grouped by
  std::int64_t count = 0;
};
struct ActivityCountFields {
  std::int64_t count = 0;  ///< of all groups
  std::vector<CountGroupFields> groups{};
};

// --- Ending ---
struct RequestCancelParams {
  RunParams run{};
  std::string identity{}, request_id{}, reason{};
};
struct TerminateParams {
  RunParams run{};
  std::string identity{}, request_id{}, reason{};
};

// --- Steering ---
struct PauseParams {
  TargetParams target{};
  std::string identity{}, request_id{}, reason{};
};
struct UnpauseParams {
  TargetParams target{};
  std::string identity{}, request_id{}, reason{};
  Nanoseconds jitter{0};  ///< dispatched after a random part of it; 0: none
};
struct ResetParams {
  TargetParams target{};
  std::string identity{}, request_id{};
  Nanoseconds jitter{0};  ///< dispatched after a random part of it; 0: none
  bool keep_paused = false, restore_original_options = false, reset_heartbeat = false;
};
/// activity.ActivityOptions. Unset in a request: cleared, where the mask names it.
struct ActivityOptionsFields {
  std::optional<std::string> task_queue{};
  std::optional<Nanoseconds> schedule_to_close{}, schedule_to_start{}, start_to_close{}, heartbeat{}, start_delay{};
  std::optional<RetryPolicyFields> retry{};
  std::optional<PriorityFields> priority{};
};
struct UpdateOptionsParams {
  TargetParams target{};
  std::string identity{}, request_id{};
  ActivityOptionsFields options{};
  std::vector<std::string> update_mask{};  ///< paths of protocol.md §2.10; what none of them names stays
  bool restore_original = false;           ///< back to the options of the start; then without a mask
};

}  // namespace longbeat::internal
