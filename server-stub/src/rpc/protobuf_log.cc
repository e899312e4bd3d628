#include "rpc/protobuf_log.h"

#include <google/protobuf/stubs/common.h>
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

#include <chrono>
#include <mutex>
#include <string>

#include "base/log.h"

namespace longbeat::server {

#if GOOGLE_PROTOBUF_VERSION < 4022000
namespace {

using std::chrono::steady_clock;

/// Callers decide how often such a line comes up, so it must not cost much.
bool may_log() {
  static std::mutex mutex;
  static steady_clock::time_point second_began{};
  static int lines = 0;
  const auto now = steady_clock::now();
  const std::lock_guard lock(mutex);
  if (now - second_began >= std::chrono::seconds(1)) {
    second_began = now;
    lines = 0;
  }
  return lines++ < kProtobufLinesPerSecond;
}

void to_log(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  // A fatal one is followed by the end of the process.
  const bool is_fatal = level == google::protobuf::LOGLEVEL_FATAL;
  const auto as = is_fatal ? internal::LogLevel::kError : internal::LogLevel::kDebug;
  if (is_fatal || (internal::log_enabled(as) && may_log())) internal::log(as, "protobuf: " + message);
}

}  // namespace

void log_protobuf_lines() {
  google::protobuf::SetLogHandler(to_log);
}
#else
void log_protobuf_lines() {}
#endif

}  // namespace longbeat::server
