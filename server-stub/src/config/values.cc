#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>

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

std::optional<std::chrono::sys_seconds> parse_moment_text(std::string_view text) {
  using namespace std::chrono;
  // The digits at `at`, as many as `count`.
  const auto number = [&](std::size_t at, std::size_t count) -> std::optional<int> {
    if (text.size() < at + count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const auto has = [&](std::size_t at, std::string_view any) {
    return at < text.size() && any.find(text[at]) != std::string_view::npos;
  };
  const auto y = number(0, 4), mo = number(5, 2), d = number(8, 2);
  if (!y || !mo || !d || !has(4, "-") || !has(7, "-")) return std::nullopt;
  const year_month_day day{year(*y), month(static_cast<unsigned>(*mo)), std::chrono::day(static_cast<unsigned>(*d))};
  if (!day.ok()) return std::nullopt;
  const sys_days begin{day};
  if (text.size() == 10) return begin;
  const auto h = number(11, 2), mi = number(14, 2), s = number(17, 2);
  if (!h || !mi || !s || *h > 23 || *mi > 59 || *s > 60 || !has(10, "Tt ") || !has(13, ":") || !has(16, ":")) {
    return std::nullopt;
  }
  std::size_t at = 19;
  if (has(at, ".")) {
    if (!number(++at, 1)) return std::nullopt;
    while (number(at, 1)) ++at;
  }
  const sys_seconds moment = begin + hours(*h) + minutes(*mi) + seconds(*s);
  if (has(at, "Zz")) return at + 1 == text.size() ? std::optional(moment) : std::nullopt;
  const auto oh = number(at + 1, 2), om = number(at + 4, 2);
  if (!oh || !om || *oh > 23 || *om > 59 || !has(at, "+-") || !has(at + 3, ":") || at + 6 != text.size()) {
    return std::nullopt;
  }
  const auto offset = hours(*oh) + minutes(*om);
  return text[at] == '+' ? moment - offset : moment + offset;
}

}  // namespace longbeat::server
