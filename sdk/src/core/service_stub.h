#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "longbeat/failure.h"
#include "longbeat/payload.h"

namespace longbeat::internal {

using Nanoseconds = std::chrono::nanoseconds;
/// Payloads by header field.
using HeaderFields = std::map<std::string, Payload>;

struct RetryPolicyFields {
  Nanoseconds initial_interval{0};    ///< 0: the server's default, 1 s
  double backoff_coefficient = 0;     ///< 0: the server's default, 2
  Nanoseconds maximum_interval{0};    ///< 0: the server's default, 100 × initial
  std::int32_t maximum_attempts = 0;  ///< 0: no limit
  std::vector<std::string> non_retryable_error_types{};
};

struct PriorityFields {
  std::int32_t priority_key = 0;
  std::string fairness_key{};
  float fairness_weight = 0;
};

// --- What the server can do ---
struct SystemInfo {
  std::string server_version{};
  bool activity_failure_include_heartbeat = false;  ///< accepts last_heartbeat_details inside a failure report
};
struct NamespaceInfo {
  std::string name{};
  std::string id{};
  bool worker_heartbeats = false;
  bool worker_poll_complete_on_shutdown = false;
  bool worker_commands = false;
  std::int64_t blob_size_limit_error = 0;  ///< bytes; 0: not told
};

// --- Client ---
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
};
struct StartedActivity {
  std::string run_id{};
  bool started = false;
};

struct RunParams {
  std::string namespace_name{};
  std::string activity_id{};
  std::string run_id{};  ///< empty: the latest run
};
struct ActivityOutcome {
  std::optional<Payloads> result{};  ///< exactly one of the two
  std::optional<Failure> failure{};
};
struct PolledOutcome {
  std::string run_id{};
  std::optional<ActivityOutcome> outcome{};  ///< unset: not closed yet, ask again
};
struct DescribeParams {
  RunParams run{};
  bool include_input = false, include_outcome = false, include_heartbeat_details = false, include_last_failure = false;
  std::string long_poll_token{};
};
struct ActivityDescription {
  bool present = false;  ///< false: a long poll that ran out
  std::string activity_id{}, run_id{}, type{}, task_queue{};
  std::int32_t status = 0;     ///< enums.ActivityExecutionStatus
  std::int32_t run_state = 0;  ///< enums.PendingActivityState
  std::int32_t attempt = 0;
  std::int64_t heartbeat_count = 0, state_transition_count = 0;
  std::optional<WallTime> schedule_time{}, last_started_time{}, last_heartbeat_time{}, close_time{},
      next_attempt_schedule_time{};
  std::string last_worker_identity{}, canceled_reason{};
  Payloads heartbeat_details{};
  std::optional<Failure> last_failure{};
  std::optional<Payloads> input{};
  std::optional<ActivityOutcome> outcome{};
  std::string long_poll_token{};
};
struct RequestCancelParams {
  RunParams run{};
  std::string identity{}, request_id{}, reason{};
};

// --- Worker ---
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
};
struct FailedParams {
  std::string namespace_name{}, identity{}, token{};
  Failure failure{};
  std::optional<Payloads> last_heartbeat_details{};  ///< one more heartbeat; only for servers that take it
};
struct CanceledParams {
  std::string namespace_name{}, identity{}, token{};
  Payloads details{};
};

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

/// Names one call under way; 0 names none.
using CallId = std::uint64_t;

/// How a call ended. Runs once, on the loop, also after cancel() or a passed deadline.
template <class T>
using Done = std::function<void(StatusOr<T>)>;

/// One method per RPC, in our own types. Loop thread only. Each call has its own timeout, counted from now. Decorators
/// (retry, interceptors, metadata, logging) wrap it; rpc/ implements it on gRPC; tests and the simulation fake it.
class ServiceStub {
 public:
  virtual ~ServiceStub() = default;

  virtual CallId get_system_info(Nanoseconds timeout, Done<SystemInfo> done) = 0;
  virtual CallId describe_namespace(std::string name, Nanoseconds timeout, Done<NamespaceInfo> done) = 0;

  virtual CallId start_activity(StartActivityParams params, Nanoseconds timeout, Done<StartedActivity> done) = 0;
  virtual CallId poll_outcome(RunParams params, Nanoseconds timeout, Done<PolledOutcome> done) = 0;
  virtual CallId describe_activity(DescribeParams params, Nanoseconds timeout, Done<ActivityDescription> done) = 0;
  virtual CallId request_cancel(RequestCancelParams params, Nanoseconds timeout, Done<void> done) = 0;

  /// Empty: nothing came in time. A list, because one answer may carry several tasks one day.
  virtual CallId poll_tasks(PollTaskParams params, Nanoseconds timeout, Done<std::vector<ActivityTask>> done) = 0;
  virtual CallId record_heartbeat(HeartbeatParams params, Nanoseconds timeout, Done<HeartbeatFlags> done) = 0;
  virtual CallId respond_completed(CompletedParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_failed(FailedParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId respond_canceled(CanceledParams params, Nanoseconds timeout, Done<void> done) = 0;

  virtual CallId record_worker_heartbeat(WorkerHeartbeatParams params, Nanoseconds timeout, Done<void> done) = 0;
  virtual CallId shutdown_worker(ShutdownWorkerParams params, Nanoseconds timeout, Done<void> done) = 0;

  /// Gives the call up: its Done runs soon with CANCELLED unless it has an answer already. Unknown IDs are ignored.
  virtual void cancel(CallId call) = 0;
};

}  // namespace longbeat::internal
