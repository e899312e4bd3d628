#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "longbeat/call_options.h"
#include "longbeat/data_converter.h"
#include "longbeat/export.h"
#include "longbeat/failure.h"
#include "longbeat/links.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/retry_policy.h"
#include "longbeat/search_attributes.h"
#include "longbeat/timestamp.h"

namespace longbeat::internal {

/// How an activity that did not complete looks to whoever asks for its result.
LONGBEAT_EXPORT Error closed_with(const Failure& failure, const std::string& activity_id, const std::string& run_id);
LONGBEAT_EXPORT Error not_included(const char* what, const std::string& activity_id);

}  // namespace longbeat::internal

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

/// Why there was no other attempt. The protocol's enums.RetryState.
enum class RetryState : std::int8_t {
  kUnspecified = 0,  ///< It completed, was canceled or terminated; or an older server.
  kInProgress = 1,
  kNonRetryableFailure = 2,
  kTimeout = 3,  ///< No time was left for one.
  kMaximumAttemptsReached = 4,
  kRetryPolicyNotSet = 5,
  kInternalServerError = 6,
  kCancelRequested = 7,
};

/// A version of a worker's program, where workers are versioned.
struct DeploymentVersion {
  std::string deployment_name{}, build_id{};
  friend bool operator==(const DeploymentVersion&, const DeploymentVersion&) = default;
};

/// What a description holds beside the state. Less makes smaller answers.
struct DescribeOptions {
  bool include_input = false;
  bool include_outcome = false;
  bool include_heartbeat_details = true;
  bool include_last_failure = true;
  CallOptions call{};
};
/// What each description of a watch holds, and how long to watch.
struct WatchOptions {
  bool include_input = false;
  bool include_outcome = false;
  bool include_heartbeat_details = true;
  bool include_last_failure = true;
  /// Bounds the whole watch; kDeadlineExceeded when it passes. Not set: until the activity has closed.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// Ends the watch with kCanceled.
  std::stop_token stop_token{};
};

/// One activity as the server saw it when it answered.
struct ActivityDescription {
  using Time = Timestamp;

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
  /// For information only.
  std::int64_t state_size_bytes = 0;

  /// What it runs under. Not set: no such limit.
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{}, schedule_to_start_timeout{},
      start_to_close_timeout{}, heartbeat_timeout{}, start_delay{};
  /// With the server's defaults filled in. maximum_attempts not set: no limit.
  RetryPolicy retry_policy{};
  Priority priority{};

  /// Not set when it has not happened.
  std::optional<Time> schedule_time{}, last_started_time{}, last_heartbeat_time{}, close_time{},
      next_attempt_schedule_time{};
  /// schedule_time + start_delay.
  std::optional<Time> execution_time{};
  /// When the last attempt that failed or completed did so.
  std::optional<Time> last_attempt_complete_time{};
  /// When schedule_to_close_timeout ends it.
  std::optional<Time> expiration_time{};
  /// The pause before the next attempt; only while it lasts.
  std::optional<std::chrono::nanoseconds> current_retry_interval{};
  /// From schedule_time to close_time; only once closed.
  std::optional<std::chrono::nanoseconds> execution_duration{};

  /// Who ran the latest attempt, and with which SDK.
  std::string last_worker_identity{}, sdk_name{}, sdk_version{};
  std::optional<DeploymentVersion> last_deployment_version{};
  /// Given by whoever asked for the cancellation.
  std::string canceled_reason{};
  /// StartOptions::summary and ::details; empty also when they are not text.
  std::string summary{}, details{};
  SearchAttributes search_attributes{};
  /// What the interceptors of the start put into it.
  std::map<std::string, Payload> header{};
  std::vector<Link> links{};
  std::vector<CallbackDescription> callbacks{};

  /// Newest progress the server has; empty when there is none or it was not asked for.
  Payloads raw_heartbeat_details{};
  /// Why the last attempt that failed did so. Not set when none did or it was not asked for.
  std::optional<Failure> last_failure{};
  /// The arguments. Not set when they were not asked for.
  std::optional<Payloads> raw_input{};
  /// The result. Not set when it was not asked for, or there is none.
  std::optional<Payloads> raw_result{};
  /// Why there is no result. Not set when it was not asked for, or there is no such reason.
  std::optional<Failure> failure{};
  RetryState retry_state = RetryState::kUnspecified;

  /// Names this state: ActivityHandle::wait_for_change() waits for another one.
  std::string long_poll_token{};
  /// Of the client that asked.
  DataConverter converter{};

  /// False once it has completed, failed, timed out, been canceled or terminated.
  bool open() const noexcept {
    return status == ActivityStatus::kRunning || status == ActivityStatus::kPaused ||
           status == ActivityStatus::kUnspecified;
  }

  /// The newest progress as a T; nothing when there is none; kUndecodable when it is not a T. Looks at the first value.
  template <class T>
  Result<std::optional<T>> heartbeat_details() const {
    if (raw_heartbeat_details.empty()) return std::optional<T>();
    auto value = converter.from_payload<T>(raw_heartbeat_details.front());
    if (!value) return std::move(value).error();
    return std::optional<T>(*std::move(value));
  }

  /// The arguments as values; kNotFound when they were not asked for (DescribeOptions::include_input).
  template <class... Args>
  Result<std::tuple<Args...>> input() const {
    if (!raw_input) return internal::not_included("input", id);
    return converter.from_payloads<std::tuple<Args...>>(*raw_input);
  }

  /// How it ended, as ActivityHandle::result() tells it; nothing when it is open or that was not asked for
  /// (DescribeOptions::include_outcome).
  template <class R>
  std::optional<Result<R>> outcome() const {
    if (failure) return Result<R>(internal::closed_with(*failure, id, run_id));
    if (!raw_result) return std::nullopt;
    return converter.from_result<R>(*raw_result);
  }
};

LONGBEAT_END
