#pragma once

namespace longbeat::internal {

/// While it lives the log has no thread of its own, and whoever logs runs the sink: for who copies this process, which
/// only one of one thread can do safely. The thread is there again afterwards. It stays when its sink blocks for half a
/// second.
class LogPause {
 public:
  LogPause() noexcept;
  ~LogPause();
  LogPause(const LogPause&) = delete;
  LogPause& operator=(const LogPause&) = delete;

 private:
  const bool paused_;
};

}  // namespace longbeat::internal
