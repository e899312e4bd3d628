#include "machine/callbacks.h"

#include <algorithm>
#include <ostream>

namespace longbeat::server {
namespace {

struct Step {
  CallbackState& callback;
  Time now;
  const CallbackRetryOptions& options;

  /// One delivery is over.
  void attempted() {
    ++callback.attempt;
    callback.last_attempt_complete_time = now;
    callback.next_attempt_time = {};
    callback.blocked_reason.clear();
  }

  void operator()(const DeliverySucceeded&) {
    attempted();
    callback.phase = CallbackPhase::kSucceeded;
    callback.last_failure.clear();
    callback.last_failure_final = false;
  }

  void operator()(const DeliveryFailed& event) {
    attempted();
    callback.last_failure = event.message;
    const bool used_up = options.maximum_attempts > 0 && callback.attempt >= options.maximum_attempts;
    callback.last_failure_final = !event.retryable || used_up;
    if (callback.last_failure_final) {
      callback.phase = CallbackPhase::kFailed;
      return;
    }
    callback.phase = CallbackPhase::kBackingOff;
    const RetryPolicy policy{.initial_interval = options.initial_interval,
                             .backoff_coefficient = options.backoff_coefficient,
                             .maximum_interval = options.maximum_interval};
    callback.next_attempt_time = later(now, retry_interval(policy, callback.attempt));
  }

  void operator()(const DeliveryBlocked& event) {
    callback.phase = CallbackPhase::kBlocked;
    callback.blocked_reason = event.reason;
    callback.next_attempt_time = {};
  }

  void operator()(const DeliveryUnblocked&) {
    callback.phase = CallbackPhase::kScheduled;
    callback.blocked_reason.clear();
    callback.next_attempt_time = now;
  }
};

}  // namespace

StatusOr<> transition(CallbackState& callback, const CallbackEvent& event, Time now,
                      const CallbackRetryOptions& options) {
  const bool unblocks = std::holds_alternative<DeliveryUnblocked>(event);
  if (unblocks ? callback.phase != CallbackPhase::kBlocked : !due_time(callback)) {
    return internal::failed_precondition("callback is in state " + std::string(to_string(callback.phase)));
  }
  std::visit(Step{callback, now, options}, event);
  return {};
}

bool release(std::vector<CallbackState>& callbacks, Time now) {
  bool changed = false;
  for (CallbackState& callback : callbacks) {
    if (callback.phase != CallbackPhase::kStandby) continue;
    callback.phase = CallbackPhase::kScheduled;
    callback.next_attempt_time = now;
    changed = true;
  }
  return changed;
}

std::optional<Time> due_time(const CallbackState& callback) {
  if (callback.phase != CallbackPhase::kScheduled && callback.phase != CallbackPhase::kBackingOff) return std::nullopt;
  return callback.next_attempt_time;
}

std::optional<Time> next_due_time(const std::vector<CallbackState>& callbacks) {
  std::optional<Time> next;
  for (const CallbackState& callback : callbacks) {
    if (const auto at = due_time(callback); at && (!next || *at < *next)) next = at;
  }
  return next;
}

std::uint64_t memory_bytes(const std::vector<CallbackState>& callbacks) {
  std::uint64_t bytes = 0;
  for (const CallbackState& one : callbacks) {
    bytes += sizeof one + one.request_id.size() + one.message.size() + one.url.size() + one.last_failure.size();
  }
  return bytes;
}

bool is_settled(const CallbackState& callback) {
  return callback.phase == CallbackPhase::kSucceeded || callback.phase == CallbackPhase::kFailed;
}

std::string_view to_string(CallbackPhase phase) noexcept {
  switch (phase) {
    case CallbackPhase::kStandby:
      return "Standby";
    case CallbackPhase::kScheduled:
      return "Scheduled";
    case CallbackPhase::kBackingOff:
      return "BackingOff";
    case CallbackPhase::kFailed:
      return "Failed";
    case CallbackPhase::kSucceeded:
      return "Succeeded";
    case CallbackPhase::kBlocked:
      return "Blocked";
  }
  return "Unspecified";
}

std::ostream& operator<<(std::ostream& out, CallbackPhase phase) {
  return out << to_string(phase);
}

}  // namespace longbeat::server
