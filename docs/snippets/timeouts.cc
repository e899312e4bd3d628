#include <longbeat/client.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

longbeat::StartOptions usual(const std::string& file) {
  // [usual]
  return {
      .id = "ingest:" + file,
      .task_queue = "ingest",
      .start_to_close_timeout = 2h,      // One attempt.
      .schedule_to_close_timeout = 24h,  // All of it, waits and retries included.
      .heartbeat_timeout = 30s,          // A dead worker is noticed after this time.
  };
  // [end]
}

longbeat::StartOptions fresh_or_never(const std::string& symbol) {
  // [queue]
  return {
      .id = "quote:" + symbol,
      .task_queue = "quotes",
      .start_to_close_timeout = 5s,
      .schedule_to_start_timeout = 2s,                               // Too old to be of use by then.
      .retry_policy = longbeat::RetryPolicy{.maximum_attempts = 1},  // No second try.
  };
  // [end]
}
