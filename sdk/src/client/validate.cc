#include <algorithm>
#include <cctype>
#include <string>

#include "base/loopback.h"
#include "base/utf8.h"
#include "client/option_text.h"
#include "longbeat/client_options.h"

LONGBEAT_BEGIN
namespace {

using internal::is_utf8;
using internal::quoted;
using Nanoseconds = std::chrono::nanoseconds;

/// The protocol's limit on IDs, names and identities, in bytes.
constexpr std::size_t kLongestName = 1000;

Error invalid(const std::string& field, const std::string& value, const std::string& rule) {
  return {ErrorCode::kInvalidArgument, field + " is " + value + ", must be " + rule, {}, {}};
}

std::string shown(Nanoseconds duration) {
  if (duration.count() % 1'000'000 == 0) return std::to_string(duration.count() / 1'000'000) + " ms";
  return std::to_string(duration.count()) + " ns";
}

bool is_port(const std::string& text) {
  if (text.empty() || text.size() > 5) return false;
  if (!std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return false;
  const int port = std::stoi(text);
  return port > 0 && port <= 65535;
}

bool is_host(const std::string& text) {
  const auto is_one_of = [](const char* extra) {
    return [extra](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view(extra).find(c) != std::string_view::npos;
    };
  };
  if (text.starts_with('[')) {  // An IPv6 address, maybe with a zone.
    return text.size() > 3 && text.ends_with(']') && std::all_of(text.begin() + 1, text.end() - 1, is_one_of(":.%-_"));
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), is_one_of(".-_"));
}

Result<> check_address(const std::string& field, const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || !is_host(address.substr(0, colon)))
    return invalid(field, quoted(address), "host:port");
  const std::string port = address.substr(colon + 1);
  if (is_port(port)) return {};
  const bool is_number = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  return invalid(field, quoted(address), is_number ? "host:port with a port from 1 to 65535" : "host:port");
}

/// The protocol's texts are UTF-8, and protobuf would send anything else for the server to refuse.
Result<> check_text(const std::string& field, const std::string& value) {
  if (!is_utf8(value)) return invalid(field, quoted(value), "UTF-8");
  return {};
}

Result<> check_name(const std::string& field, const std::string& value) {
  if (value.empty()) return Error{ErrorCode::kInvalidArgument, field + " is empty, but required", {}, {}};
  if (value.size() > kLongestName) return invalid(field, quoted(value), "at most 1000 bytes");
  return {};
}

Result<> check_limit(const char* field, const std::optional<Nanoseconds>& value) {
  if (!value || value->count() > 0) return {};
  return invalid(std::string("StartOptions.") + field, shown(*value), "more than 0; leave it unset for no limit");
}

Result<> check(const RetryPolicy& policy) {
  const std::string prefix = "StartOptions.retry_policy.";
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

Result<> check(const Priority& priority) {
  const std::string prefix = "StartOptions.priority.";
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

bool is_plain(unsigned char c) {
  return c > ' ' && c < 0x7f;
}

Result<> check(const TlsOptions& tls) {
  const auto missing = [](const char* given, const char* other) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string("ClientOptions.tls.") + given + " is set, but ClientOptions.tls." + other +
                     " is not: a certificate and its key go together",
                 {},
                 {}};
  };
  if (!tls.certificate.empty() && tls.key.empty()) return missing("certificate", "key");
  if (tls.certificate.empty() && !tls.key.empty()) return missing("key", "certificate");
  if (!tls.server_name.empty() && !is_host(tls.server_name)) {
    return invalid("ClientOptions.tls.server_name", quoted(tls.server_name), "a host name");
  }
  return {};
}

