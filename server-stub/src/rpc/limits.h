#pragma once
#include <chrono>
#include <cstddef>

namespace longbeat::server {

/// Limits of the edge; those of requests and activities are EngineLimits.
struct RpcLimits {
  /// Largest request, after decompression.
  std::size_t receive_bytes_max = 4 * 1024 * 1024;
  /// Calls that wait for a caller; each that arrives is replaced at once.
  std::size_t armed_calls = 64;
  /// Events taken from the queue before the engine steps.
  std::size_t events_per_step = 256;
  /// Calls in the server at once, parked ones included; more are refused.
  std::size_t calls_max = 120'000;
  /// A connection older than this, a tenth more or less, gets GOAWAY: its client opens another one for new calls. Zero:
  /// never.
  std::chrono::nanoseconds connection_age_max = std::chrono::minutes(5);
  /// How long calls that are open then may go on before they are cut off. More than a long poll takes.
  std::chrono::nanoseconds connection_age_grace = std::chrono::seconds(70);
};

}  // namespace longbeat::server
