#pragma once
#include <functional>
#include <string_view>

namespace longbeat::internal {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// Where longbeat's own lines go. Must not throw and must be thread-safe; the default writes warnings and errors
/// through spdlog's default logger.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink of the process, which gets the lines of `least` and above; an empty one restores the default.
void set_log_sink(LogSink sink, LogLevel least = LogLevel::kDebug);

/// Would a line of this level be written? For callers who would otherwise make one in vain: one atomic read.
bool log_enabled(LogLevel level) noexcept;

/// Writes one line. Never throws: a sink that does is counted as a lost line and otherwise ignored.
void log(LogLevel level, std::string_view line) noexcept;

/// Lines that a throwing sink lost.
unsigned long lost_log_lines() noexcept;

}  // namespace longbeat::internal
