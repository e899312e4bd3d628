#include "rpc/convert_server.h"

#include "rpc/convert_common.h"

namespace longbeat::internal {
namespace {

namespace enums_pb = temporal::api::enums::v1;
namespace namespace_pb = temporal::api::namespace_::v1;
namespace queue_pb = temporal::api::taskqueue::v1;

void take_info(const namespace_pb::NamespaceInfo& from, NamespaceInfo& to) {
  to.name = from.name();
  to.id = from.id();
  to.state = static_cast<std::int32_t>(from.state());
  to.description = from.description();
  to.owner_email = from.owner_email();
  to.data = from_proto(from.data());
  const auto& can = from.capabilities();
  to.worker_heartbeats = can.worker_heartbeats();
  to.worker_poll_complete_on_shutdown = can.worker_poll_complete_on_shutdown();
  to.worker_commands = can.worker_commands();
  to.standalone_activities = can.standalone_activities();
  to.standalone_activity_start_delay = can.standalone_activity_start_delay();
  to.standalone_activity_operator_commands = can.standalone_activity_operator_commands();
  to.standalone_activity_batch_operations = can.standalone_activity_batch_operations();
  to.poller_autoscaling = can.poller_autoscaling();
  to.blob_size_limit_error = from.limits().blob_size_limit_error();
}

void take_config(const namespace_pb::NamespaceConfig& from, NamespaceInfo& to) {
  to.retention = optional_of(from.has_workflow_execution_retention_ttl(), from.workflow_execution_retention_ttl());
  to.custom_search_attribute_aliases = from_proto(from.custom_search_attribute_aliases());
}

void take_replication(const service_pb::DescribeNamespaceResponse& from, NamespaceInfo& to) {
  to.active_cluster = from.replication_config().active_cluster_name();
  for (const auto& cluster : from.replication_config().clusters()) to.clusters.push_back(cluster.cluster_name());
  to.failover_version = from.failover_version();
  to.is_global_namespace = from.is_global_namespace();
}

PollerFields poller_of(const queue_pb::PollerInfo& from) {
  PollerFields to;
  to.identity = from.identity();
  to.last_access_time = optional_of(from.has_last_access_time(), from.last_access_time());
  to.rate_per_second = from.rate_per_second();
  if (from.has_deployment_options()) {
    const auto& options = from.deployment_options();
    to.deployment = DeploymentVersionFields{options.deployment_name(), options.build_id()};
  }
  return to;
}

TaskQueueStatsFields stats_of(const queue_pb::TaskQueueStats& from) {
  return {from.approximate_backlog_count(), from_proto(from.approximate_backlog_age()), from.tasks_add_rate(),
          from.tasks_dispatch_rate(), from.rate_limiting_active()};
}

RateLimitFields rate_limit_of(const queue_pb::RateLimitConfig& from) {
  RateLimitFields to;
  if (from.has_rate_limit()) to.requests_per_second = from.rate_limit().requests_per_second();
  to.reason = from.metadata().reason();
  to.update_identity = from.metadata().update_identity();
  to.update_time = optional_of(from.metadata().has_update_time(), from.metadata().update_time());
  return to;
}

TaskQueueConfigFields config_of(const queue_pb::TaskQueueConfig& from) {
  TaskQueueConfigFields to;
  if (from.has_queue_rate_limit()) to.queue_rate_limit = rate_limit_of(from.queue_rate_limit());
  if (from.has_fairness_keys_rate_limit_default())
    to.fairness_keys_rate_limit_default = rate_limit_of(from.fairness_keys_rate_limit_default());
  to.fairness_weight_overrides = from_proto(from.fairness_weight_overrides());
  return to;
}

TaskQueueVersioningFields versioning_of(const queue_pb::TaskQueueVersioningInfo& from) {
  return {optional_of(from.has_current_deployment_version(), from.current_deployment_version()),
          optional_of(from.has_ramping_deployment_version(), from.ramping_deployment_version()),
          from.ramping_version_percentage(), optional_of(from.has_update_time(), from.update_time())};
}

}  // namespace

SystemInfo from_proto(const service_pb::GetSystemInfoResponse& response) {
  return {response.server_version(), response.capabilities().activity_failure_include_heartbeat()};
}

NamespaceInfo from_proto(const service_pb::DescribeNamespaceResponse& response) {
  NamespaceInfo info;
  take_info(response.namespace_info(), info);
  take_config(response.config(), info);
  take_replication(response, info);
  return info;
}

service_pb::DescribeTaskQueueRequest to_proto(const DescribeTaskQueueParams& params) {
  service_pb::DescribeTaskQueueRequest request;
  request.set_namespace_(params.namespace_name);
  request.mutable_task_queue()->set_name(params.task_queue);
  request.mutable_task_queue()->set_kind(enums_pb::TASK_QUEUE_KIND_NORMAL);
  request.set_task_queue_type(static_cast<enums_pb::TaskQueueType>(params.type));
  request.set_report_stats(params.report_stats);
  request.set_report_config(params.report_config);
  return request;
}

TaskQueueDescription from_proto(const service_pb::DescribeTaskQueueResponse& response) {
  TaskQueueDescription description;
  for (const auto& poller : response.pollers()) description.pollers.push_back(poller_of(poller));
  if (response.has_stats()) description.stats = stats_of(response.stats());
  for (const auto& [key, stats] : response.stats_by_priority_key())
    description.stats_by_priority_key.emplace(key, stats_of(stats));
  if (response.has_config()) description.config = config_of(response.config());
  if (response.has_effective_rate_limit()) {
    const auto& limit = response.effective_rate_limit();
    description.effective_rate_limit =
        EffectiveRateLimitFields{limit.requests_per_second(), static_cast<std::int32_t>(limit.rate_limit_source())};
  }
  if (response.has_versioning_info()) description.versioning = versioning_of(response.versioning_info());
  return description;
}

}  // namespace longbeat::internal
