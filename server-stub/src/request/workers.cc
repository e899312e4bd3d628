// What workers say about themselves, and what is asked about them.
#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

StatusOr<> check_worker(const std::string& identity, const std::string& instance_key, const RequestLimits& limits) {
  if (auto ok = check_length("identity", identity, limits.id_bytes_max); !ok) return ok;
  return check_length("worker instance key", instance_key, limits.id_bytes_max);
}

}  // namespace

StatusOr<> validate(const RecordWorkerHeartbeatRequest& request, const RequestLimits& limits) {
  if (auto ok = check_worker(request.identity, {}, limits); !ok) return ok;
  for (const WorkerBeat& beat : request.beats) {
    if (beat.instance_key.empty()) return invalid_argument("worker instance key is not set on a worker heartbeat");
    if (auto ok = check_worker(beat.identity, beat.instance_key, limits); !ok) return ok;
  }
  return {};
}

StatusOr<> validate(const ShutdownWorkerRequest& request, const RequestLimits& limits) {
  if (auto ok = check_worker(request.identity, request.worker_instance_key, limits); !ok) return ok;
  if (auto ok = check_length("taskQueue", request.task_queue, limits.id_bytes_max); !ok) return ok;
  if (auto ok = check_length("taskQueue", request.sticky_task_queue, limits.id_bytes_max); !ok) return ok;
  return request.beat ? check_worker(request.beat->identity, request.beat->instance_key, limits) : StatusOr<>();
}

StatusOr<> validate(const DescribeWorkerRequest& request, const RequestLimits& limits) {
  return check_worker({}, request.worker_instance_key, limits);
}

StatusOr<> validate(const PollCommandsRequest& request, const RequestLimits& limits) {
  if (auto ok = check_task_queue(request.control_queue, limits); !ok) return ok;
  return check_worker(request.identity, request.worker_instance_key, limits);
}

StatusOr<> validate(const CommandsDoneRequest& request, const RequestLimits& limits) {
  if (request.token.empty()) return invalid_argument("Task token not set on request.");
  return check_worker(request.identity, {}, limits);
}

}  // namespace longbeat::server
