#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace longbeat::server {

/// worker.WorkerHeartbeat: the facts that queries look at, and the whole message.
struct WorkerBeat {
  std::string instance_key{}, identity{}, host_name{}, process_id{}, grouping_key{}, task_queue{};
  std::string deployment_name{}, build_id{}, sdk_name{}, sdk_version{};
  std::int32_t status = 0;  ///< enums.WorkerStatus
  internal::WallTime start_time{}, heartbeat_time{};
  std::string message{};  ///< serialised worker.WorkerHeartbeat
};

struct RecordWorkerHeartbeatRequest {
  std::string namespace_name{}, identity{};
  std::vector<WorkerBeat> beats{};
};
struct ShutdownWorkerRequest {
  std::string namespace_name{}, sticky_task_queue{}, identity{}, reason{}, worker_instance_key{}, task_queue{};
  std::optional<WorkerBeat> beat{};
  std::vector<std::int32_t> task_queue_types{};
};
struct ListWorkersRequest {
  std::string namespace_name{}, query{}, page_token{};
  std::int32_t page_size = 0;  ///< 0: all
  bool include_system_workers = false;
};
struct CountWorkersRequest {
  std::string namespace_name{}, query{};
  bool include_system_workers = false;
};
struct DescribeWorkerRequest {
  std::string namespace_name{}, worker_instance_key{};
};

/// A worker listens for commands on its control queue.
struct PollCommandsRequest {
  std::string namespace_name{}, control_queue{}, identity{}, worker_instance_key{};
};
/// RespondNexusTaskCompleted or RespondNexusTaskFailed: a worker has taken the commands.
struct CommandsDoneRequest {
  std::string namespace_name{}, identity{}, token{};
  bool failed = false;
};

}  // namespace longbeat::server
