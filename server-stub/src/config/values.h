#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

/// Durations, moments and sizes as people write them.
namespace longbeat::server {

/// "10s", "1h30m", "72h", "500ms": whole numbers of d, h, m, s, ms, us or ns, in any order; nothing when it is no such
/// text or does not fit.
std::optional<std::chrono::nanoseconds> parse_duration_text(std::string_view text);
std::string duration_text(std::chrono::nanoseconds duration);

/// "2027-01-31T18:00:00Z", "2027-01-31 18:00:00+02:00", or "2027-01-31", which is its beginning in UTC; nothing when it
/// is no such text. What the clock cannot say (after 2261) becomes its last moment.
std::optional<internal::WallTime> parse_moment_text(std::string_view text);

/// "2MiB", "512KiB", "100B"; nothing when it is no such text or does not fit.
std::optional<std::uint64_t> parse_size_text(std::string_view text);
/// "2MiB", or the plain number where no larger unit divides it.
std::string size_text(std::uint64_t bytes);

}  // namespace longbeat::server
