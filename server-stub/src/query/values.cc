#include "query/values.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/wall_time.h"

namespace longbeat::server::query {
namespace {

using internal::WallTime;
using std::chrono::nanoseconds;

constexpr std::int64_t kSecond = 1'000'000'000;

/// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int number = 0;
  if (text.size() < digits) return std::nullopt;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// The digits after a decimal point, as nanoseconds; what is finer is cut off.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  std::int64_t nanos = 0;
  std::int64_t unit = kSecond / 10;
  std::size_t taken = 0;
  for (; taken < text.size() && text[taken] >= '0' && text[taken] <= '9'; ++taken) {
    nanos += (text[taken] - '0') * unit;
    unit /= 10;
  }
  if (taken == 0) return std::nullopt;
  text.remove_prefix(taken);
  return nanos;
}

/// Offset from UTC in seconds.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (take_char(text, "Zz")) return 0;
  const bool west = text.starts_with('-');
  if (!take_char(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take_char(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 3600 + *minutes * 60);
}

nanoseconds saturated(long double nanos) {
  if (nanos >= static_cast<long double>(nanoseconds::max().count())) return nanoseconds::max();
  if (nanos <= static_cast<long double>(nanoseconds::min().count())) return nanoseconds::min();
  return nanoseconds(std::llroundl(nanos));
}

/// "01:30:00": any number of hours.
std::optional<long double> clock_duration(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon > 9) return std::nullopt;
  const auto hours = take_number(text, colon);
  if (!hours || !take_char(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || !take_char(text, ":")) return std::nullopt;
  const auto seconds = take_number(text, 2);
  if (!seconds || *minutes > 59 || *seconds > 59) return std::nullopt;
  std::int64_t nanos = 0;
  if (take_char(text, ".")) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    nanos = *fraction;
  }
  if (!text.empty()) return std::nullopt;
  return (static_cast<long double>(*hours) * 3600 + *minutes * 60 + *seconds) * kSecond +
         static_cast<long double>(nanos);
}

std::optional<long double> take_unit(std::string_view& text) {
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ns", 1},      {"us", 1'000},       {"\u00b5s", 1'000},    {"\u03bcs", 1'000},        {"ms", 1'000'000},
      {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}, {"d", 24 * 3600 * kSecond}};
  for (const auto& [name, nanos] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return static_cast<long double>(nanos);
  }
  return std::nullopt;
}

/// "1h30m", "1.5s": numbers with units.
std::optional<long double> unit_duration(std::string_view text) {
  long double total = 0;
  do {
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (text.starts_with('-') || parsed.ec != std::errc() || !std::isfinite(number)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    const auto unit = take_unit(text);
    if (!unit) return std::nullopt;
    total += static_cast<long double>(number) * *unit;
  } while (!text.empty());
  return total;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take_char(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take_char(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take_char(text, "Tt")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take_char(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take_char(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  std::int64_t nanos = 0;
  if (take_char(text, ".")) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    nanos = *fraction;
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return internal::saturated_wall_time(days * 86'400 + *hour * 3600 + *minute * 60 + *second - *zone, nanos);
}

std::optional<nanoseconds> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::optional<long double> nanos;
  if (text.find(':') != std::string_view::npos) {
    nanos = clock_duration(text);
  } else if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    if (parsed.ec != std::errc()) return negative ? nanoseconds::min() : nanoseconds::max();
    return nanoseconds(negative ? -count : count);
  } else {
    nanos = unit_duration(text);
  }
  if (!nanos) return std::nullopt;
  return saturated(negative ? -*nanos : *nanos);
}

}  // namespace longbeat::server::query
