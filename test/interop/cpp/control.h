#pragma once
/// What every language serves for the cases about control, and what a C++ caller does with it.
#include <longbeat/client.h>
#include <longbeat/worker.h>

#include <string>

namespace interop {

/// Serves `flaky`, `beat`, `hold` and `greet`.
void serve_control(longbeat::Worker& worker);

/// Calls them on `queue`, whoever polls it: retries, cancel, pause, reset, terminate, timeouts, list and count. Says
/// what is not as expected.
int call_control(const longbeat::Client& client, const std::string& queue);

}  // namespace interop
