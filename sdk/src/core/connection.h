#pragma once
#include <memory>

#include "base/loop.h"
#include "base/transport.h"
#include "core/courier.h"
#include "core/service_stub.h"

namespace longbeat::internal {

/// What clients and workers of one server address share: one loop, one stub, one courier. connect.cc makes the real
/// one, tests and the simulation their own. Lives until its last owner has gone; the last owner is never on the loop
/// thread.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Loop& loop() = 0;
  virtual ServiceStub& stub() = 0;
  virtual Courier& courier() = 0;
  /// The loop's time, for whoever may outlive it. Null: system_clock().
  virtual std::shared_ptr<const Clock> clock() { return nullptr; }
  /// Null: time moves by itself.
  virtual std::shared_ptr<Watch> watch() { return nullptr; }
};

}  // namespace longbeat::internal
