#pragma once
#include <chrono>
#include <optional>
#include <stop_token>

#include "longbeat/export.h"

LONGBEAT_BEGIN

/// Limits of one call.
struct CallOptions {
  /// Bounds the call with all its retries. Not set: ClientOptions::call_timeout. Zero or less: kDeadlineExceeded, and
  /// nothing is sent.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// Gives the call up with kCanceled. What was sent may have taken effect all the same.
  std::stop_token stop_token{};
};

/// How long to wait for something that only time brings.
struct WaitOptions {
  /// Bounds the whole wait, however often the server has to be asked. Not set: as long as it takes. Zero or less:
  /// kDeadlineExceeded, and nothing is asked.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// Ends the wait with kCanceled. The activity itself goes on.
  std::stop_token stop_token{};
};

LONGBEAT_END
