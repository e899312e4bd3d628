// An update of options: which paths a mask may name, and what each of them does.
#include <algorithm>
#include <array>
#include <string_view>

#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;
using std::chrono::nanoseconds;

/// The options while they are being put together. The policy is kept as if it had been asked for like this, so that
/// defaults and checks apply to the result.
struct Draft {
  NormalOptions options{};
  StartRequest::Retry retry{};
};

/// Takes one named field over; the parent message of a nested one is known to be there.
using Apply = StatusOr<> (*)(const WireOptions& from, Draft& to);
/// Is the message there that the field lies in?
using Parent = bool (*)(const WireOptions& from);

struct Path {
  std::string_view name;
  Apply apply;
  Parent has_parent = nullptr;
  const char* without_parent = "";  ///< what its absence is refused with
};

StatusOr<> take(const std::optional<RawDuration>& from, const char* field, nanoseconds& to) {
  const auto parsed = parse_duration(from, field);
  if (!parsed) return parsed.error();
  to = *parsed;
  return {};
}

WirePriority& priority_of(Draft& draft) {
  if (!draft.options.priority) draft.options.priority.emplace();
  return *draft.options.priority;
}

RawDuration raw(nanoseconds duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {seconds.count(), static_cast<std::int32_t>((duration - seconds).count())};
}

bool has_task_queue(const WireOptions& from) {
  return from.task_queue.has_value();
}
bool has_priority(const WireOptions& from) {
  return from.priority.has_value();
}
bool has_retry(const WireOptions& from) {
  return from.retry.has_value();
}

// Whole messages come before their parts: that is the order they are applied in.
constexpr std::array kPaths = {
    Path{"task_queue.name",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.options.task_queue = *from.task_queue;
           return {};
         },
         has_task_queue, "taskQueue is not set"},
    Path{"schedule_to_close_timeout",
         [](const WireOptions& from, Draft& to) {
           return take(from.schedule_to_close, "ScheduleToCloseTimeout", to.options.timeouts.schedule_to_close);
         }},
    Path{"schedule_to_start_timeout",
         [](const WireOptions& from, Draft& to) {
           return take(from.schedule_to_start, "ScheduleToStartTimeout", to.options.timeouts.schedule_to_start);
         }},
    Path{"start_to_close_timeout",
         [](const WireOptions& from, Draft& to) {
           return take(from.start_to_close, "StartToCloseTimeout", to.options.timeouts.start_to_close);
         }},
    Path{"heartbeat_timeout",
         [](const WireOptions& from, Draft& to) {
           return take(from.heartbeat, "HeartbeatTimeout", to.options.timeouts.heartbeat);
         }},
    Path{"start_delay", [](const WireOptions& from,
                           Draft& to) { return take(from.start_delay, "StartDelay", to.options.start_delay); }},
    Path{"priority",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.options.priority = from.priority;
           return {};
         }},
    Path{"priority.priority_key",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           priority_of(to).key = from.priority->key;
           return {};
         },
         has_priority, "Priority is not provided"},
    Path{"priority.fairness_key",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           priority_of(to).fairness_key = from.priority->fairness_key;
           return {};
         },
         has_priority, "Priority is not provided"},
    Path{"priority.fairness_weight",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           priority_of(to).fairness_weight = from.priority->fairness_weight;
           return {};
         },
         has_priority, "Priority is not provided"},
    Path{"retry_policy",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.retry = from.retry.value_or(StartRequest::Retry{});
           return {};
         }},
    Path{"retry_policy.initial_interval",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.retry.initial_interval = from.retry->initial_interval;
           return {};
         },
         has_retry, "RetryPolicy is not provided"},
    Path{"retry_policy.backoff_coefficient",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.retry.backoff_coefficient = from.retry->backoff_coefficient;
           return {};
         },
         has_retry, "RetryPolicy is not provided"},
    Path{"retry_policy.maximum_interval",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.retry.maximum_interval = from.retry->maximum_interval;
           return {};
         },
         has_retry, "RetryPolicy is not provided"},
    Path{"retry_policy.maximum_attempts",
         [](const WireOptions& from, Draft& to) -> StatusOr<> {
           to.retry.maximum_attempts = from.retry->maximum_attempts;
           return {};
         },
         has_retry, "RetryPolicy is not provided"},
};

bool names(const std::vector<std::string>& mask, std::string_view path) {
  return std::ranges::any_of(mask, [&](const std::string& named) { return snake_case(named) == path; });
}

}  // namespace

std::string snake_case(const std::string& path) {
  std::string snake;
  for (const char c : path) {
    const bool begins = snake.empty() || snake.back() == '.' || snake.back() == '_';
    if (c >= 'A' && c <= 'Z') {
      if (!begins) snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else if (c != '_' || !begins) {
      snake += c;
    }
  }
  return snake;
}

StatusOr<> check_mask(const std::vector<std::string>& mask, const WireOptions& options, const RequestLimits& limits) {
  Draft ignored;
  for (const std::string& named : mask) {
    const auto path = std::ranges::find(kPaths, snake_case(named), &Path::name);
    if (path == kPaths.end()) return invalid_argument("unsupported update_mask path: \"" + named + "\"");
    if (path->has_parent != nullptr && !path->has_parent(options)) {
      return invalid_argument(path->without_parent);
    }
    if (auto ok = path->apply(options, ignored); !ok) return ok;
  }
  if (names(mask, "task_queue.name")) return check_task_queue(*options.task_queue, limits);
  return {};
}

StatusOr<MergedOptions> merge_options(const NormalOptions& current, const UpdateOptionsRequest& request,
                                      const RequestLimits& limits, const std::string& type) {
  if (!request.options || !request.update_mask) return invalid_argument("ActivityOptions are not provided");
  if (auto ok = check_mask(*request.update_mask, *request.options, limits); !ok) return ok.error();
  Draft draft{
      current,
      {raw(current.retry.initial_interval), raw(current.retry.maximum_interval), current.retry.backoff_coefficient,
       current.retry.maximum_attempts, current.retry.non_retryable_error_types}};
  MergedOptions merged;
  for (const Path& path : kPaths) {
    if (!names(*request.update_mask, path.name)) continue;
    if (auto ok = path.apply(*request.options, draft); !ok) return ok.error();
    merged.retry_policy_named = merged.retry_policy_named || path.name.starts_with("retry_policy");
    merged.start_delay_named = merged.start_delay_named || path.name == "start_delay";
  }
  if (merged.retry_policy_named) {
    auto retry = normalise_retry(draft.retry);
    if (!retry) return retry.error();
    draft.options.retry = std::move(*retry);
  }
  if (auto ok = check_priority(draft.options.priority); !ok) return ok.error();
  auto timeouts = normalise_timeouts(draft.options.timeouts, request.run.activity_id, type);
  if (!timeouts) return timeouts.error();
  draft.options.timeouts = *timeouts;
  merged.options = std::move(draft.options);
  return merged;
}

}  // namespace longbeat::server
