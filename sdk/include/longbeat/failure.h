#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "longbeat/export.h"
#include "longbeat/payload.h"

LONGBEAT_BEGIN

/// Which of an activity's limits ran out.
enum class TimeoutType : std::int8_t {
  kUnspecified = 0,
  kStartToClose = 1,
  kScheduleToStart = 2,
  kScheduleToClose = 3,
  kHeartbeat = 4
};

/// What kind of failure this is.
enum class FailureKind : std::int8_t {
  kGeneric,      ///< Only a message.
  kApplication,  ///< Raised by activity code.
  kTimeout,
  kCanceled,
  kTerminated,
  kServer,
  kActivity,  ///< Wraps the failure of an activity, as workflows see it; `cause` holds the failure itself.
  kOther,     ///< A kind longbeat does not interpret; message, stack trace and cause are kept.
};

/// Why an activity, or one attempt of it, failed. The typed form of temporal.api.failure.v1.Failure.
struct Failure {
  FailureKind kind = FailureKind::kGeneric;
  std::string message{};
  /// Which SDK made it, for example "GoSDK"; may be empty.
  std::string source{};
  std::string stack_trace{};
  /// kApplication: the name callers and retry policies match on.
  std::string type{};
  /// kApplication and kServer: true rules out a retry.
  bool non_retryable = false;
  /// kApplication: details of the error. kCanceled: what the activity left. kTimeout: the last heartbeat details.
  Payloads details{};
  /// kApplication: when set, replaces the backoff of the retry policy for the next attempt.
  std::optional<std::chrono::nanoseconds> next_retry_delay{};
  TimeoutType timeout_type = TimeoutType::kUnspecified;
  /// kCanceled and kTerminated: who asked for it.
  std::string identity{};
  /// Message and stack trace, hidden in a payload by whoever made the failure
  /// (ClientOptions::encode_common_attributes). Only set when they could not be read here: by a codec that this client
  /// does not have, or one that failed.
  std::optional<Payload> encoded_attributes{};
  std::shared_ptr<const Failure> cause{};

  /// The first failure of this kind in the chain that begins here; null when there is none. Valid as long as this
  /// object, like the next.
  LONGBEAT_EXPORT const Failure* find(FailureKind wanted) const noexcept;
  /// The first application failure of that type, for example `find("DiskFull")`.
  LONGBEAT_EXPORT const Failure* find(std::string_view application_type) const noexcept;
  /// The end of the chain: this object itself when it has no cause.
  LONGBEAT_EXPORT const Failure& root_cause() const noexcept;
};

/// "StartToClose", "Heartbeat" and so on, as the protocol spells them.
LONGBEAT_EXPORT std::string_view to_string(TimeoutType type) noexcept;
/// One line with the chain of causes: "ApplicationError(Disk): no space: caused by: ...".
LONGBEAT_EXPORT std::string to_string(const Failure& failure);
/// All that is known, over several lines, for logs that people read: retryability, details (JSON and text as they are,
/// cut after 500 bytes; of anything else its encoding and size), who asked, stack trace, and each cause in the same
/// way, indented. Without a newline at the end. No stable format.
LONGBEAT_EXPORT std::string in_full(const Failure& failure);

LONGBEAT_END
