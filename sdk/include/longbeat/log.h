#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "longbeat/export.h"

LONGBEAT_BEGIN

enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// One fact beside the text of a line, such as activity_id.
struct LogField {
  std::string_view name;
  std::string_view value;
};

/// One line. Valid only while the sink runs: copy what you keep.
struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  std::string_view message{};
  /// In the order in which they were given; names may repeat.
  std::span<const LogField> fields{};
};

/// The message and its fields as name=value, on one line whatever is in them: control characters become \n, \r, \t or
/// \x1b and the like, so that no activity's name and no error's text can look like another line or command a terminal.
LONGBEAT_EXPORT std::string to_string(const LogRecord& record);

/// Where the lines go that longbeat and the loggers of its activities write. Must be thread-safe. What it throws is
/// swallowed and its line counted as lost. It may block: once the process has connected a client, a
/// thread of its own runs it, so heartbeats, polls and shutdown go on; up to 4,096 lines and 1 MiB wait meanwhile, what
/// comes then is dropped, and the next line that gets through is preceded by one that says how many.
using LogSink = std::function<void(const LogRecord&)>;

/// Replaces the sink of the process, which gets the lines of `least` and above. An empty one restores the default:
/// spdlog's default logger at its own level, lines as to_string() makes them. Lines written before this call still go
/// to the sink that goes; the call returns when it has ended, or after 1 s if it blocks for longer (called from a sink,
/// it does not wait). Lines that wait when the process ends normally are written, for at most 1 s. Any thread.
LONGBEAT_EXPORT void set_log_sink(LogSink sink, LogLevel least = LogLevel::kInfo);

LONGBEAT_END
