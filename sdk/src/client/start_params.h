#pragma once
#include <string>

#include "core/service_stub.h"
#include "longbeat/start_options.h"

namespace longbeat::internal {

/// The options in the wire's terms; they have been validated. Namespace, identity, type, input and request ID are the
/// caller's.
StartActivityParams start_params(const StartOptions& options);

/// One line of text as other SDKs write and read summaries: json/plain.
Payload text_payload(const std::string& text);

}  // namespace longbeat::internal
