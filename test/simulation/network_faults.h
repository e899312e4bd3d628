#pragma once
#include <cstdint>

namespace longbeat::simulation {

/// How bad the network is, in percent of messages.
struct NetworkFaults {
  std::uint32_t request_lost = 0;
  std::uint32_t request_doubled = 0;
  std::uint32_t reply_lost = 0;
  std::uint32_t slow = 0;       ///< takes up to two seconds instead of milliseconds
  std::uint32_t reordered = 0;  ///< does not wait for what was sent before it
};

}  // namespace longbeat::simulation
