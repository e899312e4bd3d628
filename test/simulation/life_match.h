#pragma once
#include <string>

#include "simulation/life.h"

namespace longbeat::simulation {

/// What a request speaks of; empty run ID: the latest of its ID.
server::RunRef ref_of(const server::Request& request);
/// The attempt that a report speaks of; empty: it speaks of an activity, or is none.
std::string token_of(const server::Request& request);
/// The namespace that a report names.
std::string space_of(const server::Request& request);
bool is_report(const server::Request& request);
/// A yes to it changes the run that it names.
bool changes_runs(const server::Request& request);

/// Does the server's state agree with this life?
bool agrees(const Life& life, const server::ActivityState& state);
/// Do the flags of a heartbeat's answer agree with it?
bool flags_agree(const Life& life, const server::HeartbeatReply& reply);
/// The life that a state shows, for a run of which nobody was told how it began.
Life found(const server::ActivityState& state);
/// enums.ActivityExecutionStatus, as list must show it.
std::int32_t status_of(const server::ActivityState& state);

}  // namespace longbeat::simulation
