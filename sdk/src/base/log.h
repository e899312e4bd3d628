#pragma once
#include <chrono>
#include <span>
#include <string_view>

#include "longbeat/log.h"

namespace longbeat::internal {

using longbeat::LogField;
using longbeat::LogLevel;
using longbeat::LogRecord;
using longbeat::LogSink;
using longbeat::set_log_sink;

/// Would a line of this level be written? For callers who would otherwise make one in vain: one atomic read.
bool log_enabled(LogLevel level) noexcept;

/// Writes one line. Never throws: a sink that does is counted as a lost line and otherwise ignored.
void log(LogLevel level, std::string_view line) noexcept;
void log(LogLevel level, std::string_view line, std::span<const LogField> fields) noexcept;

/// Lines that a throwing sink lost, and those dropped because the queue of the log's thread was full.
unsigned long lost_log_lines() noexcept;

/// From now on a thread of its own runs the sink, and log() only queues: for processes that have event loops, which a
/// blocked sink must not delay. Until then, as in tests on virtual clocks, log() runs the sink itself. May be called
/// again. The line stays on the caller's thread if no thread can be started.
void log_on_own_thread() noexcept;

/// Waits until what was queued has been written; false when that took longer. True at once without a thread, and false
/// at once in a sink.
bool flush_log(std::chrono::milliseconds within) noexcept;

/// Back to the caller's thread, after a flush: at the end of the process, and for tests. False: the sink still blocks;
/// then what waits is dropped, and its thread is left to end by itself.
bool log_on_callers_thread(std::chrono::milliseconds within) noexcept;

}  // namespace longbeat::internal
