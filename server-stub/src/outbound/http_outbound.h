#pragma once
#include <chrono>
#include <cstddef>
#include <memory>

#include "outbound/outbound.h"

namespace longbeat::server {

struct HttpOutboundOptions {
  /// For one whole call, to the end of the answer; only the lookup of a host name may take as long as the system's
  /// resolver likes.
  std::chrono::milliseconds call_timeout{10'000};
  /// Threads, each for one call at a time; made when they are needed.
  std::size_t threads_max = 8;
  /// Calls to one host and port at once, so that a slow one leaves threads to the others.
  std::size_t calls_per_target_max = 2;
  /// Calls that wait for a thread, and the bytes they hold; one target gets half of each at most.
  std::size_t waiting_calls_max = 10'000;
  std::size_t waiting_bytes_max = 64 * 1024 * 1024;
};

/// Posts over HTTP and HTTPS. 2xx: delivered. 4xx but 408 and 429: never to be tried again; all else may be, unless
/// the answer's `nexus-request-retryable` says otherwise. Redirects are not followed. The destructor ends what runs,
/// within a moment; a name lookup that is under way it waits for. Calls that have not ended by then get no result.
std::unique_ptr<Outbound> make_http_outbound(HttpOutboundOptions options, Outbound::Sink sink);

}  // namespace longbeat::server
