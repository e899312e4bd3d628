// Namespaces: names, descriptions and how long closed activities stay.
#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

StatusOr<> check_retention(const std::optional<RawDuration>& asked, std::chrono::nanoseconds least) {
  const auto retention = parse_duration(asked, "RetentionPeriod");
  if (!retention || *retention < least) {
    return invalid_argument("A valid retention period is not set on request.");
  }
  return {};
}

StatusOr<> check_texts(const std::string& description, const std::string& owner_email,
                       const std::map<std::string, std::string>& data, const RequestLimits& limits) {
  std::size_t bytes = description.size() + owner_email.size();
  for (const auto& [key, value] : data) bytes += key.size() + value.size();
  if (bytes > limits.payload_bytes_max) {
    return invalid_argument(over_limit("namespace info", bytes, limits.payload_bytes_max));
  }
  return {};
}

StatusOr<> check_name_or_id(const std::string& name, const std::string& id, const RequestLimits& limits) {
  if (name.empty() && id.empty()) return check_namespace(name);
  return check_length("namespace ID", id, limits.id_bytes_max);
}

}  // namespace

StatusOr<> validate_namespace(const std::string& name, const RequestLimits& limits) {
  return check_length("namespace", name, limits.id_bytes_max);
}

StatusOr<> validate(const DescribeNamespaceRequest& request, const RequestLimits& limits) {
  return check_name_or_id(request.namespace_name, request.id, limits);
}

StatusOr<> validate(const DeleteNamespaceRequest& request, const RequestLimits& limits) {
  if (auto ok = check_name_or_id(request.namespace_name, request.id, limits); !ok) return ok;
  const auto delay = parse_duration(request.delay, "NamespaceDeleteDelay");
  if (!delay) return delay.error();
  if (*delay > std::chrono::nanoseconds(0)) {
    return invalid_argument("NamespaceDeleteDelay is not supported: leave it out");
  }
  return {};
}

StatusOr<> validate(const RegisterNamespaceRequest& request, const RequestLimits& limits) {
  if (request.namespace_name.empty()) return invalid_argument("Namespace not set on request.");
  if (auto ok = validate_namespace(request.namespace_name, limits); !ok) return ok;
  const std::chrono::nanoseconds day = std::chrono::hours(24);
  const auto least = request.is_global ? std::max(limits.retention_min, day) : limits.retention_min;
  if (auto ok = check_retention(request.retention, least); !ok) return ok;
  return check_texts(request.description, request.owner_email, request.data, limits);
}

StatusOr<> validate(const UpdateNamespaceRequest& request, const RequestLimits& limits) {
  constexpr std::int32_t kStateMax = 3;  // enums.NamespaceState: registered, deprecated, deleted.
  if (request.namespace_name.empty()) return invalid_argument("Namespace not set on request.");
  if (request.retention) {
    if (auto ok = check_retention(request.retention, limits.retention_min); !ok) return ok;
  }
  if (!request.info) return {};
  if (request.info->state < 0 || request.info->state > kStateMax) {
    return invalid_argument("invalid namespace state: " + std::to_string(request.info->state));
  }
  return check_texts(request.info->description, request.info->owner_email, request.info->data, limits);
}

}  // namespace longbeat::server
