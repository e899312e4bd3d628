#include "client/option_checks.h"

#include <algorithm>

#include "base/utf8.h"

namespace longbeat::internal {

Error invalid(const std::string& field, const std::string& value, const std::string& rule) {
  return {ErrorCode::kInvalidArgument, field + " is " + value + ", must be " + rule, {}, {}};
}

std::string shown(std::chrono::nanoseconds duration) {
  if (duration.count() % 1'000'000 == 0) return std::to_string(duration.count() / 1'000'000) + " ms";
  return std::to_string(duration.count()) + " ns";
}

Result<> check_text(const std::string& field, const std::string& value) {
  if (!is_utf8(value)) return invalid(field, quoted(value), "UTF-8");
  return {};
}

Result<> check_name(const std::string& field, const std::string& value) {
  if (value.empty()) return Error{ErrorCode::kInvalidArgument, field + " is empty, but required", {}, {}};
  if (value.size() > kLongestName) return invalid(field, quoted(value), "at most 1000 bytes");
  return check_text(field, value);
}

bool fits_header(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

Result<> check_namespace(const std::string& field, const std::string& value) {
  if (!fits_header(value)) return invalid(field, quoted(value), "printable ASCII without spaces");
  return check_name(field, value);
}

Result<> check_subject(const std::string& activity_id, const std::string& run_id) {
  if (auto named = check_name("the activity's ID", activity_id); !named) return named;
  return check_text("the run ID", run_id);
}

Result<> check_request_id(const std::string& field, const std::string& value) {
  if (value.size() > kLongestName) return invalid(field, quoted(value), "at most 1000 bytes");
  return check_text(field, value);
}

Result<> check_limit(const std::string& field, const std::optional<std::chrono::nanoseconds>& value) {
  if (!value || value->count() > 0) return {};
  return invalid(field, shown(*value), "more than 0; leave it unset for no limit");
}

Result<> check(const std::string& prefix, const RetryPolicy& policy) {
  if (policy.initial_interval && policy.initial_interval->count() <= 0) {
    return invalid(prefix + "initial_interval", shown(*policy.initial_interval), "more than 0");
  }
  if (policy.maximum_interval && policy.maximum_interval->count() <= 0) {
    return invalid(prefix + "maximum_interval", shown(*policy.maximum_interval), "more than 0");
  }
  if (policy.initial_interval && policy.maximum_interval && *policy.maximum_interval < *policy.initial_interval) {
    return invalid(prefix + "maximum_interval", shown(*policy.maximum_interval),
                   "at least initial_interval, " + shown(*policy.initial_interval));
  }
  if (policy.backoff_coefficient && !(*policy.backoff_coefficient >= 1)) {
    return invalid(prefix + "backoff_coefficient", std::to_string(*policy.backoff_coefficient), "at least 1");
  }
  if (policy.maximum_attempts && *policy.maximum_attempts < 1) {
    return invalid(prefix + "maximum_attempts", std::to_string(*policy.maximum_attempts),
                   "at least 1; leave it unset for no limit");
  }
  const auto& types = policy.non_retryable_error_types;
  if (std::find(types.begin(), types.end(), std::string()) != types.end()) {
    return invalid(prefix + "non_retryable_error_types", "a list with an empty name", "a list of names");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string field = prefix + "non_retryable_error_types[" + std::to_string(i) + "]";
    if (auto text = check_text(field, types[i]); !text) return text;
  }
  return {};
}

Result<> check(const std::string& prefix, const Priority& priority) {
  if (priority.priority_key && (*priority.priority_key < 1 || *priority.priority_key > 5)) {
    return invalid(prefix + "priority_key", std::to_string(*priority.priority_key), "from 1 to 5");
  }
  if (priority.fairness_key.size() > 64) {
    return invalid(prefix + "fairness_key", quoted(priority.fairness_key), "at most 64 bytes");
  }
  if (priority.fairness_weight && !(*priority.fairness_weight >= 0.001F && *priority.fairness_weight <= 1000.0F)) {
    return invalid(prefix + "fairness_weight", std::to_string(*priority.fairness_weight), "from 0.001 to 1000");
  }
  return check_text(prefix + "fairness_key", priority.fairness_key);
}

}  // namespace longbeat::internal
