// What operators ask of one activity: the checks that need no look at it.
#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

/// What all five commands on one activity have in common. A run of a workflow cannot be here.
template <class OneRequest>
StatusOr<> check_command(const OneRequest& request, const RequestLimits& limits) {
  if (auto ok = check_run(request.run, limits); !ok) return ok;
  if (auto ok = check_request_and_identity(request.request_id, request.identity, limits); !ok) return ok;
  if constexpr (requires { request.reason; }) {
    if (auto ok = check_reason(request.reason, limits); !ok) return ok;
  }
  if constexpr (requires { request.jitter; }) {
    if (const auto jitter = parse_jitter(request.jitter); !jitter) return jitter.error();
  }
  return {};
}

}  // namespace

Status not_found_workflow(const std::string& workflow_id) {
  return internal::not_found("workflow not found for ID: " + workflow_id);
}

StatusOr<std::chrono::nanoseconds> parse_jitter(const std::optional<RawDuration>& jitter) {
  return parse_duration(jitter, "Jitter");
}

StatusOr<> validate(const CancelRequest& request, const RequestLimits& limits) {
  return check_command(request, limits);
}

StatusOr<> validate(const TerminateRequest& request, const RequestLimits& limits) {
  return check_command(request, limits);
}

StatusOr<> validate(const DeleteRequest& request, const RequestLimits& limits) {
  return check_run(request.run, limits);
}

StatusOr<> validate(const PauseRequest& request, const RequestLimits& limits) {
  return check_command(request, limits);
}

StatusOr<> validate(const UnpauseRequest& request, const RequestLimits& limits) {
  return check_command(request, limits);
}

StatusOr<> validate(const ResetRequest& request, const RequestLimits& limits) {
  return check_command(request, limits);
}

StatusOr<> validate(const UpdateOptionsRequest& request, const RequestLimits& limits) {
  if (auto ok = check_command(request, limits); !ok) return ok;
  if (request.restore_original) {
    // The command line sends a mask without paths along.
    if (request.update_mask && !request.update_mask->empty()) {
      return invalid_argument("Both UpdateMask and RestoreOriginal are provided");
    }
    return {};
  }
  if (!request.options) return invalid_argument("ActivityOptions are not provided");
  if (!request.update_mask) return invalid_argument("UpdateMask is not provided");
  if (request.update_mask->empty()) return invalid_argument("UpdateMask must specify at least one path");
  return check_mask(*request.update_mask, *request.options, limits);
}

}  // namespace longbeat::server
