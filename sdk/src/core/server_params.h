#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/common_params.h"

// Parameters and answers of the calls about the server: what it can do, namespaces, task queues, workers.

namespace longbeat::internal {

// --- What the server can do ---
struct SystemInfo {
  std::string server_version{};
  bool activity_failure_include_heartbeat = false;  ///< accepts last_heartbeat_details inside a failure report
};

/// workflowservice.DescribeNamespaceResponse, without what concerns workflows alone.
struct NamespaceInfo {
  std::string name{};
  std::string id{};
  // Capabilities.
  bool worker_heartbeats = false;
  bool worker_poll_complete_on_shutdown = false;
  bool worker_commands = false;
  bool standalone_activities = false;
  bool standalone_activity_start_delay = false;
  bool standalone_activity_operator_commands = false;  ///< pause, unpause, reset, update options
  bool standalone_activity_batch_operations = false;
  bool poller_autoscaling = false;
  std::int64_t blob_size_limit_error = 0;  ///< in bytes; 0: not told

  std::int32_t state = 0;  ///< enums.NamespaceState
  std::string description{}, owner_email{};
  std::map<std::string, std::string> data{};
  std::optional<Nanoseconds> retention{};  ///< how long closed activities are kept
  std::map<std::string, std::string> custom_search_attribute_aliases{};
  std::string active_cluster{};
  std::vector<std::string> clusters{};
  std::int64_t failover_version = 0;
  bool is_global_namespace = false;
};

// --- Task queues ---
/// Number of enums.TaskQueueType.
inline constexpr std::int32_t kActivityTaskQueue = 2;

struct DescribeTaskQueueParams {
  std::string namespace_name{}, task_queue{};
  std::int32_t type = kActivityTaskQueue;  ///< enums.TaskQueueType; the server would take 0 for workflows
  bool report_stats = false, report_config = false;
};
/// taskqueue.PollerInfo.
struct PollerFields {
  std::string identity{};
  std::optional<WallTime> last_access_time{};
  double rate_per_second = 0;
  std::optional<DeploymentVersionFields> deployment{};
};
struct TaskQueueStatsFields {
  std::int64_t approximate_backlog_count = 0;
  Nanoseconds approximate_backlog_age{0};
  float tasks_add_rate = 0, tasks_dispatch_rate = 0;  ///< per second
  bool rate_limiting_active = false;
};
struct RateLimitFields {
  std::optional<float> requests_per_second{};  ///< unset: no limit
  std::string reason{}, update_identity{};
  std::optional<WallTime> update_time{};
};
struct TaskQueueConfigFields {
  std::optional<RateLimitFields> queue_rate_limit{}, fairness_keys_rate_limit_default{};
  std::map<std::string, float> fairness_weight_overrides{};
};
struct EffectiveRateLimitFields {
  float requests_per_second = 0;
  std::int32_t source = 0;  ///< enums.RateLimitSource
};
struct TaskQueueVersioningFields {
  std::optional<DeploymentVersionFields> current_version{}, ramping_version{};
  float ramping_percentage = 0;
  std::optional<WallTime> update_time{};
};
struct TaskQueueDescription {
  std::vector<PollerFields> pollers{};
  std::optional<TaskQueueStatsFields> stats{};                           ///< with report_stats
  std::map<std::int32_t, TaskQueueStatsFields> stats_by_priority_key{};  ///< with report_stats
  std::optional<TaskQueueConfigFields> config{};                         ///< with report_config
  std::optional<EffectiveRateLimitFields> effective_rate_limit{};
  std::optional<TaskQueueVersioningFields> versioning{};
};

// --- Workers ---
struct ListWorkersParams {
  std::string namespace_name{};
  std::string query{};            ///< protocol.md §2.14; empty: all
  std::int32_t page_size = 0;     ///< 0: all
  std::string next_page_token{};  ///< empty: the first page
  bool include_system_workers = false;
};
struct CountWorkersParams {
  std::string namespace_name{}, query{};
  bool include_system_workers = false;
};
struct DescribeWorkerParams {
  std::string namespace_name{}, worker_instance_key{};
};
/// What both the list and the description tell.
struct WorkerSummaryFields {
  std::string instance_key{}, identity{}, task_queue{};
  std::string host_name{}, process_id{}, process_key{};  ///< process_key: shared by the workers of one process
  std::string sdk_name{}, sdk_version{};
  std::int32_t status = 0;  ///< enums.WorkerStatus
  std::optional<WallTime> start_time{};
  std::optional<DeploymentVersionFields> deployment_version{};
};
struct WorkerPage {
  std::vector<WorkerSummaryFields> workers{};
  std::string next_page_token{};  ///< empty: this was the last
};
/// worker.WorkerSlotsInfo.
struct WorkerSlotsFields {
  std::int32_t available = 0, used = 0;
  std::string supplier_kind{};
  std::int32_t processed = 0, failed = 0;                ///< tasks since the start
  std::int32_t processed_lately = 0, failed_lately = 0;  ///< since the heartbeat before
};
/// worker.WorkerPollerInfo.
struct WorkerPollersFields {
  std::int32_t current = 0;
  std::optional<WallTime> last_successful_poll_time{};
  bool is_autoscaling = false;
};
/// worker.WorkerHeartbeat as it is read; a worker's own, to be sent, is WorkerHeartbeatFields.
struct WorkerDescription {
  WorkerSummaryFields summary{};
  float host_cpu_usage = 0, host_memory_usage = 0;  ///< 0 to 1
  std::optional<WallTime> heartbeat_time{};
  std::optional<Nanoseconds> since_last{};  ///< between its latest two heartbeats
  std::optional<WorkerSlotsFields> activity_slots{}, local_activity_slots{}, workflow_slots{}, nexus_slots{};
  std::optional<WorkerPollersFields> activity_pollers{}, workflow_pollers{}, nexus_pollers{};
};

}  // namespace longbeat::internal
