#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "longbeat/activity_description.h"
#include "longbeat/call_options.h"
#include "longbeat/export.h"
#include "longbeat/timestamp.h"

// What a server tells of a namespace, of its task queues and of the workers on them.

LONGBEAT_BEGIN

// --- Task queues ---
struct DescribeTaskQueueOptions {
  bool report_stats = true;
  bool report_config = false;
  CallOptions call{};
};

/// A worker that has polled the queue within the last minutes.
struct Poller {
  std::string identity{};
  std::optional<Timestamp> last_access_time{};
  /// Most tasks a second that it takes; 0: not limited by it.
  double rate_per_second = 0;
  std::optional<DeploymentVersion> deployment{};
};
struct TaskQueueStats {
  /// Activities that wait for a worker, and for how long the oldest has.
  std::int64_t approximate_backlog_count = 0;
  std::chrono::nanoseconds approximate_backlog_age{0};
  /// A second, lately.
  float tasks_add_rate = 0, tasks_dispatch_rate = 0;
  /// A rate limit holds activities back.
  bool rate_limiting_active = false;
};
struct RateLimit {
  /// Not set: no limit.
  std::optional<float> requests_per_second{};
  /// Why, who and when.
  std::string reason{}, update_identity{};
  std::optional<Timestamp> update_time{};
};
struct TaskQueueConfig {
  std::optional<RateLimit> queue_rate_limit{}, fairness_keys_rate_limit_default{};
  /// By fairness key.
  std::map<std::string, float> fairness_weight_overrides{};
};
enum class RateLimitSource : std::int8_t {
  kUnspecified = 0,
  kApi = 1,     ///< Set by an operator.
  kWorker = 2,  ///< Asked for by a worker.
  kSystem = 3,  ///< The server's own.
};
struct EffectiveRateLimit {
  float requests_per_second = 0;
  RateLimitSource source = RateLimitSource::kUnspecified;
};
/// A queue of activity tasks. A queue that nobody uses is empty, not unknown.
struct TaskQueueDescription {
  std::vector<Poller> pollers{};
  /// With report_stats.
  std::optional<TaskQueueStats> stats{};
  /// With report_stats, by Priority::priority_key.
  std::map<std::int32_t, TaskQueueStats> stats_by_priority_key{};
  /// With report_config.
  std::optional<TaskQueueConfig> config{};
  std::optional<EffectiveRateLimit> effective_rate_limit{};
  /// Where workers are versioned: what runs most tasks, and what is being tried with some of them.
  std::optional<DeploymentVersion> current_version{}, ramping_version{};
  float ramping_version_percentage = 0;
};

// --- Workers ---
enum class WorkerState : std::int8_t { kUnspecified = 0, kRunning = 1, kShuttingDown = 2, kShutdown = 3 };
/// "Running", "ShuttingDown", "Shutdown".
LONGBEAT_EXPORT std::string_view to_string(WorkerState status) noexcept;

struct ListWorkersOptions {
  /// For example "TaskQueue = 'billing' AND WorkerStatus = 'Running'". Fields: WorkerInstanceKey, WorkerIdentity,
  /// HostName, TaskQueue, DeploymentName, BuildId, SdkName, SdkVersion, StartTime, HeartbeatTime, WorkerStatus. Empty:
  /// all.
  std::string query{};
  /// Most rows in one answer of the server, from 1. Not set: all.
  std::optional<std::int32_t> page_size{};
  std::string next_page_token{};
  /// Those that SDKs run for themselves, too.
  bool include_system_workers = false;
  /// Of each page.
  CallOptions call{};
};

/// A worker that has sent a heartbeat of its own within the last minutes.
struct WorkerSummary {
  /// Names it, for describe_worker().
  std::string worker_instance_key{};
  std::string identity{};
  std::string task_queue{};
  WorkerState status = WorkerState::kUnspecified;
  std::string sdk_name{}, sdk_version{};
  std::string host_name{}, process_id{};
  /// The same for all workers of one process.
  std::string worker_grouping_key{};
  std::optional<Timestamp> start_time{};
  std::optional<DeploymentVersion> deployment_version{};
};
struct WorkerListPage {
  std::vector<WorkerSummary> workers{};
  /// Empty: this was the last one.
  std::string next_page_token{};
};

struct WorkerSlots {
  std::int32_t available = 0, used = 0;
  std::string supplier_kind{};
  /// Attempts since its start, and since the heartbeat before the last one.
  std::int32_t processed = 0, failed = 0, last_interval_processed = 0, last_interval_failed = 0;
};
struct WorkerPollers {
  std::int32_t current = 0;
  std::optional<Timestamp> last_successful_poll_time{};
  bool is_autoscaling = false;
};
/// What a worker told about itself with its last heartbeat.
struct WorkerDescription {
  WorkerSummary summary{};
  /// Of the whole host, 0 to 1; 0 also when not told.
  float host_cpu_usage = 0, host_memory_usage = 0;
  std::optional<Timestamp> heartbeat_time{};
  /// Not set: it has none.
  std::optional<WorkerSlots> activity_slots{}, local_activity_slots{}, workflow_slots{}, nexus_slots{};
  std::optional<WorkerPollers> activity_pollers{}, workflow_pollers{}, nexus_pollers{};
};

// --- Namespaces ---
struct DescribeNamespaceOptions {
  /// Empty: the client's own.
  std::string namespace_name{};
  CallOptions call{};
};

enum class NamespaceStatus : std::int8_t { kUnspecified = 0, kRegistered = 1, kDeprecated = 2, kDeleted = 3 };

struct NamespaceDescription {
  std::string name{};
  std::string id{};
  NamespaceStatus state = NamespaceStatus::kUnspecified;
  std::string description{}, owner_email{};
  std::map<std::string, std::string> data{};
  /// How long closed activities are kept. Not set: not told.
  std::optional<std::chrono::nanoseconds> retention{};
  /// Most bytes of an input, a result, details or a failure. Not set: not told.
  std::optional<std::int64_t> blob_size_limit_error{};

  // What the server can do here.
  bool standalone_activities = false;
  bool standalone_activity_start_delay = false;
  /// pause, unpause, reset, update_options; without it they give kUnimplemented.
  bool standalone_activity_operator_commands = false;
  bool standalone_activity_batch_operations = false;
  bool worker_heartbeats = false;
  bool worker_poll_complete_on_shutdown = false;
  bool worker_commands = false;
  bool poller_autoscaling = false;

  // Where the server is a cluster.
  bool is_global_namespace = false;
  std::string active_cluster{};
  std::vector<std::string> clusters{};
  std::int64_t failover_version = 0;
  /// From a name in queries to the name the server stores.
  std::map<std::string, std::string> custom_search_attribute_aliases{};
};

LONGBEAT_END
