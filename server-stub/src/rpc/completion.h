#pragma once
#include "machine/activity_state.h"
#include "outbound/outbound.h"

namespace longbeat::server {

/// The Nexus completion that tells a callback how its activity, which has closed, has ended: succeeded with the first
/// payload of the result as it is, or canceled, or failed (terminated and timed out too) with the failure as JSON.
/// Pure. Throws std::runtime_error when what is stored is no message.
OutboundCall make_completion(const ActivityState& closed, const CallbackState& callback);

}  // namespace longbeat::server
