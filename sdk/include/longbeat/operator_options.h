#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "longbeat/call_options.h"
#include "longbeat/export.h"
#include "longbeat/retry_policy.h"

// What the operations of a handle can be told. Fields are named as the protocol names them. In all of them:
// `request_id` makes the operation recognisable, so that its repetition, also by another process, has no second effect;
// empty means a new one for each call, kept over its retries. At most 1000 bytes, as is the identity of the client that
// goes with it.

LONGBEAT_BEGIN

struct CancelOptions {
  /// For people: ActivityDescription::canceled_reason, and the details of an activity that no worker ran.
  std::string reason{};
  std::string request_id{};
  CallOptions call{};
};

struct TerminateOptions {
  /// The message of the failure that everybody who waits gets.
  std::string reason{};
  std::string request_id{};
  CallOptions call{};
};

struct RemoveOptions {
  CallOptions call{};
};

struct PauseOptions {
  std::string reason{};
  std::string request_id{};
  CallOptions call{};
};

struct UnpauseOptions {
  std::string reason{};
  /// The next attempt starts after a random part of it, so that many activities do not start together. Not negative.
  std::chrono::nanoseconds jitter{0};
  std::string request_id{};
  CallOptions call{};
};

struct ResetOptions {
  /// A paused activity stays paused, and begins again once it is unpaused.
  bool keep_paused = false;
  /// The next attempt starts after a random part of it. Not negative. Not for a reset that a running attempt puts off.
  std::chrono::nanoseconds jitter{0};
  /// Back to the options of the start, too, whatever update_options() changed.
  bool restore_original_options = false;
  /// Forgets the heartbeat details: the next attempt begins from nothing.
  bool reset_heartbeat = false;
  std::string request_id{};
  CallOptions call{};
};

/// Takes a setting away: `{.heartbeat_timeout = clear}`.
struct Clear {};
inline constexpr Clear clear{};

/// What becomes of one setting: stays as it is (the default), gets a value, or is taken away.
template <class T>
class Change {
 public:
  Change() = default;
  template <class U>
    requires std::convertible_to<U&&, T>
  Change(U&& value)
      : state_(std::in_place_index<2>, static_cast<T>(std::forward<U>(value))) {}  // NOLINT: implicit on purpose.
  Change(Clear) : state_(Clear{}) {}                                               // NOLINT

  bool stays() const noexcept { return state_.index() == 0; }
  /// The new value; null when it stays or is taken away.
  const T* value() const noexcept { return std::get_if<2>(&state_); }

 private:
  std::variant<std::monostate, Clear, T> state_{};
};

/// Single fields of a retry policy; `clear` brings the server's default back.
struct RetryPolicyChange {
  Change<std::chrono::nanoseconds> initial_interval{};
  Change<double> backoff_coefficient{};
  Change<std::chrono::nanoseconds> maximum_interval{};
  Change<std::int32_t> maximum_attempts{};
};
/// Single fields of a priority.
struct PriorityChange {
  Change<std::int32_t> priority_key{};
  Change<std::string> fairness_key{};
  Change<float> fairness_weight{};
};

/// Which options of an open activity change; at least one, or restore_original alone. Values follow the rules of
/// StartOptions, of which the server keeps those that fit together: a timeout that is longer than another one allows is
/// cut.
struct UpdateOptions {
  /// Moves it to another queue, from the next attempt on. Cannot be cleared.
  std::optional<std::string> task_queue{};
  /// `clear`: as when it is not set at the start, where one of the first and the third has to be set. Timers run on
  /// from where they began.
  Change<std::chrono::nanoseconds> schedule_to_close_timeout{}, schedule_to_start_timeout{}, start_to_close_timeout{},
      heartbeat_timeout{};
  /// Only before the first attempt was due.
  Change<std::chrono::nanoseconds> start_delay{};
  /// The whole policy, the non-retryable types included; `clear`: the server's default.
  Change<RetryPolicy> retry_policy{};
  /// Fields of the policy; not together with retry_policy.
  RetryPolicyChange retry_policy_fields{};
  Change<Priority> priority{};
  /// Fields of the priority; not together with priority.
  PriorityChange priority_fields{};
  /// Back to the options of the start; not together with anything else.
  bool restore_original = false;
  std::string request_id{};
  CallOptions call{};
};

/// The options an activity runs under.
struct ActivityOptions {
  std::string task_queue{};
  /// Not set: no limit.
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{}, schedule_to_start_timeout{},
      start_to_close_timeout{}, heartbeat_timeout{};
  std::optional<std::chrono::nanoseconds> start_delay{};
  /// With the server's defaults filled in. maximum_attempts not set: no limit.
  RetryPolicy retry_policy{};
  Priority priority{};
};

LONGBEAT_END
