// What workers report about an attempt, by token or by ID.
#include "base/random.h"
#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

StatusOr<> check_by_id(const std::string& namespace_name, const ById& id, const std::string& identity,
                       const RequestLimits& limits) {
  if (auto ok = check_namespace(namespace_name); !ok) return ok;
  if (id.activity_id.empty()) return invalid_argument("ActivityId is not set on request.");
  if (auto ok = check_length("activity ID", id.activity_id, limits.id_bytes_max); !ok) return ok;
  if (identity.size() > limits.id_bytes_max) return invalid_argument("Identity length exceeds limit.");
  internal::Uuid parsed;
  if (!id.run_id.empty() && !internal::parse_uuid(id.run_id, parsed)) {
    return invalid_argument("invalid run id: must be a valid UUID");
  }
  return {};
}

/// What every report of a worker has in common.
template <class Report>
StatusOr<> check_report(const Report& report, const RequestLimits& limits) {
  if (report.by_id) return check_by_id(report.namespace_name, *report.by_id, report.identity, limits);
  if (report.token.empty()) return invalid_argument("Task token not set on request.");
  return check_length("identity", report.identity, limits.id_bytes_max);
}

}  // namespace

Status bad_token() {
  return invalid_argument("Error deserializing task token.");
}
Status token_of_another_namespace() {
  return invalid_argument("Operation requested with a token from a different namespace.");
}

StatusOr<> validate(const HeartbeatRequest& request, const RequestLimits& limits) {
  return check_report(request, limits);
}
StatusOr<> validate(const CompletedRequest& request, const RequestLimits& limits) {
  return check_report(request, limits);
}
StatusOr<> validate(const CanceledRequest& request, const RequestLimits& limits) {
  return check_report(request, limits);
}

StatusOr<> validate(const FailedRequest& request, const RequestLimits& limits) {
  constexpr std::int32_t kApplicationFailureInfo = 5;  // Field number inside Failure.
  if (auto ok = check_report(request, limits); !ok) return ok;
  // Whoever completes by ID may pass on any failure: it may come from another server.
  if (!request.by_id && request.has_failure && request.failure_info != kApplicationFailureInfo) {
    return invalid_argument("Failure must have ApplicationFailureInfo.");
  }
  return {};
}

}  // namespace longbeat::server
