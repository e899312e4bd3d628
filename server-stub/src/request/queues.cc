// Task queues: questions about them, their configuration, and polls for work that is never there.
#include <algorithm>

#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

constexpr std::size_t kFairnessKeyBytesMax = 64;

StatusOr<> check_queue(const std::string& name, const RequestLimits& limits) {
  if (name.empty()) return invalid_argument("Task queue name not set on request.");
  return check_length("taskQueue", name, limits.id_bytes_max);
}

StatusOr<> check_rate(const std::optional<UpdateTaskQueueConfigRequest::Rate>& rate) {
  // Negated, so that a rate that is not a number is refused too.
  if (rate && rate->requests_per_second && !(*rate->requests_per_second >= 0)) {
    return invalid_argument("requests_per_second must not be negative: " + std::to_string(*rate->requests_per_second));
  }
  return {};
}

StatusOr<> check_weights(const UpdateTaskQueueConfigRequest& request) {
  for (const auto& [key, weight] : request.set_weights) {
    if (!(weight > 0)) return invalid_argument("fairness weight of \"" + key + "\" must be more than 0");
    if (key.size() > kFairnessKeyBytesMax) {
      return invalid_argument("fairness key is longer than 64 bytes: \"" + key + "\"");
    }
  }
  for (const std::string& key : request.unset_weights) {
    if (request.set_weights.contains(key)) {
      return invalid_argument("fairness weight of \"" + key + "\" is both set and unset");
    }
  }
  return {};
}

}  // namespace

StatusOr<> validate(const DescribeTaskQueueRequest& request, const RequestLimits& limits) {
  return check_queue(request.task_queue, limits);
}

StatusOr<> validate(const ListTaskQueuePartitionsRequest& request, const RequestLimits& limits) {
  return check_queue(request.task_queue, limits);
}

StatusOr<> validate(const IdlePollRequest& request, const RequestLimits& limits) {
  if (auto ok = check_queue(request.task_queue, limits); !ok) return ok;
  return check_length("worker instance key", request.worker_instance_key, limits.id_bytes_max);
}

StatusOr<> validate(const UpdateTaskQueueConfigRequest& request, const RequestLimits& limits) {
  constexpr auto kActivityType = static_cast<std::int32_t>(QueueType::kActivity);
  if (auto ok = check_queue(request.task_queue, limits); !ok) return ok;
  if (request.type != kActivityType) {
    return invalid_argument("task queue type " + std::to_string(request.type) +
                            " has no configuration here, only ACTIVITY has");
  }
  for (const auto* rate : {&request.queue_rate, &request.fairness_keys_rate_default}) {
    if (*rate && (*rate)->reason.size() > limits.id_bytes_max) return invalid_argument("reason exceeds length limit");
  }
  if (request.identity.size() > limits.id_bytes_max) return invalid_argument("identity exceeds length limit");
  if (auto ok = check_rate(request.queue_rate); !ok) return ok;
  if (auto ok = check_rate(request.fairness_keys_rate_default); !ok) return ok;
  return check_weights(request);
}

}  // namespace longbeat::server