/// Never repeats the key.
Result<> check_key(const ClientOptions& options) {
  constexpr std::size_t kLongestKey = 4096;  // gRPC's peers take 8 KiB of headers at most.
  const std::string& key = options.api_key;
  const auto refuse = [](const std::string& reason) {
    return Error{ErrorCode::kInvalidArgument, "ClientOptions.api_key " + reason, {}, {}};
  };
  if (key.size() > kLongestKey) return refuse("has more than 4096 characters");
  // It travels in a header, and gRPC ends a process that sends anything else there.
  if (!std::all_of(key.begin(), key.end(), is_plain)) {
    return refuse("holds a space, a line end or another character that is not printable ASCII");
  }
  if (key.empty() || options.tls || options.api_key_without_tls || internal::is_loopback(options.address)) return {};
  return refuse("would travel unencrypted to " + quoted(options.address) +
                ": set ClientOptions.tls, or api_key_without_tls when nobody else is on the way");
}

}  // namespace

Result<> validate(const ClientOptions& options) {
  if (auto address = check_address("ClientOptions.address", options.address); !address) return address;
  if (options.tls) {
    if (auto tls = check(*options.tls); !tls) return tls;
  }
  if (auto key = check_key(options); !key) return key;
  if (auto named = check_name("ClientOptions.namespace_name", options.namespace_name); !named) return named;
  // It travels in a header of each call, and gRPC ends a process that sends anything else there.
  if (!std::all_of(options.namespace_name.begin(), options.namespace_name.end(), is_plain)) {
    return invalid("ClientOptions.namespace_name", quoted(options.namespace_name), "printable ASCII without spaces");
  }
  if (options.identity.size() > kLongestName) {
    return invalid("ClientOptions.identity", quoted(options.identity), "at most 1000 bytes");
  }
  if (auto text = check_text("ClientOptions.identity", options.identity); !text) return text;
  if (options.call_timeout.count() <= 0 || options.call_timeout > std::chrono::hours(1)) {
    return invalid("ClientOptions.call_timeout", shown(options.call_timeout), "more than 0 and at most 1 h");
  }
  const auto& interceptors = options.interceptors;
  if (std::find(interceptors.begin(), interceptors.end(), nullptr) != interceptors.end()) {
    return invalid("ClientOptions.interceptors", "a list with a null pointer", "a list of interceptors");
  }
  return {};
}

Result<> validate(const StartOptions& options) {
  if (auto named = check_name("StartOptions.id", options.id); !named) return named;
  if (auto text = check_text("StartOptions.id", options.id); !text) return text;
  if (auto named = check_name("StartOptions.task_queue", options.task_queue); !named) return named;
  if (auto text = check_text("StartOptions.task_queue", options.task_queue); !text) return text;
  if (auto limit = check_limit("start_to_close_timeout", options.start_to_close_timeout); !limit) return limit;
  if (auto limit = check_limit("schedule_to_close_timeout", options.schedule_to_close_timeout); !limit) return limit;
  if (auto limit = check_limit("schedule_to_start_timeout", options.schedule_to_start_timeout); !limit) return limit;
  if (auto limit = check_limit("heartbeat_timeout", options.heartbeat_timeout); !limit) return limit;
  if (!options.start_to_close_timeout && !options.schedule_to_close_timeout) {
    return Error{
        ErrorCode::kInvalidArgument,
        "StartOptions.start_to_close_timeout and StartOptions.schedule_to_close_timeout are both unset, one is "
        "required: without a limit nobody would notice a lost worker",
        {},
        {}};
  }
  if (options.start_delay && options.start_delay->count() < 0) {
    return invalid("StartOptions.start_delay", shown(*options.start_delay), "0 or more");
  }
  if (options.retry_policy) {
    if (auto checked = check(*options.retry_policy); !checked) return checked;
  }
  if (options.priority) {
    if (auto checked = check(*options.priority); !checked) return checked;
  }
  // The server's limit is 400 bytes with the encoding's name around the text.
  if (options.summary.size() > 360)
    return invalid("StartOptions.summary", quoted(options.summary), "at most 360 bytes");
  return check_text("StartOptions.summary", options.summary);
}

LONGBEAT_END
