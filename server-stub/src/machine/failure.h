#pragma once
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace longbeat::server {

/// enums.TimeoutType, same numbers.
enum class TimeoutType : std::int8_t {
  kUnspecified = 0,
  kStartToClose = 1,
  kScheduleToStart = 2,
  kScheduleToClose = 3,
  kHeartbeat = 4
};

/// "StartToClose", "Heartbeat" and so on.
std::string_view to_string(TimeoutType type) noexcept;
std::ostream& operator<<(std::ostream& out, TimeoutType type);

/// A failure as the server keeps it: one that a worker sent stays the bytes it came in (kOpaque, a serialised
/// temporal.api.failure.v1.Failure); one that the server itself made is kept as its few facts.
struct StoredFailure {
  enum class Kind : std::int8_t {
    kOpaque = 0,
    kMessage = 1,
    kTimeout = 2,
    kCanceled = 3,
    kTerminated = 4,
    kServer = 5
  };

  Kind kind = Kind::kMessage;
  std::string opaque{};                             ///< kOpaque
  std::string message{};                            ///< every other kind
  TimeoutType timeout = TimeoutType::kUnspecified;  ///< kTimeout
  std::string details{};               ///< serialised Payloads; kTimeout: last heartbeat details; kCanceled: details
  std::string identity{};              ///< kCanceled: the requester; kTerminated: the terminator
  bool non_retryable = false;          ///< kServer
  std::vector<StoredFailure> cause{};  ///< none or one

  friend bool operator==(const StoredFailure&, const StoredFailure&) = default;
};
std::ostream& operator<<(std::ostream& out, const StoredFailure& failure);

/// What the retry decision reads of a failure; decoded once where it came in.
struct FailureFacts {
  enum class Kind : std::int8_t { kNone, kApplication, kTimeout, kCanceled, kTerminated, kServer, kOther };
  Kind kind = Kind::kNone;  ///< kNone: the worker sent no failure at all
  std::string type{};       ///< kApplication
  bool non_retryable = false;
  TimeoutType timeout = TimeoutType::kUnspecified;
  std::chrono::nanoseconds next_retry_delay{0};  ///< > 0 replaces the policy's interval once
};

}  // namespace longbeat::server
