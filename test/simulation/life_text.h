#pragma once
#include <string>

#include "simulation/life.h"

namespace longbeat::simulation {

/// A life in words, for what the witness tells.
std::string told(const Life& life);
/// The same of an attempt as a worker gets it.
std::string told(const server::PollTaskReply& task);
/// "pause", "update of options": what a request asks for.
std::string name_of(const server::Request& request);

}  // namespace longbeat::simulation
