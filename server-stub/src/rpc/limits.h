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
  /// Calls of grpc.health at once. They need no key, so they are no part of calls_max: nobody without a key can shut
  /// out those who have one, and a server full of calls still tells that it lives.
  std::size_t probe_calls_max = 1'000;
  /// Calls at once on one connection; a client that wants more waits on its side.
  std::size_t calls_per_connection_max = 20'000;
  /// Connections at once. Calls on those beyond it are refused, and connections far beyond it closed.
  std::size_t connections_max = 12'000;
  /// Calls whose request has not come whole by then are cut off.
  std::chrono::nanoseconds request_wait_max = std::chrono::seconds(30);
  /// Calls whose answer has not left by then, because their caller does not read it, are cut off.
  std::chrono::nanoseconds answer_wait_max = std::chrono::seconds(60);
  /// Answers that wait for their callers to read them; beyond it the oldest are cut off after a second already.
  std::size_t answer_bytes_waiting_max = 256 * 1024 * 1024;
  /// New work is refused while some of it has waited longer than this for its turn.
  std::chrono::nanoseconds overload_delay = std::chrono::milliseconds(400);
  /// Such a refusal is kept back for so long, unless its caller's deadline is near: who waits for it asks for nothing
  /// else meanwhile. Zero: refused at once.
  std::chrono::nanoseconds refusal_delay = std::chrono::seconds(1);
  /// Refusals that are kept back at once; more are given without delay.
  std::size_t refusals_kept_max = 4'096;
  /// A connection older than this, a tenth more or less, gets GOAWAY: its client opens another one for new calls. Zero:
  /// never.
  std::chrono::nanoseconds connection_age_max = std::chrono::minutes(5);
  /// How long calls that are open then may go on before they are cut off. More than a long poll takes.
  std::chrono::nanoseconds connection_age_grace = std::chrono::seconds(70);
  /// A connection on which nothing came for this long is asked for a sign of life, and closed when it gives none in the
  /// other time: finds callers whose machine or process stands still, so that no task is handed to them.
  std::chrono::nanoseconds keepalive_interval = std::chrono::seconds(60);
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(10);
};

}  // namespace longbeat::server
