#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/failure.h"
#include "longbeat/timestamp.h"

LONGBEAT_BEGIN

/// Another activity.
struct LinkToActivity {
  std::string namespace_name{}, activity_id{}, run_id{};
  friend bool operator==(const LinkToActivity&, const LinkToActivity&) = default;
};
/// A workflow. Servers refuse it at a start so far; LinkToWorkflowEvent names the workflow too.
struct LinkToWorkflow {
  std::string namespace_name{}, workflow_id{}, run_id{}, reason{};
  friend bool operator==(const LinkToWorkflow&, const LinkToWorkflow&) = default;
};
/// An event in a workflow's history, by its number or by the request that made it.
struct LinkToWorkflowEvent {
  std::string namespace_name{}, workflow_id{}, run_id{};
  std::int32_t event_type = 0;  ///< as the protocol numbers them
  std::optional<std::int64_t> event_id{};
  std::string request_id{};  ///< counts when event_id is not set
  friend bool operator==(const LinkToWorkflowEvent&, const LinkToWorkflowEvent&) = default;
};
struct LinkToBatchJob {
  std::string job_id{};
  friend bool operator==(const LinkToBatchJob&, const LinkToBatchJob&) = default;
};
struct LinkToNexusOperation {
  std::string namespace_name{}, operation_id{}, run_id{};
  friend bool operator==(const LinkToNexusOperation&, const LinkToNexusOperation&) = default;
};
/// What an activity belongs to, for people and tools. std::monostate: a kind that this version does not know.
using Link = std::variant<std::monostate, LinkToActivity, LinkToWorkflow, LinkToWorkflowEvent, LinkToBatchJob,
                          LinkToNexusOperation>;

/// Whom the server calls by HTTP when the activity has closed, with its outcome, as a Nexus completion.
struct CompletionCallback {
  std::string url{};
  /// Header fields of that request.
  std::map<std::string, std::string> header{};
  std::vector<Link> links{};
};

/// How far a completion callback has come.
enum class CallbackState : std::int8_t {
  kUnspecified = 0,
  kStandby = 1,     ///< The activity is open.
  kScheduled = 2,   ///< About to be called.
  kBackingOff = 3,  ///< Called in vain, to be called again.
  kFailed = 4,      ///< Given up.
  kSucceeded = 5,
  kBlocked = 6,  ///< See blocked_reason.
};
struct CallbackDescription {
  CompletionCallback callback{};
  CallbackState state = CallbackState::kUnspecified;
  std::int32_t attempt = 0;
  /// Not set when it has not happened.
  std::optional<Timestamp> registration_time{}, last_attempt_complete_time{}, next_attempt_schedule_time{};
  std::optional<Failure> last_attempt_failure{};
  std::string blocked_reason{};
};

LONGBEAT_END
