#pragma once
#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace longbeat::server::query {

/// RFC 3339 ("2026-03-01T12:00:00.5+01:00"); years that the clock does not reach (before 1678, after 2261) become its
/// ends.
std::optional<internal::WallTime> parse_time(std::string_view text);
/// "1h30m", "-1.5s", "100ms", "2d"; "hh:mm:ss"; or digits alone: nanoseconds. Saturates at about 292 years.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace longbeat::server::query
