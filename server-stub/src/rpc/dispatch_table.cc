#include "rpc/dispatch_table.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "rpc/admin.h"

namespace longbeat::server {

namespace {

constexpr std::string_view kNamespace = "namespace";

// One row per RPC; what has none is UNIMPLEMENTED.
constexpr std::array kRpcs = {
    // clang-format off
    // Activity tasks, from a worker.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue",
        decode_poll_task, encode_poll_task, nullptr, kNamespace, Role::kWorker, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RecordActivityTaskHeartbeat",
        decode_heartbeat, encode_heartbeat, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCompleted",
        decode_completed, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailed",
        decode_failed, encode_failed, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCanceled",
        decode_canceled, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RecordActivityTaskHeartbeatById",
        decode_heartbeat_by_id, encode_heartbeat_by_id, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCompletedById",
        decode_completed_by_id, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailedById",
        decode_failed_by_id, encode_failed_by_id, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCanceledById",
        decode_canceled_by_id, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    // Activities, from a client.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution",
        decode_start, encode_start, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollActivityExecution",
        decode_poll_outcome, encode_poll_outcome, nullptr, kNamespace, Role::kReader, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeActivityExecution",
        decode_describe, encode_describe, nullptr, kNamespace, Role::kReader, Kind::kLongPoll, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ListActivityExecutions",
        decode_list_activities, encode_list_activities, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/CountActivityExecutions",
        decode_count_activities, encode_count_activities, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RequestCancelActivityExecution",
        decode_cancel, encode_done, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/TerminateActivityExecution",
        decode_terminate, encode_done, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DeleteActivityExecution",
        decode_delete, encode_done, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    // Activities, from an operator.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PauseActivityExecution",
        decode_pause, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UnpauseActivityExecution",
        decode_unpause, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ResetActivityExecution",
        decode_reset, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UpdateActivityExecutionOptions",
        decode_update_options, encode_update_options, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PauseActivity",
        nullptr, nullptr, pause_of_workflow, kNamespace, Role::kOperator, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UnpauseActivity",
        nullptr, nullptr, unpause_of_workflow, kNamespace, Role::kOperator, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ResetActivity",
        nullptr, nullptr, reset_of_workflow, kNamespace, Role::kOperator, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UpdateActivityOptions",
        nullptr, nullptr, update_options_of_workflow, kNamespace, Role::kOperator, Kind::kUnary, Cost::kAnswered, true},
    // Namespaces and their search attributes.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace",
        decode_describe_namespace, encode_describe_namespace, nullptr, kNamespace, Role::kAnyKey, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ListNamespaces",
        decode_list_namespaces, encode_list_namespaces, nullptr, {}, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RegisterNamespace",
        decode_register_namespace, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UpdateNamespace",
        decode_update_namespace, encode_update_namespace, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DeprecateNamespace",
        decode_deprecate_namespace, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.operatorservice.v1.OperatorService/DeleteNamespace",
        decode_delete_namespace, encode_delete_namespace, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes",
        decode_list_search_attributes, encode_list_search_attributes, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.operatorservice.v1.OperatorService/AddSearchAttributes",
        decode_add_search_attributes, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.operatorservice.v1.OperatorService/RemoveSearchAttributes",
        decode_remove_search_attributes, encode_done, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    // Task queues and workers.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeTaskQueue",
        decode_describe_task_queue, encode_describe_task_queue, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ListTaskQueuePartitions",
        decode_list_task_queue_partitions, encode_list_task_queue_partitions, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/UpdateTaskQueueConfig",
        decode_update_task_queue_config, encode_update_task_queue_config, nullptr, kNamespace, Role::kOperator, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RecordWorkerHeartbeat",
        decode_record_worker_heartbeat, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ShutdownWorker",
        decode_shutdown_worker, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ListWorkers",
        decode_list_workers, encode_list_workers, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/CountWorkers",
        decode_count_workers, encode_count_workers, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeWorker",
        decode_describe_worker, encode_describe_worker, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollNexusTaskQueue",
        decode_poll_nexus_task, encode_poll_nexus_task, nullptr, kNamespace, Role::kWorker, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondNexusTaskCompleted",
        decode_nexus_completed, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondNexusTaskFailed",
        decode_nexus_failed, encode_done, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    // Workflows: what stock workers and tools call even without any.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollWorkflowTaskQueue",
        decode_poll_workflow_task, encode_poll_workflow_task, nullptr, kNamespace, Role::kWorker, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/ListWorkflowExecutions",
        decode_list_workflows, encode_list_workflows, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/CountWorkflowExecutions",
        decode_count_workflows, encode_count_workflows, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    // The server as such.
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo",
        nullptr, nullptr, get_system_info, {}, Role::kAnyKey, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/GetClusterInfo",
        nullptr, nullptr, get_cluster_info, {}, Role::kAnyKey, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/grpc.health.v1.Health/Check",
        nullptr, nullptr, check_health, {}, Role::kAnyone, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/grpc.health.v1.Health/Watch",
        nullptr, nullptr, nullptr, {}, Role::kAnyone, Kind::kStream, Cost::kWait, true, watch_health},
    Rpc{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        nullptr, nullptr, nullptr, {}, Role::kAnyKey, Kind::kStream, Cost::kAnswered, true, reflect},
    Rpc{"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        nullptr, nullptr, nullptr, {}, Role::kAnyKey, Kind::kStream, Cost::kAnswered, true, reflect},
    // Ours, for the commands of longbeat-server.
    Rpc{"/longbeat.server.v1.Admin/Backup",
        decode_backup, encode_backup, nullptr, {}, Role::kOperator, Kind::kLongPoll, Cost::kWait, false, nullptr, true},
    // clang-format on
};

}  // namespace

const Rpc* find_rpc(std::string_view method) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const Rpc*> map;
    for (const Rpc& rpc : kRpcs) map.emplace(rpc.method, &rpc);
    return map;
  }();
  const auto row = rows.find(method);
  return row == rows.end() ? nullptr : row->second;
}

std::span<const Rpc> all_rpcs() {
  return kRpcs;
}

std::vector<std::string_view> service_names() {
  std::vector<std::string_view> names;
  for (const Rpc& rpc : kRpcs) names.push_back(rpc.method.substr(1, rpc.method.rfind('/') - 1));
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace longbeat::server
