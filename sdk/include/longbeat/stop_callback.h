#pragma once
#include <memory>

#include "longbeat/export.h"

namespace longbeat::internal {
class StopListener;
}

LONGBEAT_BEGIN

/// One registration made by ActivityContext::on_stop(). As long as it lives the function is called. The destructor
/// waits for a call that is running, unless it is made from inside that call; so do not hold a lock that the function
/// takes.
class LONGBEAT_EXPORT StopCallback {
 public:
  /// Registers nothing.
  StopCallback() noexcept = default;
  /// Only for longbeat itself.
  explicit StopCallback(std::shared_ptr<internal::StopListener> listener) noexcept;
  ~StopCallback();
  StopCallback(StopCallback&&) noexcept = default;
  /// Ends the registration it had, like the destructor.
  StopCallback& operator=(StopCallback&& other) noexcept;

 private:
  void close() noexcept;

  std::shared_ptr<internal::StopListener> listener_{};
};

LONGBEAT_END
