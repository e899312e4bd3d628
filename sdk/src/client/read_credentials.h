#pragma once
#include "core/credentials.h"
#include "longbeat/client_options.h"
#include "longbeat/result.h"

namespace longbeat::internal {

/// Reads the files that valid options name. kInvalidArgument: one cannot be read, or holds something else; the message
/// names it.
Result<Credentials> read_credentials(const ClientOptions& options);

}  // namespace longbeat::internal
