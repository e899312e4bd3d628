#pragma once
#include <string>

#include "formats/recorded_calls.h"

namespace longbeat::formats {

/// Brings activities into every state they can be stored in, and records what the server then says of them. What an
/// older release cannot do yet is left out, with a line on stdout. Nothing in these states changes with time for ten
/// years. The server has the namespaces "default" and "other".
Recording make_every_state(const test::RawClient& client);

}  // namespace longbeat::formats
