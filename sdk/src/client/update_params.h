#pragma once
#include "core/service_stub.h"
#include "longbeat/operator_options.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// Checks every field and names the first bad one: kInvalidArgument.
Result<> validate(const UpdateOptions& options);

/// Values and mask (protocol.md §2.10), of options that are valid. Target, identity and request ID are the caller's.
UpdateOptionsParams update_params(const UpdateOptions& options);

}  // namespace longbeat::internal
