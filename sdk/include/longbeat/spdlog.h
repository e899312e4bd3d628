#pragma once
/// An adapter: longbeat's lines into a logger of spdlog. Included by no other public header; needs spdlog's headers.
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <utility>

#include "longbeat/log.h"

namespace longbeat::internal {

inline spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

/// Sends the lines of longbeat and of its activities to `logger`, those of the level it has now and above, as
/// to_string() makes them. An empty pointer restores the default sink.
inline void log_to(std::shared_ptr<spdlog::logger> logger) {
  if (!logger) return set_log_sink({});
  const auto level = logger->level();
  const LogLevel least = level <= spdlog::level::debug  ? LogLevel::kDebug
                         : level == spdlog::level::info ? LogLevel::kInfo
                         : level == spdlog::level::warn ? LogLevel::kWarn
                                                        : LogLevel::kError;
  set_log_sink(
      [logger = std::move(logger)](const LogRecord& record) {
        const auto at = internal::to_spdlog(record.level);
        if (!logger->should_log(at)) return;
        logger->log(at, "{}", to_string(record));
      },
      least);
}

LONGBEAT_END
