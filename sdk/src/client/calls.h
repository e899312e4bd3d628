#pragma once
#include <string>
#include <string_view>

#include "client/client_core.h"
#include "longbeat/client.h"

namespace longbeat::internal {

/// The calls of a client: check, go through the interceptors, post to the loop, wait, and say what went wrong in the
/// user's words. Any thread but the loop's.
Result<std::string> start_activity(ClientCore& core, std::string_view type, const StartOptions& options,
                                   Payloads input);
Result<Payloads> wait_for_result(ClientCore& core, const std::string& activity_id, const std::string& run_id,
                                 const WaitOptions& options);
Result<longbeat::ActivityDescription> describe_activity(ClientCore& core, const std::string& activity_id,
                                                        const std::string& run_id);
Result<> request_cancel(ClientCore& core, const std::string& activity_id, const std::string& run_id,
                        std::string reason);

}  // namespace longbeat::internal
