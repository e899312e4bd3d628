#include "base/log.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "base/guarded.h"

namespace longbeat::internal {
namespace {

std::atomic<unsigned long> lost_lines{0};
/// Of the sink that is set; with the default one, spdlog's own level counts.
constexpr int kAskSpdlog = -1;
std::atomic<int> least_level{kAskSpdlog};

spdlog::level::level_enum to_spdlog(LogLevel level) {
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

void write_by_default(LogLevel level, std::string_view line) {
  spdlog::log(to_spdlog(level), "{}", line);
}

Guarded<std::shared_ptr<const LogSink>>& current_sink() {
  static Guarded<std::shared_ptr<const LogSink>> sink;
  return sink;
}

}  // namespace

void set_log_sink(LogSink sink, LogLevel least) {
  least_level.store(sink ? static_cast<int>(least) : kAskSpdlog, std::memory_order_relaxed);
  auto shared = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  current_sink().with([&](auto& current) { current.swap(shared); });
}

bool log_enabled(LogLevel level) noexcept {
  const int least = least_level.load(std::memory_order_relaxed);
  if (least != kAskSpdlog) return static_cast<int>(level) >= least;
  return spdlog::should_log(to_spdlog(level));
}

void log(LogLevel level, std::string_view line) noexcept {
  if (!log_enabled(level)) return;
  try {
    const auto sink = current_sink().with([](auto& current) { return current; });
    if (sink) {
      (*sink)(level, line);
    } else {
      write_by_default(level, line);
    }
  } catch (...) {
    lost_lines.fetch_add(1, std::memory_order_relaxed);
  }
}

unsigned long lost_log_lines() noexcept {
  return lost_lines.load(std::memory_order_relaxed);
}

}  // namespace longbeat::internal
