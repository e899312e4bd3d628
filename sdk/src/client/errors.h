#pragma once
#include <string>

#include "base/status.h"
#include "core/service_stub.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// How a refused call looks to the user. `what` names operation, thing and server: "start of activity 'a' at
/// host:7233".
Error to_error(const Status& status, const std::string& what);

}  // namespace longbeat::internal
