#include "request/validate.h"

#include <string_view>

#include "base/random.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

std::string over(const std::string& what, std::size_t length, std::size_t limit) {
  return what + " exceeds length limit. Length=" + std::to_string(length) + " Limit=" + std::to_string(limit);
}

StatusOr<> check_length(const std::string& what, const std::string& text, std::size_t limit) {
  if (text.size() > limit) return invalid_argument(over(what, text.size(), limit));
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

/// What every report of a worker has in common.
StatusOr<> check_report(const std::string& token, const std::string& identity, const RequestLimits& limits) {
  if (token.empty()) return invalid_argument("Task token not set on request.");
  return check_length("identity", identity, limits.id_bytes_max);
}

/// What every call that names a run has in common.
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

}  // namespace

Status bad_token() {
  return invalid_argument("Error deserializing task token.");
}
Status token_of_another_namespace() {
  return invalid_argument("Operation requested with a token from a different namespace.");
}

StatusOr<> validate(const PollTaskRequest& request, const RequestLimits& limits) {
  if (auto ok = check_namespace(request.namespace_name); !ok) return ok;
  if (auto ok = check_task_queue(request.task_queue, limits); !ok) return ok;
  return check_length("identity", request.identity, limits.id_bytes_max);
}

StatusOr<> validate(const HeartbeatRequest& request, const RequestLimits& limits) {
  return check_report(request.token, request.identity, limits);
}
StatusOr<> validate(const CompletedRequest& request, const RequestLimits& limits) {
  return check_report(request.token, request.identity, limits);
}
StatusOr<> validate(const CanceledRequest& request, const RequestLimits& limits) {
  return check_report(request.token, request.identity, limits);
}

