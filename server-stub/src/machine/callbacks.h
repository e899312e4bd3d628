#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "machine/transition.h"

namespace longbeat::server {

/// How the delivery of one completion callback is repeated.
struct CallbackRetryOptions {
  Duration initial_interval = std::chrono::seconds(1);
  double backoff_coefficient = 2.0;
  Duration maximum_interval = std::chrono::hours(1);
  std::int32_t maximum_attempts = 0;  ///< 0: no limit
};

// --- Events ---
struct DeliverySucceeded {};
struct DeliveryFailed {
  std::string message{};
  bool retryable = true;
};
/// It may not be sent for now, for example because no rule allows its address; waits for DeliveryUnblocked.
struct DeliveryBlocked {
  std::string reason{};
};
/// What stood in the way is gone: due at once.
struct DeliveryUnblocked {};
using CallbackEvent = std::variant<DeliverySucceeded, DeliveryFailed, DeliveryBlocked, DeliveryUnblocked>;

/// What `event` does to one callback at `now`. Pure. FAILED_PRECONDITION, and nothing changed, for the report of a
/// delivery that is not due (standby or settled), and for unblocking what is not blocked.
StatusOr<> transition(CallbackState& callback, const CallbackEvent& event, Time now,
                      const CallbackRetryOptions& options = {});

/// The activity has closed: what stood by is due now. Returns whether anything changed. steps::close does this.
bool release(std::vector<CallbackState>& callbacks, Time now);

/// When its next delivery may begin; unset while it stands by, is blocked or settled.
std::optional<Time> due_time(const CallbackState& callback);
/// The earliest of several.
std::optional<Time> next_due_time(const std::vector<CallbackState>& callbacks);
/// What they take in memory.
std::uint64_t memory_bytes(const std::vector<CallbackState>& callbacks);
/// Delivered, or given up for good.
bool is_settled(const CallbackState& callback);

std::string_view to_string(CallbackPhase phase) noexcept;
std::ostream& operator<<(std::ostream& out, CallbackPhase phase);

}  // namespace longbeat::server
