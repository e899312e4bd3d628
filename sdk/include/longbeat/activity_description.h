#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/failure.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"

LONGBEAT_BEGIN

/// Where an activity stands as a whole.
enum class ActivityStatus : std::int8_t {
  kUnspecified = 0,  ///< A status this version does not know.
  kRunning = 1,      ///< Open: waiting for a worker, running, or between two attempts.
  kCompleted = 2,
  kFailed = 3,
  kCanceled = 4,
  kTerminated = 5,
  kTimedOut = 6,
  kPaused = 7,  ///< Open, but no attempt starts until it is unpaused.
};
/// "Running", "TimedOut" and so on.
LONGBEAT_EXPORT std::string_view to_string(ActivityStatus status) noexcept;

/// What an open activity is doing.
enum class ActivityRunState : std::int8_t {
  kUnspecified = 0,  ///< Closed.
  kScheduled = 1,    ///< No worker has it: it waits in its queue, for its start delay or for a retry.
  kStarted = 2,      ///< A worker runs an attempt.
  kCancelRequested = 3,
  kPaused = 4,
  kPauseRequested = 5,  ///< A worker runs an attempt and has not heard of the pause yet.
};
/// "Scheduled", "CancelRequested" and so on.
LONGBEAT_EXPORT std::string_view to_string(ActivityRunState state) noexcept;

/// One activity as the server saw it when it answered.
struct ActivityDescription {
  using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

  std::string id{};
  std::string run_id{};
  std::string type{};
  std::string task_queue{};
  ActivityStatus status = ActivityStatus::kUnspecified;
  ActivityRunState run_state = ActivityRunState::kUnspecified;
  /// The current attempt, the last one when closed; the first is 1.
  std::int32_t attempt = 0;
  /// Heartbeats over all attempts. After a crash of the server it may be a little behind.
  std::int64_t heartbeat_count = 0;
  std::int64_t state_transition_count = 0;
  /// Not set when it has not happened.
  std::optional<Time> schedule_time{}, last_started_time{}, last_heartbeat_time{}, close_time{},
      next_attempt_schedule_time{};
  std::string last_worker_identity{};
  /// Given by whoever asked for the cancellation.
  std::string canceled_reason{};
  /// Newest progress the server has; empty when there is none or it was not asked for.
  Payloads raw_heartbeat_details{};
  /// Why the last attempt that failed did so.
  std::optional<Failure> last_failure{};
  /// Of the client that asked.
  DataConverter converter{};

  /// The newest progress as a T; nothing when there is none; kUndecodable when it is not a T. Looks at the first value.
  template <class T>
  Result<std::optional<T>> heartbeat_details() const {
    if (raw_heartbeat_details.empty()) return std::optional<T>();
    auto value = converter.from_payload<T>(raw_heartbeat_details.front());
    if (!value) return std::move(value).error();
    return std::optional<T>(*std::move(value));
  }
};

LONGBEAT_END
