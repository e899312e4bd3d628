#pragma once
#include <longbeat/activity.h>
#include <longbeat/json.h>

#include <cstdint>
#include <string>

struct Copied {
  std::uint64_t bytes = 0;
  int attempt = 0;             ///< The one that came to the end,
  std::uint64_t began_at = 0;  ///< and the byte at which it had begun.
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Copied, bytes, attempt, began_at)

inline constexpr longbeat::Activity<Copied(std::string from, std::string to)> copy_file{"copy_file"};
