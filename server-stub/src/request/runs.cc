// Polls of a worker, and questions about one run.
#include "request/checks.h"

namespace longbeat::server {

using internal::invalid_argument;

StatusOr<> validate(const PollTaskRequest& request, const RequestLimits& limits) {
  if (auto ok = check_namespace(request.namespace_name); !ok) return ok;
  if (auto ok = check_task_queue(request.task_queue, limits); !ok) return ok;
  if (auto ok = check_length("identity", request.identity, limits.id_bytes_max); !ok) return ok;
  if (auto ok = check_length("worker instance key", request.worker_instance_key, limits.id_bytes_max); !ok) return ok;
  return check_length("worker control task queue", request.worker_control_task_queue, limits.id_bytes_max);
}

StatusOr<> validate(const DescribeRequest& request, const RequestLimits& limits) {
  if (auto ok = check_run(request.run, limits); !ok) return ok;
  if (!request.long_poll_token.empty() && request.run.run_id.empty()) {
    return invalid_argument("run id is required when long poll token is provided");
  }
  return {};
}

StatusOr<> validate(const PollOutcomeRequest& request, const RequestLimits& limits) {
  return check_run(request.run, limits);
}

}  // namespace longbeat::server
