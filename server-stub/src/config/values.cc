#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "query/values.h"

namespace longbeat::server {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::array kDurationUnits = {DurationUnit{"d", 86'400'000'000'000},
                                       DurationUnit{"h", 3'600'000'000'000},
                                       DurationUnit{"m", 60'000'000'000},
                                       DurationUnit{"s", 1'000'000'000},
                                       DurationUnit{"ms", 1'000'000},
                                       DurationUnit{"us", 1'000},
                                       DurationUnit{"ns", 1}};

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array kSizeUnits = {SizeUnit{"GiB", 1ULL << 30}, SizeUnit{"MiB", 1ULL << 20},
                                   SizeUnit{"KiB", 1ULL << 10}, SizeUnit{"B", 1}};

/// The number that `text` begins with, which it takes away.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number number = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string_view take_letters(std::string_view& text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto letters = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(letters.size());
  return letters;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration_text(std::string_view text) {
  std::int64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number<std::int64_t>(text);
    const std::string_view name = take_letters(text);
    const auto unit = std::find_if(kDurationUnits.begin(), kDurationUnits.end(),
                                   [&](const DurationUnit& one) { return one.name == name; });
    std::int64_t part = 0;
    if (!number || unit == kDurationUnits.end() || __builtin_mul_overflow(*number, unit->nanos, &part) ||
        __builtin_add_overflow(sum, part, &sum)) {
      return std::nullopt;
    }
  }
  return std::chrono::nanoseconds(sum);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  for (const DurationUnit& unit : kDurationUnits) {
    if (unit.name == "d" || left < unit.nanos) continue;  // 72h is how retentions are written.
    text += std::to_string(left / unit.nanos) + std::string(unit.name);
    left %= unit.nanos;
  }
  return text;
}

std::optional<std::uint64_t> parse_size_text(std::string_view text) {
  const auto number = take_number<std::uint64_t>(text);
  const auto unit =
      std::find_if(kSizeUnits.begin(), kSizeUnits.end(), [&](const SizeUnit& one) { return one.name == text; });
  std::uint64_t bytes = 0;
  if (!number || unit == kSizeUnits.end() || __builtin_mul_overflow(*number, unit->bytes, &bytes)) return std::nullopt;
  return bytes;
}

std::string size_text(std::uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (unit.bytes > 1 && bytes != 0 && bytes % unit.bytes == 0) {
      return std::to_string(bytes / unit.bytes) + std::string(unit.name);
    }
  }
  return std::to_string(bytes);
}

std::optional<internal::WallTime> parse_moment_text(std::string_view text) {
  constexpr std::size_t kDateLength = 10;  // Of "2027-01-31".
  std::string whole(text);
  if (text.size() == kDateLength) whole += "T00:00:00Z";
  if (text.size() > kDateLength && text[kDateLength] == ' ') whole[kDateLength] = 'T';
  return query::parse_time(whole);
}

}  // namespace longbeat::server
