#pragma once
#include <filesystem>

namespace longbeat::bench {

/// Serves any method by sending the request's bytes back: one completion queue, one thread, as the server itself.
/// Writes its port to `port_file` and runs until it is killed. Returns only when it cannot listen.
int run_echo_server(const std::filesystem::path& port_file);

}  // namespace longbeat::bench
