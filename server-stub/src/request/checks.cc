#include "request/checks.h"

#include "base/random.h"

namespace longbeat::server {

using internal::invalid_argument;

std::string over_limit(const std::string& what, std::size_t length, std::size_t limit) {
  return what + " exceeds length limit. Length=" + std::to_string(length) + " Limit=" + std::to_string(limit);
}

StatusOr<> check_length(const std::string& what, const std::string& text, std::size_t limit) {
  if (text.size() > limit) return invalid_argument(over_limit(what, text.size(), limit));
  return {};
}

StatusOr<> check_namespace(const std::string& name) {
  if (name.empty()) return invalid_argument("Namespace is empty.");
  return {};
}

StatusOr<> check_task_queue(const std::string& name, const RequestLimits& limits) {
  if (name.empty()) return invalid_argument("missing task queue name");
  if (auto ok = check_length("taskQueue", name, limits.id_bytes_max); !ok) return ok;
  if (name.starts_with("/_sys/")) return invalid_argument("task queue name cannot start with reserved prefix /_sys/");
  return {};
}

StatusOr<> check_run(const RunRef& run, const RequestLimits& limits) {
  if (auto ok = check_namespace(run.namespace_name); !ok) return ok;
  if (run.activity_id.empty()) return invalid_argument("activity ID is required");
  if (auto ok = check_length("activity ID", run.activity_id, limits.id_bytes_max); !ok) return ok;
  internal::Uuid parsed;
  if (!run.run_id.empty() && !internal::parse_uuid(run.run_id, parsed)) {
    return invalid_argument("invalid run id: must be a valid UUID");
  }
  return {};
}

StatusOr<> check_request_and_identity(const std::string& request_id, const std::string& identity,
                                      const RequestLimits& limits) {
  if (auto ok = check_length("request ID", request_id, limits.id_bytes_max); !ok) return ok;
  return check_length("identity", identity, limits.id_bytes_max);
}

StatusOr<> check_reason(const std::string& reason, const RequestLimits& limits) {
  if (reason.size() > limits.payload_bytes_max) return invalid_argument("reason exceeds length limit");
  return {};
}

StatusOr<> check_priority(const std::optional<WirePriority>& priority) {
  constexpr std::size_t kFairnessKeyBytesMax = 64;
  if (!priority) return {};
  if (priority->key < 0) return invalid_argument("invalid priorities: priority key can't be negative");
  if (priority->fairness_key.size() > kFairnessKeyBytesMax) {
    return invalid_argument(
        over_limit("invalid priorities: fairness key", priority->fairness_key.size(), kFairnessKeyBytesMax));
  }
  // Negated, so that a weight that is not a number is refused too.
  if (!(priority->fairness_weight >= 0))
    return invalid_argument("invalid priorities: fairness weight can't be negative");
  return {};
}

}  // namespace longbeat::server
