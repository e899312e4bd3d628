#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

/// Requests as the engine sees them: no protobuf. Messages it never looks into stay serialised bytes, as received.
namespace longbeat::server {

using internal::Status;
using internal::StatusOr;

struct WirePriority {
  std::int32_t key = 0;
  std::string fairness_key{};
  float fairness_weight = 0;
  friend bool operator==(const WirePriority&, const WirePriority&) = default;
};

/// A duration as sent, not yet checked: seconds and nanos may be out of range or of mixed signs.
struct RawDuration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

/// One entry of search_attributes.
struct WireAttribute {
  std::string name{};
  std::string type{};  ///< the payload's metadata "type", for example "Keyword"; may be empty
  std::string json{};  ///< the payload's data
};

/// One common.Callback.
struct WireCallback {
  bool is_nexus = false;  ///< the only kind that is accepted
  std::string url{};
  std::size_t header_bytes = 0;  ///< names and values of its headers
  std::string message{};         ///< the whole message, serialised
};

/// What of a common.Link has to be known.
struct LinkFacts {
  enum class Kind : std::int8_t { kOther, kWorkflowEvent, kBatchJob, kNexusOperation, kActivity };
  Kind kind = Kind::kOther;
  bool has_namespace = false, has_id = false, has_run_id = false;
  bool has_number_without_type = false;  ///< of an event
};

struct StartRequest {
  std::string namespace_name{};
  std::string identity{};
  std::string request_id{};
  std::string activity_id{};
  std::string type{};
  bool has_task_queue = false;
  std::string task_queue{};
  std::optional<RawDuration> schedule_to_close{}, schedule_to_start{}, start_to_close{}, heartbeat{}, start_delay{};
  struct Retry {
    std::optional<RawDuration> initial_interval{}, maximum_interval{};
    double backoff_coefficient = 0;
    std::int32_t maximum_attempts = 0;
    std::vector<std::string> non_retryable_error_types{};
  };
  std::optional<Retry> retry{};
  std::optional<WirePriority> priority{};
  std::int32_t id_reuse_policy = 0;     ///< enums.ActivityIdReusePolicy
  std::int32_t id_conflict_policy = 0;  ///< enums.ActivityIdConflictPolicy
  std::string input{};                  ///< serialised common.Payloads
  std::string header{};
  std::string user_metadata{};
  std::size_t summary_bytes = 0, details_bytes = 0;  ///< sizes of the two payloads of user_metadata
  std::string search_attributes{};
  std::vector<WireAttribute> attributes{};  ///< what search_attributes holds
  std::vector<std::string> links{};
  std::vector<LinkFacts> link_facts{};  ///< of each of them
  std::vector<WireCallback> completion_callbacks{};
  /// common.OnConflictOptions; only meaningful with USE_EXISTING.
  bool attach_request_id = false, attach_completion_callbacks = false, attach_links = false;
  bool has_on_conflict_options = false;
};

struct PollTaskRequest {
  std::string namespace_name{};
  std::string task_queue{};
  std::string identity{};
  std::string sdk_name{}, sdk_version{};  ///< from the poll's client-name and client-version headers
  std::string worker_instance_key{};
  std::string worker_control_task_queue{};
  std::optional<double> max_tasks_per_second{};  ///< of task_queue_metadata: a limit for the whole queue
};

/// The by-ID form of a report names an activity instead of an attempt. An empty workflow_id means a standalone one.
struct ById {
  std::string workflow_id{}, run_id{}, activity_id{};
};

/// One attempt's report; `token` is what the poll handed out.
struct HeartbeatRequest {
  std::string namespace_name{}, token{}, identity{}, details{};
  std::optional<ById> by_id{};  ///< set: instead of `token`
};
struct CompletedRequest {
  std::string namespace_name{}, token{}, identity{}, result{};
  std::optional<ById> by_id{};
};
struct FailedRequest {
  std::string namespace_name{}, token{}, identity{};
  std::optional<ById> by_id{};
  bool has_failure = false;
  std::string failure{};  ///< serialised failure.Failure
  /// 0 none of the oneof, else the field number inside Failure (5 application, 6 timeout, 7 canceled, 8 terminated, 9
  /// server, ...).
  std::int32_t failure_info = 0;
  std::string failure_type{};
  bool non_retryable = false;
  std::int32_t timeout_type = 0;
  std::optional<RawDuration> next_retry_delay{};  ///< of the failure itself: those of its causes do not count
  bool has_last_heartbeat_details = false;
  std::string last_heartbeat_details{};
};
struct CanceledRequest {
  std::string namespace_name{}, token{}, identity{}, details{};
  std::optional<ById> by_id{};
};

/// One run by ID. An empty run_id means the latest run.
struct RunRef {
  std::string namespace_name{}, activity_id{}, run_id{};
};
struct DescribeRequest {
  RunRef run{};
  bool include_input = false, include_outcome = false, include_heartbeat_details = false, include_last_failure = false;
  std::string long_poll_token{};
};
struct PollOutcomeRequest {
  RunRef run{};
};
struct CancelRequest {
  RunRef run{};
  std::string identity{}, request_id{}, reason{};
  std::string reason_payloads{};  ///< serialised Payloads: the reason as json/plain
};
}  // namespace longbeat::server
