#pragma once
#include <optional>
#include <string>

#include "request/validate.h"

/// What the checks of many requests have in common. Internal to request/.
namespace longbeat::server {

std::string over_limit(const std::string& what, std::size_t length, std::size_t limit);
StatusOr<> check_length(const std::string& what, const std::string& text, std::size_t limit);
StatusOr<> check_namespace(const std::string& name);
StatusOr<> check_task_queue(const std::string& name, const RequestLimits& limits);
/// What every call that names a run has in common.
StatusOr<> check_run(const RunRef& run, const RequestLimits& limits);
StatusOr<> check_request_and_identity(const std::string& request_id, const std::string& identity,
                                      const RequestLimits& limits);
StatusOr<> check_reason(const std::string& reason, const RequestLimits& limits);
StatusOr<> check_priority(const std::optional<WirePriority>& priority);
/// "retry_policy.maximumAttempts" → "retry_policy.maximum_attempts".
std::string snake_case(const std::string& path);
/// May a completion callback go to `url`? INVALID_ARGUMENT says why not.
StatusOr<> check_callback_url(const std::string& url, const RequestLimits& limits);

}  // namespace longbeat::server
