#include "rpc/dispatch_table.h"

#include <array>
#include <unordered_map>

namespace longbeat::server {

namespace {

constexpr std::string_view kNamespace = "namespace";

// One row per RPC; what has none is UNIMPLEMENTED.
constexpr std::array kRpcs = {
    // clang-format off
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue",
        decode_poll_task, encode_poll_task, nullptr, kNamespace, Role::kWorker, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RecordActivityTaskHeartbeat",
        decode_heartbeat, encode_heartbeat, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCompleted",
        decode_completed, encode_completed, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailed",
        decode_failed, encode_failed, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskCanceled",
        decode_canceled, encode_canceled, nullptr, kNamespace, Role::kWorker, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution",
        decode_start, encode_start, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/PollActivityExecution",
        decode_poll_outcome, encode_poll_outcome, nullptr, kNamespace, Role::kReader, Kind::kLongPoll, Cost::kWait, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeActivityExecution",
        decode_describe, encode_describe, nullptr, kNamespace, Role::kReader, Kind::kLongPoll, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/RequestCancelActivityExecution",
        decode_cancel, encode_cancel, nullptr, kNamespace, Role::kClient, Kind::kUnary, Cost::kWrite, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace",
        decode_describe_namespace, encode_describe_namespace, nullptr, kNamespace, Role::kReader, Kind::kUnary, Cost::kRead, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo",
        nullptr, nullptr, get_system_info, {}, Role::kAnyone, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/temporal.api.workflowservice.v1.WorkflowService/GetClusterInfo",
        nullptr, nullptr, get_cluster_info, {}, Role::kAnyone, Kind::kUnary, Cost::kAnswered, true},
    Rpc{"/grpc.health.v1.Health/Check",
        nullptr, nullptr, check_health, {}, Role::kAnyone, Kind::kUnary, Cost::kAnswered, true},
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

}  // namespace longbeat::server
