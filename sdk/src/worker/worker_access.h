#pragma once
#include "longbeat/worker.h"

namespace longbeat::internal {
class Registry;
}

LONGBEAT_BEGIN

/// The internals' key to Worker.
class WorkerAccess {
 public:
  static internal::Registry& registry(Worker& worker);
};

LONGBEAT_END
