// Durations, timeouts and retry policies: what defaults mean and which values go together.
#include <algorithm>
#include <array>
#include <string_view>

#include "request/validate.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;
using std::chrono::nanoseconds;

constexpr std::int64_t kSecondsMax = std::int64_t{36'500} * 86'400;  // 100 years.
constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
constexpr nanoseconds kDurationMax = std::chrono::seconds(kSecondsMax);

constexpr std::string_view kTimeoutPrefix = "TemporalTimeout:";

StatusOr<> check_error_types(const std::vector<std::string>& types) {
  constexpr std::array<std::string_view, 4> known{"StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"};
  for (const std::string& type : types) {
    if (!type.starts_with(kTimeoutPrefix)) continue;
    const std::string_view timeout = std::string_view(type).substr(kTimeoutPrefix.size());
    if (std::find(known.begin(), known.end(), timeout) == known.end()) {
      return invalid_argument("invalid timeout type in non-retryable error types on retry policy: " + type);
    }
  }
  return {};
}

}  // namespace

StatusOr<nanoseconds> parse_duration(const std::optional<RawDuration>& raw, const std::string& field) {
  if (!raw) return nanoseconds(0);
  const auto [seconds, nanos] = *raw;
  const std::string shown = std::to_string(seconds) + "s and " + std::to_string(nanos) + "ns";
  if (nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond) {
    return invalid_argument("invalid " + field + ": nanos out of range: " + shown);
  }
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    return invalid_argument("invalid " + field + ": mixed signs: " + shown);
  }
  if (seconds < 0 || nanos < 0) return invalid_argument("invalid " + field + ": negative duration: " + shown);
  if (seconds >= kSecondsMax) return kDurationMax;
  return std::chrono::seconds(seconds) + nanoseconds(nanos);
}

nanoseconds wished_delay(const std::optional<RawDuration>& raw) {
  if (!raw || raw->seconds < 0) return nanoseconds(0);
  if (raw->seconds >= kSecondsMax) return kDurationMax;
  return std::max(std::chrono::seconds(raw->seconds) + nanoseconds(raw->nanos), nanoseconds(0));
}

StatusOr<NormalRetry> normalise_retry(const std::optional<StartRequest::Retry>& asked) {
  NormalRetry retry;
  if (!asked) return retry;
  // With one attempt nothing else can matter, so nothing else is refused.
  const bool checked = asked->maximum_attempts != 1;
  const auto initial = parse_duration(asked->initial_interval, "InitialInterval");
  const auto maximum = parse_duration(asked->maximum_interval, "MaximumInterval");
  if (checked && !initial) return initial.error();
  if (checked && !maximum) return maximum.error();
  if (initial && initial->count() > 0) retry.initial_interval = *initial;
  const bool has_maximum = maximum && maximum->count() > 0;
  retry.maximum_interval =
      has_maximum ? *maximum : nanoseconds(std::min(retry.initial_interval.count(), kDurationMax.count() / 100) * 100);
  if (asked->backoff_coefficient != 0) retry.backoff_coefficient = asked->backoff_coefficient;
  retry.maximum_attempts = asked->maximum_attempts;
  retry.non_retryable_error_types = asked->non_retryable_error_types;
  if (!checked) return retry;
  // Negated, so that a coefficient that is not a number is refused too.
  if (!(retry.backoff_coefficient >= 1))
    return invalid_argument("BackoffCoefficient cannot be less than 1 on retry policy.");
  if (retry.maximum_interval < retry.initial_interval) {
    return invalid_argument("MaximumInterval cannot be less than InitialInterval on retry policy.");
  }
  if (retry.maximum_attempts < 0) return invalid_argument("MaximumAttempts cannot be negative on retry policy.");
  if (auto ok = check_error_types(retry.non_retryable_error_types); !ok) return ok.error();
  return retry;
}

StatusOr<NormalTimeouts> normalise_timeouts(NormalTimeouts asked, const std::string& activity_id,
                                            const std::string& type) {
  const auto within = [](nanoseconds value, nanoseconds limit) {
    return value.count() > 0 ? std::min(value, limit) : limit;
  };
  if (asked.schedule_to_close.count() > 0) {
    asked.schedule_to_start = within(asked.schedule_to_start, asked.schedule_to_close);
    asked.start_to_close = within(asked.start_to_close, asked.schedule_to_close);
  } else if (asked.start_to_close.count() <= 0) {
    return invalid_argument(
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=" + activity_id +
        " ActivityType=" + type);
  }
  asked.heartbeat = std::min(asked.heartbeat, asked.start_to_close);
  return asked;
}

}  // namespace longbeat::server
