#include "base/log.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "base/guarded.h"

namespace longbeat::internal {
namespace {

std::atomic<unsigned long> lost_lines{0};

void write_by_default(LogLevel level, std::string_view line) {
  switch (level) {
    case LogLevel::kDebug:
      spdlog::debug("{}", line);
      break;
    case LogLevel::kInfo:
      spdlog::info("{}", line);
      break;
    case LogLevel::kWarn:
      spdlog::warn("{}", line);
      break;
    case LogLevel::kError:
      spdlog::error("{}", line);
      break;
  }
}

Guarded<std::shared_ptr<const LogSink>>& current_sink() {
  static Guarded<std::shared_ptr<const LogSink>> sink;
  return sink;
}

}  // namespace

void set_log_sink(LogSink sink) {
  auto shared = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  current_sink().with([&](auto& current) { current.swap(shared); });
}

void log(LogLevel level, std::string_view line) noexcept {
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
