#pragma once
#include <chrono>

#include "longbeat/result.h"

namespace longbeat::internal {

/// Catches SIGINT and SIGTERM while it lives and restores the program's handlers afterwards. A second signal ends the
/// process at once, unless it comes within kSecondSignalAfter of the first. Several share the handlers, so that more
/// than one worker may run.
class SignalWatch {
 public:
  /// What comes sooner is the same wish twice: timeout(1), for example, sends its signal to the group and the child.
  static constexpr std::chrono::nanoseconds kSecondSignalAfter = std::chrono::seconds(1);

  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// A descriptor that becomes readable with the first signal; -1 when the system gave none.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  int place_ = -1;
};

}  // namespace longbeat::internal