StatusOr<> validate(const FailedRequest& request, const RequestLimits& limits) {
  constexpr std::int32_t kApplicationFailureInfo = 5;  // Field number inside Failure.
  if (auto ok = check_report(request.token, request.identity, limits); !ok) return ok;
  if (request.has_failure && request.failure_info != kApplicationFailureInfo) {
    return invalid_argument("Failure must have ApplicationFailureInfo.");
  }
  if (const auto delay = parse_duration(request.next_retry_delay, "NextRetryDelay"); !delay) {
    return invalid_argument("NextRetryDelay is not a valid duration: " + delay.error().message);
  }
  return {};
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

StatusOr<> validate(const CancelRequest& request, const RequestLimits& limits) {
  if (auto ok = check_run(request.run, limits); !ok) return ok;
  if (auto ok = check_length("request ID", request.request_id, limits.id_bytes_max); !ok) return ok;
  if (auto ok = check_length("identity", request.identity, limits.id_bytes_max); !ok) return ok;
  if (request.reason.size() > limits.payload_bytes_max) return invalid_argument("reason exceeds length limit");
  return {};
}

StatusOr<> validate(const DescribeNamespaceRequest& request, const RequestLimits& limits) {
  if (request.namespace_name.empty() && request.id.empty()) return check_namespace(request.namespace_name);
  return check_length("namespace", request.namespace_name, limits.id_bytes_max);
}

namespace {

StatusOr<> check_ids(const StartRequest& request, const RequestLimits& limits) {
  if (request.activity_id.empty()) return invalid_argument("activityId is not set");
  if (auto ok = check_length("activityId", request.activity_id, limits.id_bytes_max); !ok) return ok;
  if (request.type.empty()) return invalid_argument("activityType is not set");
  if (auto ok = check_length("activityType", request.type, limits.id_bytes_max); !ok) return ok;
  if (auto ok = check_length("request ID", request.request_id, limits.id_bytes_max); !ok) return ok;
  return check_length("identity", request.identity, limits.id_bytes_max);
}

StatusOr<> check_priority(const std::optional<WirePriority>& priority) {
  constexpr std::size_t kFairnessKeyBytesMax = 64;
  if (!priority) return {};
  if (priority->key < 0) return invalid_argument("invalid priorities: priority key can't be negative");
  if (priority->fairness_key.size() > kFairnessKeyBytesMax) {
    return invalid_argument(
        over("invalid priorities: fairness key", priority->fairness_key.size(), kFairnessKeyBytesMax));
  }
  // Negated, so that a weight that is not a number is refused too.
  if (!(priority->fairness_weight >= 0))
    return invalid_argument("invalid priorities: fairness weight can't be negative");
  return {};
}

StatusOr<> check_sizes(const StartRequest& request, const RequestLimits& limits) {
  const auto check = [](const char* what, std::size_t size, std::size_t limit) -> StatusOr<> {
    if (size > limit) return invalid_argument(over(what, size, limit));
    return {};
  };
  if (auto ok = check("input", request.input.size(), limits.payload_bytes_max); !ok) return ok;
  if (auto ok = check("UserMetadata.Summary", request.summary_bytes, limits.summary_bytes_max); !ok) return ok;
  if (auto ok = check("UserMetadata.Details", request.details_bytes, limits.details_bytes_max); !ok) return ok;
  if (auto ok = check("header", request.header.size(), limits.payload_bytes_max); !ok) return ok;
  return check("searchAttributes", request.search_attributes.size(), limits.search_attributes_bytes_max);
}

StatusOr<> check_attached(const StartRequest& request, const RequestLimits& limits) {
  if (request.completion_callbacks > 0) {
    return invalid_argument("completion callbacks are not enabled for this namespace");
  }
  if (request.links.size() > limits.links_max) {
    return invalid_argument("cannot attach more than " + std::to_string(limits.links_max) + " links per request, got " +
                            std::to_string(request.links.size()));
  }
  for (const std::string& link : request.links) {
    if (link.size() > limits.link_bytes_max) return invalid_argument(over("link", link.size(), limits.link_bytes_max));
  }
  return {};
}

StatusOr<NormalTimeouts> asked_timeouts(const StartRequest& request) {
  NormalTimeouts asked;
  const auto take = [](const std::optional<RawDuration>& raw, const char* field,
                       std::chrono::nanoseconds& out) -> StatusOr<> {
    auto parsed = parse_duration(raw, field);
    if (!parsed) return parsed.error();
    out = *parsed;
    return {};
  };
  if (auto ok = take(request.schedule_to_close, "ScheduleToCloseTimeout", asked.schedule_to_close); !ok)
    return ok.error();
  if (auto ok = take(request.schedule_to_start, "ScheduleToStartTimeout", asked.schedule_to_start); !ok)
    return ok.error();
  if (auto ok = take(request.start_to_close, "StartToCloseTimeout", asked.start_to_close); !ok) return ok.error();
  if (auto ok = take(request.heartbeat, "HeartbeatTimeout", asked.heartbeat); !ok) return ok.error();
  return asked;
}

}  // namespace

StatusOr<NormalStart> normalise(const StartRequest& request, const RequestLimits& limits) {
  NormalStart start;
  if (auto ok = check_namespace(request.namespace_name); !ok) return ok.error();
  auto delay = parse_duration(request.start_delay, "StartDelay");
  if (!delay) return delay.error();
  start.start_delay = *delay;
  if (!request.has_task_queue) return invalid_argument("taskQueue is not set");
  if (auto ok = check_task_queue(request.task_queue, limits); !ok) return ok.error();
  if (auto ok = check_ids(request, limits); !ok) return ok.error();
  auto retry = normalise_retry(request.retry);
  if (!retry) return retry.error();
  start.retry = std::move(*retry);
  if (auto ok = check_priority(request.priority); !ok) return ok.error();
  auto asked = asked_timeouts(request);
  if (!asked) return asked.error();
  auto timeouts = normalise_timeouts(*asked, request.activity_id, request.type);
  if (!timeouts) return timeouts.error();
  start.timeouts = *timeouts;
  if (auto ok = check_sizes(request, limits); !ok) return ok.error();
  if (auto ok = check_attached(request, limits); !ok) return ok.error();
  if (request.id_reuse_policy < 0 || request.id_reuse_policy > 3) {
    return invalid_argument("invalid IdReusePolicy: " + std::to_string(request.id_reuse_policy));
  }
  if (request.id_conflict_policy < 0 || request.id_conflict_policy > 2) {
    return invalid_argument("invalid IdConflictPolicy: " + std::to_string(request.id_conflict_policy));
  }
  if (request.id_reuse_policy != 0) start.id_reuse_policy = static_cast<IdReusePolicy>(request.id_reuse_policy);
  if (request.id_conflict_policy != 0)
    start.id_conflict_policy = static_cast<IdConflictPolicy>(request.id_conflict_policy);
  return start;
}

}  // namespace longbeat::server
