#pragma once
#include <grpcpp/support/status.h>

#include "base/status.h"

namespace longbeat::internal {

/// Code, message and the first detail message, as far as longbeat knows it. A wrong or missing detail leaves code and
/// message.
Status from_grpc(const grpc::Status& status);

}  // namespace longbeat::internal
