#pragma once
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "longbeat/export.h"
#include "longbeat/payload.h"

LONGBEAT_BEGIN

/// What an activity's failure tells its caller and the retry policy.
struct ApplicationErrorOptions {
  /// The name callers and retry policies match on. Empty: "ApplicationError".
  std::string type{};
  /// True rules out another attempt.
  bool non_retryable = false;
  /// When set, the pause before the next attempt, instead of the retry policy's. Zero and less count as not set.
  std::optional<std::chrono::nanoseconds> next_retry_delay{};
  Payloads details{};  ///< A failure larger than the server takes goes out without them, and its message says so.
};

/// Thrown by activities to fail with more than a message. Throw it with std::throw_with_nested to keep the cause.
class LONGBEAT_EXPORT ApplicationError : public std::runtime_error {
 public:
  explicit ApplicationError(const std::string& message, ApplicationErrorOptions options = {})
      : std::runtime_error(message), options_(std::move(options)) {}
  const ApplicationErrorOptions& options() const noexcept { return options_; }

 private:
  ApplicationErrorOptions options_;
};

/// Why an attempt was asked to stop.
enum class StopCause : std::int8_t {
  kCanceled,       ///< The caller asked for it. Stopping now closes the activity as canceled.
  kReset,          ///< An operator wants the activity to begin again at attempt 1.
  kPaused,         ///< An operator paused it; it is dispatched again later.
  kShutdown,       ///< This worker is stopping; another one goes on.
  kLeaseLost,      ///< No heartbeat was acknowledged in time: the server may have given the activity to another worker.
  kNotFound,       ///< The server does not know this attempt any more: closed, timed out or handed to someone else.
  kTimedOut,       ///< The time of this attempt (start_to_close or schedule_to_close) is over.
  kBrokenDetails,  ///< Heartbeat details could not be encoded or were refused; the attempt fails with that error.
  kStalled,        ///< An AutoHeartbeat saw no progress; the attempt fails with that.
};

/// "canceled", "lease lost" and so on.
LONGBEAT_EXPORT std::string_view to_string(StopCause cause) noexcept;

/// What ActivityContext::throw_if_stopped() throws. Let it pass: the worker turns it into the right report.
class LONGBEAT_EXPORT ActivityStopped : public std::exception {
 public:
  explicit ActivityStopped(StopCause cause) noexcept : cause_(cause) {}
  /// The first cause.
  StopCause cause() const noexcept { return cause_; }
  const char* what() const noexcept override;

 private:
  StopCause cause_;
};

LONGBEAT_END
