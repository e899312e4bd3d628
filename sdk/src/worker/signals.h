#pragma once
#include "longbeat/result.h"

namespace longbeat::internal {

/// Catches SIGINT and SIGTERM while it lives and restores the program's handlers afterwards. The second signal ends the
/// process at once. Several share the handlers, so that more than one worker may run.
class SignalWatch {
 public:
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
