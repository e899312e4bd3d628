// A start request: what it must hold, and its defaults.
#include <array>

#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

StatusOr<> check_ids(const StartRequest& request, const RequestLimits& limits) {
  if (request.activity_id.empty()) return invalid_argument("activityId is not set");
  if (auto ok = check_length("activityId", request.activity_id, limits.id_bytes_max); !ok) return ok;
  if (request.type.empty()) return invalid_argument("activityType is not set");
  if (auto ok = check_length("activityType", request.type, limits.id_bytes_max); !ok) return ok;
  if (auto ok = check_length("request ID", request.request_id, limits.id_bytes_max); !ok) return ok;
  return check_length("identity", request.identity, limits.id_bytes_max);
}

StatusOr<> check_sizes(const StartRequest& request, const RequestLimits& limits) {
  const auto check = [](const char* what, std::size_t size, std::size_t limit) -> StatusOr<> {
    if (size > limit) return invalid_argument(over_limit(what, size, limit));
    return {};
  };
  if (request.input.size() > limits.payload_bytes_max) return invalid_argument("input exceeds length limit");
  if (auto ok = check("UserMetadata.Summary", request.summary_bytes, limits.summary_bytes_max); !ok) return ok;
  if (auto ok = check("UserMetadata.Details", request.details_bytes, limits.details_bytes_max); !ok) return ok;
  if (auto ok = check("header", request.header.size(), limits.payload_bytes_max); !ok) return ok;
  return {};
}

StatusOr<> check_attributes(const StartRequest& request, const RequestLimits& limits) {
  const auto count = request.attributes.size();
  if (count > limits.search_attributes_max) {
    return invalid_argument("number of search attributes " + std::to_string(count) + " exceeds limit " +
                            std::to_string(limits.search_attributes_max));
  }
  for (const WireAttribute& attribute : request.attributes) {
    if (attribute.json.size() > limits.search_attribute_bytes_max) {
      return invalid_argument("search attribute " + attribute.name + " value size " +
                              std::to_string(attribute.json.size()) + " exceeds size limit " +
                              std::to_string(limits.search_attribute_bytes_max));
    }
  }
  if (request.search_attributes.size() > limits.search_attributes_bytes_max) {
    return invalid_argument("total size of search attributes " + std::to_string(request.search_attributes.size()) +
                            " exceeds size limit " + std::to_string(limits.search_attributes_bytes_max));
  }
  return {};
}

StatusOr<> check_callbacks(const StartRequest& request, const RequestLimits& limits) {
  if (request.completion_callbacks.empty()) return {};
  if (!limits.callbacks_enabled) {
    return invalid_argument("completion callbacks are not enabled for this namespace");
  }
  if (request.completion_callbacks.size() > limits.callbacks_per_activity_max) {
    return invalid_argument("cannot attach more than " + std::to_string(limits.callbacks_per_activity_max) +
                            " callbacks to an activity");
  }
  for (const WireCallback& callback : request.completion_callbacks) {
    if (!callback.is_nexus) return invalid_argument("unknown callback variant: only Nexus callbacks are supported");
    if (auto ok = check_callback_url(callback.url, limits); !ok) return ok;
    if (callback.header_bytes > limits.callback_header_bytes_max) {
      return invalid_argument("invalid header: header size longer than max length allowed: " +
                              std::to_string(limits.callback_header_bytes_max));
    }
  }
  return {};
}

StatusOr<> check_link(const LinkFacts& link) {
  struct Words {
    const char *what, *id;
  };
  constexpr std::array kWords = {Words{"", ""}, Words{"workflow event", "workflow ID"}, Words{"batch job", "job ID"},
                                 Words{"nexus operation", "operation ID"}, Words{"activity", "activity ID"}};
  if (link.kind == LinkFacts::Kind::kOther) return invalid_argument("unsupported link variant");
  const auto [what, id] = kWords[static_cast<std::size_t>(link.kind)];
  const auto without = [what = std::string(what)](const std::string& missing) {
    return invalid_argument(what + " link must not have an empty " + missing);
  };
  if (link.kind == LinkFacts::Kind::kBatchJob) return link.has_id ? StatusOr<>() : without(id);
  if (!link.has_namespace) return without("namespace field");
  if (!link.has_id) return without(std::string(id) + " field");
  if (!link.has_run_id) return without("run ID field");
  if (link.has_number_without_type) {
    return invalid_argument("workflow event link ref cannot have an unspecified event type and a non-zero event ID");
  }
  return {};
}

StatusOr<> check_links(const StartRequest& request, const RequestLimits& limits) {
  if (request.links.size() > limits.links_max) {
    return invalid_argument("cannot attach more than " + std::to_string(limits.links_max) + " links per request, got " +
                            std::to_string(request.links.size()));
  }
  for (const std::string& link : request.links) {
    if (link.size() > limits.link_bytes_max)
      return invalid_argument("link exceeds allowed size of " + std::to_string(limits.link_bytes_max) + ", got " +
                              std::to_string(link.size()));
  }
  for (const LinkFacts& link : request.link_facts) {
    if (auto ok = check_link(link); !ok) return ok;
  }
  return {};
}

StatusOr<> check_on_conflict(const StartRequest& request) {
  if (request.attach_completion_callbacks && !request.attach_request_id) {
    return invalid_argument("attaching request ID is required for attaching completion callbacks");
  }
  if (request.attach_request_id && request.completion_callbacks.empty() && request.links.empty()) {
    return invalid_argument("attaching request ID requires at least one completion callback or link");
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
  if (auto ok = check_attributes(request, limits); !ok) return ok.error();
  if (auto ok = check_callbacks(request, limits); !ok) return ok.error();
  if (auto ok = check_links(request, limits); !ok) return ok.error();
  if (auto ok = check_on_conflict(request); !ok) return ok.error();
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
