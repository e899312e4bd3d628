#pragma once
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "machine/boxed.h"
#include "machine/failure.h"
#include "machine/text.h"

namespace longbeat::server {

using internal::Uuid;
/// Server time: wall clock at start plus steady time since.
using Time = internal::WallTime;
using Duration = std::chrono::nanoseconds;

/// `time` + `by`, at most the end of time (year 2262); `by` is not negative.
constexpr Time later(Time time, Duration by) {
  return time > Time::max() - by ? Time::max() : time + by;
}

/// Where it stands between start and outcome. The five closed phases come last.
enum class Phase : std::int8_t {
  kScheduled = 1,
  kStarted = 2,
  kCancelRequested = 3,
  kPauseRequested = 4,
  kResetRequested = 5,
  kPaused = 6,
  kCompleted = 7,
  kFailed = 8,
  kCanceled = 9,
  kTerminated = 10,
  kTimedOut = 11,
};

/// "Scheduled", "CancelRequested", "TimedOut": as error texts spell it.
std::string_view to_string(Phase phase) noexcept;
std::ostream& operator<<(std::ostream& out, Phase phase);
constexpr bool is_closed(Phase phase) {
  return phase >= Phase::kCompleted;
}
/// A worker holds an attempt.
constexpr bool in_progress(Phase phase) {
  return phase >= Phase::kStarted && phase <= Phase::kResetRequested;
}

/// enums.RetryState, same numbers.
enum class RetryState : std::int8_t {
  kUnspecified = 0,
  kInProgress = 1,
  kNonRetryableFailure = 2,
  kTimeout = 3,
  kMaximumAttemptsReached = 4,
  kRetryPolicyNotSet = 5,
  kInternalServerError = 6,
  kCancelRequested = 7,
};

std::string_view to_string(RetryState state) noexcept;
std::ostream& operator<<(std::ostream& out, RetryState state);

/// Normalised: every field filled.
struct RetryPolicy {
  Duration initial_interval = std::chrono::seconds(1);
  double backoff_coefficient = 2.0;
  Duration maximum_interval = std::chrono::seconds(100);
  std::int32_t maximum_attempts = 0;  ///< 0: no limit
  std::vector<std::string> non_retryable_error_types{};
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// Normalised; zero means none.
struct Timeouts {
  Duration schedule_to_close{0};
  Duration schedule_to_start{0};
  Duration start_to_close{0};
  Duration heartbeat{0};
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

struct Priority {
  bool present = false;  ///< the start request carried a Priority message
  std::int32_t key = 0;  ///< 0: the default, 3
  Text fairness_key{};
  float fairness_weight = 0;
  friend bool operator==(const Priority&, const Priority&) = default;
};

/// What UpdateActivityExecutionOptions can change.
struct ActivityOptions {
  Text task_queue{};
  Timeouts timeouts{};
  RetryPolicy retry{};
  Priority priority{};
  Duration start_delay{0};
  friend bool operator==(const ActivityOptions&, const ActivityOptions&) = default;
};

/// A later start request that was attached to a run that existed (on_conflict_options).
struct AttachedRequest {
  std::string request_id{};
  std::vector<std::string> links{};  ///< serialised common.Link each
  friend bool operator==(const AttachedRequest&, const AttachedRequest&) = default;
};

/// What the start request said. Written once; rewritten only when an operator changes the options or a later start is
/// attached.
struct ActivityInput {
  std::uint32_t namespace_id = 0;
  Text activity_id{};
  Uuid run_id{};
  Text type{};
  Text start_request_id{};
  Text starter_identity{};
  ActivityOptions options{};
  Time schedule_time{};
  // Serialised messages, stored as they came in; empty where absent.
  std::string input{};               ///< common.Payloads
  Text header{};                     ///< common.Header
  Text user_metadata{};              ///< sdk.UserMetadata
  Text search_attributes{};          ///< common.SearchAttributes
  std::vector<std::string> links{};  ///< common.Link each
  /// As the start request said, normalised; null while nobody has changed `options`.
  std::shared_ptr<const ActivityOptions> original_options{};
  std::vector<AttachedRequest> attached{};
  friend bool operator==(const ActivityInput& a, const ActivityInput& b);
};

/// What operators and canceling callers asked for. Rare, so it lies apart from what every step writes.
struct OperatorNotes {
  // The latest request of each kind: a repetition of it is no error and does nothing.
  std::string cancel_request_id{}, terminate_request_id{}, pause_request_id{}, unpause_request_id{}, reset_request_id{},
      update_request_id{};
  std::string cancel_identity{};
  std::string cancel_reason{};
  std::string cancel_details{};  ///< serialised Payloads with the reason, for when the cancel ends it without a worker
  std::string pause_identity{}, pause_reason{};
  bool paused_before_first_dispatch = false;  ///< the latest pause came before the first attempt was due
  friend bool operator==(const OperatorNotes&, const OperatorNotes&) = default;
};

/// What a pending reset does when the attempt ends; meaningful in kResetRequested only.
struct PendingReset {
  bool lands_paused = false;
  bool restores_options = false;
  bool clears_details = false;
  friend bool operator==(const PendingReset&, const PendingReset&) = default;
};

/// What changes with every step of its life; small, because every heartbeat writes it.
struct ActivityProgress {
  Phase phase = Phase::kScheduled;
  std::int32_t attempt = 1;
  std::int32_t stamp = 1;          ///< raised by everything that outdates queued dispatches and attempt timers
  std::int32_t started_stamp = 0;  ///< stamp when the running attempt was picked up; part of its token
  Time dispatch_time{};            ///< when the current attempt became or becomes due
  Time started_time{};             ///< of the latest attempt; zero before the first. Strictly increasing within a run.
  Time last_heartbeat_time{};
  Time last_attempt_complete_time{};
  Time close_time{};
  Duration current_retry_interval{0};
  std::int64_t heartbeat_count = 0;
  std::int64_t transition_count = 0;  ///< rises with each change; Describe's long poll waits for it to move
  Text worker_identity{};
  Text sdk_name{};
  Text sdk_version{};
  bool cancel_requested = false;
  bool interval_from_worker = false;  ///< current_retry_interval was a worker's next_retry_delay, not the policy's
  PendingReset pending_reset{};
  /// Null: nothing was asked for yet. A change makes a new one.
  std::shared_ptr<const OperatorNotes> notes{};
  friend bool operator==(const ActivityProgress& a, const ActivityProgress& b);
};

/// How the activity ended.
struct Outcome {
  RetryState retry_state = RetryState::kUnspecified;
  bool has_failure = false;
  std::string result{};  ///< serialised Payloads; may be empty
  StoredFailure failure{};
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// enums.CallbackState, same numbers.
enum class CallbackPhase : std::int8_t {
  kStandby = 1,
  kScheduled = 2,
  kBackingOff = 3,
  kFailed = 4,
  kSucceeded = 5,
  kBlocked = 6,
};

/// One completion callback: where to, and how its delivery stands.
struct CallbackState {
  std::string request_id{};  ///< of the start that brought it
  std::string message{};     ///< serialised common.Callback
  std::string url{};
  Time registration_time{};
  CallbackPhase phase = CallbackPhase::kStandby;
  std::int32_t attempt = 0;
  Time last_attempt_complete_time{};
  Time next_attempt_time{};
  std::string last_failure{};  ///< message of the last attempt's failure; empty: none
  bool last_failure_final = false;
  std::string blocked_reason{};
  friend bool operator==(const CallbackState&, const CallbackState&) = default;
};

/// One activity. Six parts, each stored under the same row in a table of its own, by rate of change.
struct ActivityState {
  /// Shared with replies that are on their way; an operator's change makes a new one.
  std::shared_ptr<const ActivityInput> input{};
  ActivityProgress progress{};
  std::string heartbeat_details{};      ///< serialised Payloads; empty: none
  Boxed<StoredFailure> last_failure{};  ///< of the latest failed attempt
  Boxed<Outcome> outcome{};             ///< set exactly when closed
  std::vector<CallbackState> callbacks{};

  Time first_dispatch_time() const { return later(input->schedule_time, input->options.start_delay); }
};

/// What callers see of a phase: enums.ActivityExecutionStatus.
std::int32_t public_status(Phase phase) noexcept;

/// Informative: the bytes kept for this activity, without the store's own.
std::int64_t state_size_bytes(const ActivityState& state);

}  // namespace longbeat::server
