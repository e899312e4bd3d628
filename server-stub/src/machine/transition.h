#pragma once
#include <variant>

#include "base/status.h"
#include "machine/activity_state.h"

namespace longbeat::server {

using internal::Status;
using internal::StatusOr;

/// Which attempt a report speaks of. By-ID calls leave it out and mean the current one.
struct AttemptRef {
  std::int32_t attempt = 0;
  std::int32_t stamp = 0;
};

// --- Events ---
/// A worker takes the task. Refused with FAILED_PRECONDITION before it is due, NOT_FOUND unless it is scheduled.
struct PickedUp {
  Text worker_identity{};
  Text sdk_name{};
  Text sdk_version{};
};
/// The reply that carried the task never left: the attempt did not happen. New stamp, same attempt number.
struct HandOutUndone {
  AttemptRef attempt{};
};
struct Heartbeat {
  std::optional<AttemptRef> attempt{};
  std::string details{};  ///< replaces what is stored, also by nothing
};
struct Completed {
  std::optional<AttemptRef> attempt{};  ///< absent (by ID): also accepted while no worker holds it
  std::string result{};
};
struct Failed {
  std::optional<AttemptRef> attempt{};
  FailureFacts facts{};
  StoredFailure failure{};  ///< what is kept; ignored when facts.kind is kNone
  StoredFailure
      retained{};  ///< what is kept when it will be retried (cut to the limit by the caller); kind kOpaque or kServer
  std::optional<std::string> last_heartbeat_details{};  ///< one more heartbeat, applied first
};
struct CanceledByWorker {
  std::optional<AttemptRef> attempt{};
  std::string details{};
};
/// A report too large to keep: the activity closes with a non-retryable server failure.
struct Oversized {
  std::optional<AttemptRef> attempt{};
  std::string message{};  ///< for example "Heartbeat details exceed size limit."
};
struct CancelRequested {
  std::string request_id{};
  std::string identity{};
  std::string reason{};
  std::string reason_payloads{};  ///< serialised Payloads with the reason as one json/plain payload, for a cancel that
                                  ///< closes at once
};
struct Terminated {
  std::string request_id{};
  std::string identity{};
  std::string reason{};
};
struct PauseRequested {
  std::string request_id{};
  std::string identity{};
  std::string reason{};
};
struct UnpauseRequested {
  std::string request_id{};
  Duration delay{0};  ///< drawn from the request's jitter
};
struct ResetRequested {
  std::string request_id{};
  bool keep_paused = false;
  bool restore_original_options = false;
  bool reset_heartbeat = false;
  Duration delay{0};  ///< drawn from the request's jitter; not for an attempt that runs
};
struct OptionsUpdated {
  std::string request_id{};
  bool restore_original = false;    ///< the start request's options come back; `options` is not looked at
  ActivityOptions options{};        ///< complete and normalised
  bool retry_policy_named = false;  ///< a backoff that comes from the policy is computed anew
  bool start_delay_named = false;   ///< refused once the activity has become due
};
/// A later start of the same ID found this run and attaches to it. Limits are the caller's to check.
struct StartAttached {
  AttachedRequest request{};
  std::vector<CallbackState> callbacks{};
};
/// One of the activity's deadlines may have passed; does nothing when none has.
struct DeadlinePassed {
  // The server itself stood still: added while a worker holds an attempt.
  Duration attempt_grace{0};  ///< to schedule-to-close and start-to-close: lost since the attempt began
  Duration beat_grace{0};     ///< to the heartbeat's deadline: lost since the last one
  /// The attempt began so much before its stored time, which only grows within a run: the clock had been set back.
  Duration started_ahead{0};
};

using Event = std::variant<PickedUp, HandOutUndone, Heartbeat, Completed, Failed, CanceledByWorker, Oversized,
                           CancelRequested, Terminated, PauseRequested, UnpauseRequested, ResetRequested,
                           OptionsUpdated, StartAttached, DeadlinePassed>;

/// The parts of a state that a transition changed and that must be durable before anyone hears of it.
enum Parts : std::uint8_t {
  kNothing = 0,
  kProgress = 1,
  kDetails = 2,
  kLastFailure = 4,
  kOutcome = 8,
  kInput = 16,
  kCallbacks = 64,
  /// Only time and count of a heartbeat moved: may be older after a crash.
  kBeatOnly = 32,
};

struct Applied {
  std::uint8_t changed = kNothing;
  // Heartbeat replies: at most one is true.
  bool cancel_requested = false;
  bool activity_paused = false;
  bool activity_reset = false;
};

/// What `event` does to `state` at `now`. Pure: no clock, no I/O, no locks. A refusal leaves `state` untouched and has
/// the protocol's exact code and text (a late or repeated report: NOT_FOUND, see not_found_activity).
StatusOr<Applied> transition(ActivityState& state, const Event& event, Time now);
// The events are large: these spare the variant where the type is known, and move out of an event that is given away.
StatusOr<Applied> transition(ActivityState& state, const PickedUp& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const HandOutUndone& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const Heartbeat& event, Time now);
StatusOr<Applied> transition(ActivityState& state, Heartbeat&& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const Completed& event, Time now);
StatusOr<Applied> transition(ActivityState& state, Completed&& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const Failed& event, Time now);
StatusOr<Applied> transition(ActivityState& state, Failed&& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const CanceledByWorker& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const Oversized& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const CancelRequested& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const Terminated& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const PauseRequested& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const UnpauseRequested& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const ResetRequested& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const OptionsUpdated& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const StartAttached& event, Time now);
StatusOr<Applied> transition(ActivityState& state, const DeadlinePassed& event, Time now);

/// The latest request of its kind carried this ID: answered as done, whatever has become of the activity since.
enum class OperatorRequest : std::uint8_t { kCancel, kTerminate, kPause, kUnpause, kReset, kUpdate };
bool is_repetition(const ActivityState& state, OperatorRequest kind, const std::string& request_id);
/// The same for a start: this request made the run or was attached to it.
bool is_start_repetition(const ActivityInput& input, const std::string& request_id);

/// NOT_FOUND "activity not found for ID: <id>" with its detail.
Status not_found_activity(std::string_view activity_id);

/// What follows from a state: computed the same way at run time and at recovery.
struct Plan {
  /// When the current attempt may be handed out; unset while a worker holds it, paused or closed.
  std::optional<Time> dispatch_at{};
  /// The earliest deadline of any kind; unset when there is none.
  std::optional<Time> deadline{};
  /// A worker holds an attempt, which that deadline would fail: it needs the evidence of an empty queue, and gaps in
  /// the server's own time have been added to it. Of any kind: also schedule-to-close.
  bool deadline_of_attempt = false;
};
Plan plan(const ActivityState& state, const DeadlinePassed& grace = {});

/// Whether the policy lets an attempt that ended like this be retried at all.
bool retryable(const FailureFacts& facts, const RetryPolicy& policy);

/// Interval before the attempt after `attempt`: initial × coefficient^(attempt−1), capped; no std::pow (same on every
/// machine).
Duration retry_interval(const RetryPolicy& policy, std::int32_t attempt);

}  // namespace longbeat::server
