#pragma once
#include <string_view>

namespace longbeat::server {

/// One of gRPC's own lines, on any thread: for those who look for faults (debug), except that a failed TLS handshake is
/// a warning, at most one in ten seconds with the number of the others. A line that shows a call's credentials, as
/// gRPC's tracing writes them, is left out.
void log_grpc_line(std::string_view line);

}  // namespace longbeat::server
