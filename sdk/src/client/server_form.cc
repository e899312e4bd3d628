#include <utility>

#include "client/public_form.h"

namespace longbeat::internal {
namespace {

TaskQueueStats stats_of(const TaskQueueStatsFields& from) {
  return {from.approximate_backlog_count, from.approximate_backlog_age, from.tasks_add_rate, from.tasks_dispatch_rate,
          from.rate_limiting_active};
}

std::optional<RateLimit> limit_of(std::optional<RateLimitFields> from) {
  if (!from) return std::nullopt;
  return RateLimit{from->requests_per_second, std::move(from->reason), std::move(from->update_identity),
                   from->update_time};
}

std::optional<WorkerSlots> slots_of(std::optional<WorkerSlotsFields> from) {
  if (!from) return std::nullopt;
  return WorkerSlots{from->available,    from->used,   std::move(from->supplier_kind),
                     from->processed,    from->failed, from->processed_lately,
                     from->failed_lately};
}

std::optional<WorkerPollers> pollers_of(const std::optional<WorkerPollersFields>& from) {
  if (!from) return std::nullopt;
  return WorkerPollers{from->current, from->last_successful_poll_time, from->is_autoscaling};
}

WorkerSummary summary_of(WorkerSummaryFields from) {
  WorkerSummary to;
  to.worker_instance_key = std::move(from.instance_key);
  to.identity = std::move(from.identity);
  to.task_queue = std::move(from.task_queue);
  to.status = known(from.status, WorkerState::kShutdown);
  to.sdk_name = std::move(from.sdk_name);
  to.sdk_version = std::move(from.sdk_version);
  to.host_name = std::move(from.host_name);
  to.process_id = std::move(from.process_id);
  to.worker_grouping_key = std::move(from.process_key);
  to.start_time = from.start_time;
  to.deployment_version = public_form(from.deployment_version);
  return to;
}

}  // namespace

longbeat::TaskQueueDescription public_form(TaskQueueDescription from) {
  longbeat::TaskQueueDescription to;
  for (auto& poller : from.pollers) {
    to.pollers.push_back(
        {std::move(poller.identity), poller.last_access_time, poller.rate_per_second, public_form(poller.deployment)});
  }
  if (from.stats) to.stats = stats_of(*from.stats);
  for (const auto& [key, stats] : from.stats_by_priority_key) to.stats_by_priority_key.emplace(key, stats_of(stats));
  if (from.config) {
    to.config = TaskQueueConfig{limit_of(std::move(from.config->queue_rate_limit)),
                                limit_of(std::move(from.config->fairness_keys_rate_limit_default)),
                                std::move(from.config->fairness_weight_overrides)};
  }
  if (from.effective_rate_limit) {
    to.effective_rate_limit = EffectiveRateLimit{from.effective_rate_limit->requests_per_second,
                                                 known(from.effective_rate_limit->source, RateLimitSource::kSystem)};
  }
  if (from.versioning) {
    to.current_version = public_form(from.versioning->current_version);
    to.ramping_version = public_form(from.versioning->ramping_version);
    to.ramping_version_percentage = from.versioning->ramping_percentage;
  }
  return to;
}

WorkerListPage public_form(WorkerPage from) {
  WorkerListPage to;
  for (auto& worker : from.workers) to.workers.push_back(summary_of(std::move(worker)));
  to.next_page_token = std::move(from.next_page_token);
  return to;
}

longbeat::WorkerDescription public_form(WorkerDescription from) {
  longbeat::WorkerDescription to;
  to.summary = summary_of(std::move(from.summary));
  to.host_cpu_usage = from.host_cpu_usage;
  to.host_memory_usage = from.host_memory_usage;
  to.heartbeat_time = from.heartbeat_time;
  to.activity_slots = slots_of(std::move(from.activity_slots));
  to.local_activity_slots = slots_of(std::move(from.local_activity_slots));
  to.workflow_slots = slots_of(std::move(from.workflow_slots));
  to.nexus_slots = slots_of(std::move(from.nexus_slots));
  to.activity_pollers = pollers_of(from.activity_pollers);
  to.workflow_pollers = pollers_of(from.workflow_pollers);
  to.nexus_pollers = pollers_of(from.nexus_pollers);
  return to;
}

NamespaceDescription public_form(NamespaceInfo from) {
  NamespaceDescription to;
  to.name = std::move(from.name);
  to.id = std::move(from.id);
  to.state = known(from.state, NamespaceStatus::kDeleted);
  to.description = std::move(from.description);
  to.owner_email = std::move(from.owner_email);
  to.data = std::move(from.data);
  to.retention = from.retention;
  if (from.blob_size_limit_error > 0) to.blob_size_limit_error = from.blob_size_limit_error;
  to.standalone_activities = from.standalone_activities;
  to.standalone_activity_start_delay = from.standalone_activity_start_delay;
  to.standalone_activity_operator_commands = from.standalone_activity_operator_commands;
  to.standalone_activity_batch_operations = from.standalone_activity_batch_operations;
  to.worker_heartbeats = from.worker_heartbeats;
  to.worker_poll_complete_on_shutdown = from.worker_poll_complete_on_shutdown;
  to.worker_commands = from.worker_commands;
  to.poller_autoscaling = from.poller_autoscaling;
  to.is_global_namespace = from.is_global_namespace;
  to.active_cluster = std::move(from.active_cluster);
  to.clusters = std::move(from.clusters);
  to.failover_version = from.failover_version;
  to.custom_search_attribute_aliases = std::move(from.custom_search_attribute_aliases);
  return to;
}

}  // namespace longbeat::internal
