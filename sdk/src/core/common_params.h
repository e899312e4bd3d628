#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "longbeat/payload.h"

// What the parameters and answers of several calls are made of. Enums of the protocol travel as numbers, so that one
// this version does not know survives; 0 is "unspecified".

namespace longbeat::internal {

using Nanoseconds = std::chrono::nanoseconds;
/// Payloads by header field.
using HeaderFields = std::map<std::string, Payload>;
/// Payloads by name of the search attribute; their metadata "type" names the kind.
using SearchAttributeFields = std::map<std::string, Payload>;

struct RetryPolicyFields {
  Nanoseconds initial_interval{0};    ///< 0: the server's default, 1 s
  double backoff_coefficient = 0;     ///< 0: the server's default, 2
  Nanoseconds maximum_interval{0};    ///< 0: the server's default, 100 × initial
  std::int32_t maximum_attempts = 0;  ///< 0: no limit
  std::vector<std::string> non_retryable_error_types{};

  friend bool operator==(const RetryPolicyFields&, const RetryPolicyFields&) = default;
};

struct PriorityFields {
  std::int32_t priority_key = 0;
  std::string fairness_key{};
  float fairness_weight = 0;

  friend bool operator==(const PriorityFields&, const PriorityFields&) = default;
};

/// deployment.WorkerDeploymentVersion.
struct DeploymentVersionFields {
  std::string deployment_name{}, build_id{};

  friend bool operator==(const DeploymentVersionFields&, const DeploymentVersionFields&) = default;
};

// --- Links: what an activity belongs to (common.Link) ---
struct WorkflowEventLink {
  std::string namespace_name{}, workflow_id{}, run_id{};
  std::int32_t event_type = 0;             ///< enums.EventType
  std::optional<std::int64_t> event_id{};  ///< set: the event by its number, else
  std::string request_id{};                ///< by the request that made it
  bool operator==(const WorkflowEventLink&) const = default;
};
struct BatchJobLink {
  std::string job_id{};
  bool operator==(const BatchJobLink&) const = default;
};
struct ActivityLink {
  std::string namespace_name{}, activity_id{}, run_id{};
  bool operator==(const ActivityLink&) const = default;
};
struct NexusOperationLink {
  std::string namespace_name{}, operation_id{}, run_id{};
  bool operator==(const NexusOperationLink&) const = default;
};
struct WorkflowLink {
  std::string namespace_name{}, workflow_id{}, run_id{}, reason{};
  bool operator==(const WorkflowLink&) const = default;
};
/// std::monostate: a kind that this version does not know.
using LinkFields =
    std::variant<std::monostate, WorkflowEventLink, BatchJobLink, ActivityLink, NexusOperationLink, WorkflowLink>;

/// common.Callback: whom the server tells that an activity has closed.
struct CallbackFields {
  std::string url{};  ///< empty: not by HTTP but inside the server
  std::map<std::string, std::string> header{};
  std::vector<LinkFields> links{};

  friend bool operator==(const CallbackFields&, const CallbackFields&) = default;
};

/// One execution, or the latest run of an ID.
struct RunParams {
  std::string namespace_name{};
  std::string activity_id{};
  std::string run_id{};  ///< empty: the latest run
};

/// One activity, standalone or in a workflow (protocol.md §1.4, §1.7).
struct TargetParams {
  std::string namespace_name{};
  std::string workflow_id{};  ///< empty: standalone
  std::string activity_id{};
  std::string run_id{};  ///< of the activity, or of the workflow where there is one; empty: the latest
};

}  // namespace longbeat::internal
