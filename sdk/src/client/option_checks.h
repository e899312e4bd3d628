#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "client/option_text.h"
#include "longbeat/result.h"
#include "longbeat/retry_policy.h"

// What the checks of all options share. Each returns kInvalidArgument that names the field and its value.

namespace longbeat::internal {

/// The protocol's limit on IDs, names and identities, in bytes.
inline constexpr std::size_t kLongestName = 1000;

/// "StartOptions.start_delay is -5 ms, must be 0 or more".
Error invalid(const std::string& field, const std::string& value, const std::string& rule);
/// "5 ms".
std::string shown(std::chrono::nanoseconds duration);

/// The protocol's texts are UTF-8, and protobuf would send anything else for the server to refuse.
Result<> check_text(const std::string& field, const std::string& value);
/// UTF-8, not empty, at most 1000 bytes.
Result<> check_name(const std::string& field, const std::string& value);
/// Goes into a header of the call: printable ASCII without spaces. gRPC ends a process that sends anything else there.
bool fits_header(const std::string& value);
/// The same for a namespace's name, which is a name besides.
Result<> check_namespace(const std::string& field, const std::string& value);
/// What a handle was made with: an activity's ID, and a run ID or nothing.
Result<> check_subject(const std::string& activity_id, const std::string& run_id);
/// UTF-8, at most 1000 bytes.
Result<> check_request_id(const std::string& field, const std::string& value);
/// More than 0 when set.
Result<> check_limit(const std::string& field, const std::optional<std::chrono::nanoseconds>& value);
/// `prefix` ends in a dot.
Result<> check(const std::string& prefix, const RetryPolicy& policy);
Result<> check(const std::string& prefix, const Priority& priority);

}  // namespace longbeat::internal
