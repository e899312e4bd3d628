#pragma once
#include <optional>
#include <string>
#include <vector>

#include "request/requests.h"

/// What operators ask of one activity. Each has an optional `workflow_id`, which names a workflow's activity: this
/// server has none.
namespace longbeat::server {

struct TerminateRequest {
  RunRef run{};
  std::string identity{}, request_id{}, reason{};
};

/// Terminates if need be, then removes the run.
struct DeleteRequest {
  RunRef run{};
};

struct PauseRequest {
  RunRef run{};
  std::string workflow_id{}, identity{}, request_id{}, reason{};
};

struct UnpauseRequest {
  RunRef run{};
  std::string workflow_id{}, identity{}, request_id{}, reason{};
  std::optional<RawDuration> jitter{};
};

struct ResetRequest {
  RunRef run{};
  std::string workflow_id{}, identity{}, request_id{};
  bool keep_paused = false, restore_original_options = false, reset_heartbeat = false;
  std::optional<RawDuration> jitter{};
};

/// activity.ActivityOptions as sent: what is absent was not set.
struct WireOptions {
  std::optional<std::string> task_queue{};  ///< set: the TaskQueue message is there; its name
  std::optional<RawDuration> schedule_to_close{}, schedule_to_start{}, start_to_close{}, heartbeat{}, start_delay{};
  std::optional<StartRequest::Retry> retry{};
  std::optional<WirePriority> priority{};
};

struct UpdateOptionsRequest {
  RunRef run{};
  std::string workflow_id{}, identity{}, request_id{};
  std::optional<WireOptions> options{};
  std::optional<std::vector<std::string>> update_mask{};  ///< paths, snake_case or camelCase
  bool restore_original = false;
};

}  // namespace longbeat::server
