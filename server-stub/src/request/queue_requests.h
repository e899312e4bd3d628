#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace longbeat::server {

/// enums.TaskQueueType, same numbers.
enum class QueueType : std::int8_t { kUnspecified = 0, kWorkflow = 1, kActivity = 2, kNexus = 3 };

struct DescribeTaskQueueRequest {
  std::string namespace_name{}, task_queue{};
  std::int32_t type = 0;  ///< enums.TaskQueueType; 0 means workflow here
  bool include_status = false, report_stats = false, report_pollers = false, report_config = false;
  bool enhanced = false;              ///< the deprecated mode that the command line uses: answered by type
  std::vector<std::int32_t> types{};  ///< enhanced mode
};

struct UpdateTaskQueueConfigRequest {
  std::string namespace_name{}, identity{}, task_queue{};
  std::int32_t type = 0;
  /// A rate to set; `requests_per_second` absent: removes the limit.
  struct Rate {
    std::optional<float> requests_per_second{};
    std::string reason{};
  };
  std::optional<Rate> queue_rate{}, fairness_keys_rate_default{};
  std::map<std::string, float> set_weights{};
  std::vector<std::string> unset_weights{};
};

struct ListTaskQueuePartitionsRequest {
  std::string namespace_name{}, task_queue{};
};

/// A long poll for work that this server never has: workflow tasks, Nexus tasks on ordinary queues.
struct IdlePollRequest {
  std::string namespace_name{}, task_queue{}, identity{}, worker_instance_key{};
  QueueType type = QueueType::kWorkflow;
};

}  // namespace longbeat::server
