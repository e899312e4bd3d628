#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace longbeat::server {

/// What one namespace allows its callers. Sizes are those of serialised messages.
struct RequestLimits {
  std::size_t payload_bytes_max = 2 * 1024 * 1024;    ///< input, result, details, failure; also a reason
  std::size_t payload_bytes_warn = 512 * 1024;        ///< a failure above the maximum is cut to this
  std::size_t retained_failure_bytes_max = 4 * 1024;  ///< of a failure that will be retried
  std::size_t id_bytes_max = 1000;                    ///< IDs, types, task queues, identities
  std::size_t summary_bytes_max = 400;
  std::size_t details_bytes_max = 20'000;
  std::size_t search_attributes_max = 100;            ///< keys
  std::size_t search_attribute_bytes_max = 2 * 1024;  ///< one value
  std::size_t search_attributes_bytes_max = 40 * 1024;
  std::size_t links_max = 10;  ///< of one request
  std::size_t link_bytes_max = 4000;
  std::size_t links_per_activity_max = 2000;
  std::size_t page_size_max = 1000;

  /// Calls a second, a second's worth of them at once after a silence; more get RESOURCE_EXHAUSTED. 0: no limit.
  double requests_per_second = 0;
  double visibility_requests_per_second = 0;  ///< list and count, counted by the other rate too
  /// Long polls at once for one kind of thing: tasks, outcomes, changes, commands.
  std::size_t polls_per_namespace_max = 50'000;
  std::size_t open_activities_per_namespace_max = 5'000'000;

  bool callbacks_enabled = false;
  std::size_t callbacks_per_activity_max = 32;
  std::size_t callback_url_bytes_max = 1000;
  std::size_t callback_header_bytes_max = 8 * 1024;
  /// Where callbacks may go: host or host:port with `*` for any part; a plain-HTTP address needs `http://` in front.
  std::vector<std::string> callback_addresses{};

  bool operator_commands = true;  ///< pause, unpause, reset, update options
  bool worker_commands = false;   ///< cancel reaches a worker between its heartbeats

  std::chrono::nanoseconds retention_min = std::chrono::hours(1);
};

}  // namespace longbeat::server
