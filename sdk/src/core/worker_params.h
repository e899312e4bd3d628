#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/common_params.h"
#include "longbeat/failure.h"

// Parameters and answers of the calls about attempts (protocol.md §1.3, §1.4) and of a worker's own registration
// (§1.5).

namespace longbeat::internal {

struct PollTaskParams {
  std::string namespace_name{}, task_queue{}, identity{}, worker_instance_key{};
};
/// What a poll hands to a worker: one attempt.
struct ActivityTask {
  std::string token{};
  std::string namespace_name{};
  std::string activity_id{}, activity_type{}, activity_run_id{};
  std::string workflow_id{}, workflow_run_id{}, workflow_type{};  ///< empty for a standalone activity
  HeaderFields header{};
  Payloads input{};
  Payloads heartbeat_details{};
  WallTime scheduled_time{}, current_attempt_scheduled_time{}, started_time{};
  std::int32_t attempt = 1;
  Nanoseconds schedule_to_close{0}, start_to_close{0}, heartbeat{0};  ///< 0: none
  RetryPolicyFields retry{};
  PriorityFields priority{};
};

// --- Reports of the holder of a token ---
// `retried`: a client's outcome, which RetryingStub sends again while the server cannot answer. A worker repeats its
// own, within its lease; heartbeats are repeated by those who know newer ones.
struct HeartbeatParams {
  std::string namespace_name{}, identity{}, token{};
  Payloads details{};
};
struct HeartbeatFlags {
  bool cancel_requested = false, activity_paused = false, activity_reset = false;
};
struct CompletedParams {
  std::string namespace_name{}, identity{}, token{};
  Payloads result{};
  bool retried = false;
};
struct FailedParams {
  std::string namespace_name{}, identity{}, token{};
  Failure failure{};
  std::optional<Payloads> last_heartbeat_details{};  ///< one more heartbeat; only for servers that take it
  bool retried = false;
};
struct CanceledParams {
  std::string namespace_name{}, identity{}, token{};
  Payloads details{};
  bool retried = false;
};

// --- The same by ID: they act on the attempt that is current, whichever that is ---
struct HeartbeatByIdParams {
  TargetParams target{};
  std::string identity{};
  Payloads details{};
};
struct CompletedByIdParams {
  TargetParams target{};
  std::string identity{};
  Payloads result{};
};
struct FailedByIdParams {
  TargetParams target{};
  std::string identity{};
  Failure failure{};
  std::optional<Payloads> last_heartbeat_details{};  ///< one more heartbeat; only for servers that take it
};
struct CanceledByIdParams {
  TargetParams target{};
  std::string identity{};
  Payloads details{};
};

// --- Registration ---
/// Numbers of enums.WorkerStatus.
enum class WorkerStatus : std::int32_t { kRunning = 1, kShuttingDown = 2, kShutdown = 3 };

/// What a worker tells about itself.
struct WorkerHeartbeatFields {
  std::string instance_key{}, identity{};
  std::string host_name{}, process_id{}, process_key{};  ///< process_key: shared by the workers of one process
  std::string task_queue{};
  WorkerStatus status = WorkerStatus::kRunning;
  WallTime start_time{}, heartbeat_time{};
  std::optional<Nanoseconds> since_last{};  ///< unset: this is the first
  std::int32_t slots_free = 0, slots_used = 0;
  std::int32_t processed = 0, failed = 0;                ///< attempts since the start
  std::int32_t processed_lately = 0, failed_lately = 0;  ///< since the heartbeat before
  std::int32_t polls_open = 0;
  std::optional<WallTime> last_poll_with_task{};
};
struct WorkerHeartbeatParams {
  std::string namespace_name{}, identity{};
  WorkerHeartbeatFields heartbeat{};
};
struct ShutdownWorkerParams {
  std::string namespace_name{}, identity{}, task_queue{}, worker_instance_key{}, reason{};
  std::optional<WorkerHeartbeatFields> heartbeat{};
};

}  // namespace longbeat::internal
