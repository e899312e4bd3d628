#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "request/requests.h"

/// Checks and normalisation of requests: pure, in the protocol's order, with its codes and texts.
namespace longbeat::server {

struct RequestLimits {
  std::size_t payload_bytes_max = 2 * 1024 * 1024;  ///< input; also a reason
  std::size_t id_bytes_max = 1000;                  ///< IDs, types, task queues, identities
  std::size_t summary_bytes_max = 400;
  std::size_t details_bytes_max = 20'000;
  std::size_t search_attributes_bytes_max = 40 * 1024;
  std::size_t links_max = 10;
  std::size_t link_bytes_max = 4000;
};

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
/// Also: a given failure must be an application failure, and its next_retry_delay a valid duration.
StatusOr<> validate(const FailedRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CanceledRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const PollOutcomeRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const CancelRequest& request, const RequestLimits& limits = {});
StatusOr<> validate(const DescribeNamespaceRequest& request, const RequestLimits& limits = {});

/// The refusals of task tokens, for the engine that decodes them.
Status bad_token();                   ///< undecodable
Status token_of_another_namespace();  ///< the request's namespace is set and differs from the token's

/// A duration as sent → what it means: not negative, no mixed signs, nanos in range, capped at 100 years (36500 days);
/// unset is zero. `field` names it in the error, for example "StartDelay".
StatusOr<std::chrono::nanoseconds> parse_duration(const std::optional<RawDuration>& raw, const std::string& field);

/// Fills in defaults field by field and checks the result.
StatusOr<NormalRetry> normalise_retry(const std::optional<StartRequest::Retry>& retry);

/// The rules among the four timeouts; reused when an operator changes them.
StatusOr<NormalTimeouts> normalise_timeouts(NormalTimeouts asked, const std::string& activity_id,
                                            const std::string& type);

}  // namespace longbeat::server
