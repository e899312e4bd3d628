#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "request/limits.h"
#include "request/namespace_requests.h"
#include "request/operator_requests.h"
#include "request/queue_requests.h"
#include "request/requests.h"
#include "request/worker_requests.h"

/// Checks and normalisation of requests: pure, in the protocol's order, with its codes and texts.
namespace longbeat::server {

/// enums.ActivityIdReusePolicy and ActivityIdConflictPolicy, same numbers; never "unspecified" here.
enum class IdReusePolicy : std::int8_t { kAllowDuplicate = 1, kAllowDuplicateFailedOnly = 2, kRejectDuplicate = 3 };
enum class IdConflictPolicy : std::int8_t { kFail = 1, kUseExisting = 2 };

/// Zero means none; start_to_close is never zero.
struct NormalTimeouts {
  std::chrono::nanoseconds schedule_to_close{0}, schedule_to_start{0}, start_to_close{0}, heartbeat{0};
  friend bool operator==(const NormalTimeouts&, const NormalTimeouts&) = default;
};

/// Every field filled; a missing policy is the default one, not "no retry".
struct NormalRetry {
  std::chrono::nanoseconds initial_interval = std::chrono::seconds(1);
  double backoff_coefficient = 2.0;
  std::chrono::nanoseconds maximum_interval = std::chrono::seconds(100);
  std::int32_t maximum_attempts = 0;  ///< 0: no limit
  std::vector<std::string> non_retryable_error_types{};
  friend bool operator==(const NormalRetry&, const NormalRetry&) = default;
};

/// What a valid start request means beyond its own strings and bytes, which stay in the request.
struct NormalStart {
  std::chrono::nanoseconds start_delay{0};
  NormalTimeouts timeouts{};
  NormalRetry retry{};
  IdReusePolicy id_reuse_policy = IdReusePolicy::kAllowDuplicate;
  IdConflictPolicy id_conflict_policy = IdConflictPolicy::kFail;
};

/// Checks a start request. An empty request_id is fine: the engine makes one. Whether the namespace exists is not
/// checked.
StatusOr<NormalStart> normalise(const StartRequest& request, const RequestLimits& limits = {});

/// Each of these checks the fields of one request that need no look at any state. For a token's content see the engine:
/// here it is only checked to be present. Oversized results and details are no errors.
StatusOr<> validate(const PollTaskRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const HeartbeatRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CompletedRequest& request, const RequestLimits& limits = {});
/// Also: a failure by token must be an application failure.
StatusOr<> validate(const FailedRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CanceledRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const PollOutcomeRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CancelRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const TerminateRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DeleteRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const PauseRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const UnpauseRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const ResetRequest& request, const RequestLimits& limits = {});
/// The request alone, its mask included; whether the result is sound is merge_options' to say.
StatusOr<> validate(const UpdateOptionsRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeNamespaceRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const RegisterNamespaceRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const UpdateNamespaceRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DeleteNamespaceRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeTaskQueueRequest& request, const RequestLimits& limits = {});
/// The request alone; how many weights a queue may have altogether is the engine's to say.
StatusOr<> validate(const UpdateTaskQueueConfigRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const ListTaskQueuePartitionsRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const IdlePollRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const RecordWorkerHeartbeatRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const ShutdownWorkerRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeWorkerRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const PollCommandsRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CommandsDoneRequest& request, const RequestLimits& limits = {});

/// A namespace of this name can be there; those that begin with the server may have longer names.
StatusOr<> validate_namespace(const std::string& name, const RequestLimits& limits = {});

/// The refusals of task tokens, for the engine that decodes them.
Status bad_token();                   ///< undecodable
Status token_of_another_namespace();  ///< the request's namespace is set and differs from the token's

/// A duration as sent → what it means: not negative, no mixed signs, nanos in range, capped at 100 years (36500 days);
/// unset is zero. `field` names it in the error, for example "StartDelay".
StatusOr<std::chrono::nanoseconds> parse_duration(const std::optional<RawDuration>& raw, const std::string& field);
/// The delay that a worker wishes for, capped like that. Zero, which is the policy's own: unset, or not above zero.
std::chrono::nanoseconds wished_delay(const std::optional<RawDuration>& raw);

/// Fills in defaults field by field and checks the result.
StatusOr<NormalRetry> normalise_retry(const std::optional<StartRequest::Retry>& retry);

/// Everything about an activity that an operator may change, normalised.
struct NormalOptions {
  std::string task_queue{};
  NormalTimeouts timeouts{};
  NormalRetry retry{};
  std::optional<WirePriority> priority{};
  std::chrono::nanoseconds start_delay{0};
  friend bool operator==(const NormalOptions&, const NormalOptions&) = default;
};

/// What an update makes of the options there are.
struct MergedOptions {
  NormalOptions options{};
  bool retry_policy_named = false;  ///< the mask names it or a part of it
  bool start_delay_named = false;
};

/// Applies the fields that the mask names to `current` and normalises the result anew. The request has passed
/// validate() and does not restore the original options.
/// `type`: of the activity, for the error.
StatusOr<MergedOptions> merge_options(const NormalOptions& current, const UpdateOptionsRequest& request,
                                      const RequestLimits& limits = {}, const std::string& type = {});

/// The paths of a mask and the fields they name: known paths only, whose parent messages are there.
StatusOr<> check_mask(const std::vector<std::string>& mask, const WireOptions& options, const RequestLimits& limits);

/// Is `json`, a payload's data, a value of this search attribute? `type` is an enums.IndexedValueType. Empty and null
/// are: they leave the attribute unset.
StatusOr<> check_attribute(const std::string& name, std::int32_t type, const std::string& json);

/// "Keyword", "Int" and so on for an enums.IndexedValueType; empty when there is none of this number.
std::string_view attribute_type_name(std::int32_t type) noexcept;

/// NOT_FOUND for every call that names a workflow: there are none.
Status not_found_workflow(const std::string& workflow_id);

/// A valid jitter; unset is zero.
StatusOr<std::chrono::nanoseconds> parse_jitter(const std::optional<RawDuration>& jitter);

/// The rules among the four timeouts; reused when an operator changes them.
StatusOr<NormalTimeouts> normalise_timeouts(NormalTimeouts asked, const std::string& activity_id,
                                            const std::string& type);

}  // namespace longbeat::server
