#pragma once
#include "base/status.h"

namespace longbeat::internal {

/// What a connection inside this process says of a server that has ended for good: nobody comes back there, as somebody
/// may to a port, so nobody asks again. Known by its words; over a network no server can say so.
inline Status server_gone() {
  return unavailable("the local server has ended, and does not come back");
}
inline bool is_server_gone(const Status& status) {
  return status == server_gone();
}

}  // namespace longbeat::internal
