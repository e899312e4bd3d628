#pragma once
/// Part of <longbeat/json_types.h>: durations, times and bytes as texts.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace longbeat::internal {

// --- Times ---

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// Since the epoch, or of a duration. Nanoseconds are from 0 to 999'999'999, also where seconds are negative.
struct SplitTime {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const SplitTime&, const SplitTime&) = default;
};

/// For nanoseconds that are less than a second off.
inline SplitTime carried(std::int64_t seconds, std::int64_t nanoseconds) {
  if (nanoseconds < 0) return {seconds - 1, nanoseconds + kNanosPerSecond};
  if (nanoseconds >= kNanosPerSecond) return {seconds + 1, nanoseconds - kNanosPerSecond};
  return {seconds, nanoseconds};
}

/// In texts, either way; some of them add a few such.
inline constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int64_t>::max() / 8;

/// A period is kNum / kDen seconds; a kDen-th of a second kUp / kDown nanoseconds. All that follows fits 64 bits.
template <class Period>
struct PeriodRatio {
  static constexpr std::int64_t kNum = Period::num, kDen = Period::den;
  static constexpr std::int64_t kUp = kNanosPerSecond / std::gcd(kDen, kNanosPerSecond);
  static constexpr std::int64_t kDown = kDen / std::gcd(kDen, kNanosPerSecond);
  static constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  static_assert(kNum <= kMax / kNanosPerSecond / kDown && kNum <= kMax / kDen,
                "longbeat: durations of this period cannot travel; convert them to seconds or nanoseconds");
};

/// Nothing when there are too many seconds. A count that is no whole number of nanoseconds is rounded up: joined()
/// rounds down, and so finds the count of a thirtieth of a second again.
template <class Rep, class Period>
std::optional<SplitTime> split(std::chrono::duration<Rep, Period> duration) {
  using Ratio = PeriodRatio<Period>;
  if constexpr (std::is_floating_point_v<Rep>) {
    const long double all = static_cast<long double>(duration.count()) * Ratio::kNum / Ratio::kDen;
    if (!(std::abs(all) < static_cast<long double>(kSecondsMax))) return std::nullopt;
    const long double whole = std::floor(all);
    return carried(static_cast<std::int64_t>(whole), std::llround((all - whole) * kNanosPerSecond));
  } else {
    using Wide = std::conditional_t<std::is_signed_v<Rep>, std::int64_t, std::uint64_t>;
    auto whole = static_cast<Wide>(duration.count()) / static_cast<Wide>(Ratio::kDen);
    auto parts = static_cast<std::int64_t>(static_cast<Wide>(duration.count()) % static_cast<Wide>(Ratio::kDen));
    if (parts < 0) {
      --whole;
      parts += Ratio::kDen;
    }
    constexpr std::int64_t kWholeMax = kSecondsMax / Ratio::kNum;
    if (std::cmp_less(whole, -kWholeMax) || std::cmp_greater(whole, kWholeMax)) return std::nullopt;
    parts *= Ratio::kNum;
    const std::int64_t nanoseconds = (parts % Ratio::kDen * Ratio::kUp + Ratio::kDown - 1) / Ratio::kDown;
    return carried(static_cast<std::int64_t>(whole) * Ratio::kNum + parts / Ratio::kDen, nanoseconds);
  }
}

/// Rounded down to the type's period, as std::chrono::floor does it; nothing when the type does not reach so far.
template <class Duration>
std::optional<Duration> joined(const SplitTime& time) {
  using Rep = typename Duration::rep;
  using Ratio = PeriodRatio<typename Duration::period>;
  if constexpr (std::is_floating_point_v<Rep>) {
    const auto counted = [](std::int64_t of) { return static_cast<long double>(of) * Ratio::kDen / Ratio::kNum; };
    const int up = time.seconds < 0 ? 1 : 0;  // Both summands get one sign, or -1 ns would be a small difference.
    const long double count =
        counted(time.seconds + up) + counted(time.nanoseconds - up * kNanosPerSecond) / kNanosPerSecond;
    if (std::abs(count) > static_cast<long double>(std::numeric_limits<Rep>::max())) return std::nullopt;
    return Duration(static_cast<Rep>(count));
  } else {
    std::int64_t whole = time.seconds / Ratio::kNum, rest = time.seconds % Ratio::kNum;
    if (rest < 0) {
      --whole;
      rest += Ratio::kNum;
    }
    std::int64_t part =
        (rest * kNanosPerSecond + time.nanoseconds) * Ratio::kDown / (Ratio::kNum * Ratio::kUp);  // From 0 to kDen - 1.
    if (whole < 0) {  // Both summands get one sign: then neither is further out than the sum.
      ++whole;
      part -= Ratio::kDen;
    }
    Rep count{};
    if (__builtin_mul_overflow(whole, Ratio::kDen, &count) || __builtin_add_overflow(count, part, &count))
      return std::nullopt;
    return Duration(count);
  }
}

/// ".5", ".001", "": without zeros at the end.
inline std::string fraction_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return {};
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), ".%09lld", static_cast<long long>(nanoseconds));
  std::string_view shown = text.data();
  return std::string(shown.substr(0, shown.find_last_not_of('0') + 1));
}

/// Reads a text from the left; every function is empty, or false, at what is something else.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : left_(text) {}
  bool at_end() const { return left_.empty(); }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view characters) {
    return !left_.empty() && characters.find(left_.front()) != std::string_view::npos && take(left_.front());
  }
  /// Exactly `digits` of them, or for 0 at least one.
  std::optional<std::int64_t> number(std::size_t digits = 0) {
    std::size_t count = 0;
    while (count < left_.size() && left_[count] >= '0' && left_[count] <= '9' && (digits == 0 || count < digits))
      ++count;
    std::int64_t value = 0;
    if (count == 0 || (digits != 0 && count != digits)) return std::nullopt;
    if (std::from_chars(left_.data(), left_.data() + count, value).ec != std::errc()) return std::nullopt;
    left_.remove_prefix(count);
    return value;
  }
  /// After a point or comma; none is 0. Digits beyond the ninth are dropped.
  std::optional<std::int64_t> fraction() {
    if (!take_any(".,")) return 0;
    std::int64_t nanoseconds = 0;
    int digits = 0;
    for (; !left_.empty() && left_.front() >= '0' && left_.front() <= '9'; left_.remove_prefix(1), ++digits)
      if (digits < 9) nanoseconds = nanoseconds * 10 + (left_.front() - '0');
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) nanoseconds *= 10;
    return nanoseconds;
  }

 private:
  std::string_view left_;
};

inline std::string duration_text(const SplitTime& time) {
  if (time.seconds >= 0) return "PT" + std::to_string(time.seconds) + fraction_text(time.nanoseconds) + "S";
  const auto positive = carried(-time.seconds, -time.nanoseconds);
  return "-PT" + std::to_string(positive.seconds) + fraction_text(positive.nanoseconds) + "S";
}

inline std::optional<SplitTime> duration_from_text(std::string_view text) {
  TimeReader reader(text);
  const std::int64_t sign = reader.take('-') ? -1 : 1;
  const bool iso = reader.take('P');
  SplitTime sum;
  bool in_time = !iso, any = false;
  std::int64_t last_unit = std::numeric_limits<std::int64_t>::max();  // Each comes once, the longest first.
  while (!reader.at_end()) {
    if (iso && !in_time && reader.take('T')) {
      in_time = true;
      continue;
    }
    const std::int64_t own_sign = iso && reader.take('-') ? -sign : sign;
    const auto whole = reader.number();
    const auto fraction = reader.fraction();
    if (!whole || !fraction) return std::nullopt;
    std::int64_t unit = 1;
    if (iso && !in_time && reader.take('W')) {
      unit = 7 * 86'400;
    } else if (iso && !in_time && reader.take('D')) {
      unit = 86'400;
    } else if (iso && in_time && reader.take('H')) {
      unit = 3'600;
    } else if (iso && in_time && reader.take('M')) {
      unit = 60;
    } else if (!in_time || !reader.take(iso ? 'S' : 's')) {
      return std::nullopt;
    }
    if (*whole > kSecondsMax / unit) return std::nullopt;
    if (unit >= std::exchange(last_unit, unit) || (*fraction != 0 && unit != 1)) return std::nullopt;
    sum.seconds += own_sign * *whole * unit;
    sum.nanoseconds += own_sign * *fraction;
    any = true;
  }
  if (!any) return std::nullopt;
  return carried(sum.seconds, sum.nanoseconds);
}

template <class Json>
std::optional<SplitTime> duration_from_json(const Json& json) {
  if (json.is_string()) return duration_from_text(json.template get_ref<const std::string&>());
  if (json.is_number_integer()) {
    if (json.is_number_unsigned() &&
        json.template get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      return std::nullopt;
    const auto count = json.template get<std::int64_t>();
    return carried(count / kNanosPerSecond, count % kNanosPerSecond);
  }
  if (!json.is_number_float()) return std::nullopt;
  const auto value = json.template get<double>();
  if (!(std::abs(value) < static_cast<double>(kSecondsMax))) return std::nullopt;
  const double whole = std::floor(value);
  return carried(static_cast<std::int64_t>(whole), std::llround((value - whole) * 1e9));
}

/// Nothing outside of the years 0 to 9999.
inline std::optional<std::string> time_text(const SplitTime& time) {
  using namespace std::chrono;
  // From 0000-01-01T00:00:00Z to 9999-12-31T23:59:59Z, before the calendar, which counts days in 32 bits.
  if (time.seconds < -62'167'219'200 || time.seconds > 253'402'300'799) return std::nullopt;
  const sys_seconds at{seconds(time.seconds)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data() + fraction_text(time.nanoseconds) + "Z";
}

/// time.Time{}, 0001-01-01T00:00:00Z: in Go, a time that was not set.
inline constexpr SplitTime kGoZeroTime{-62'135'596'800, 0};

inline std::optional<SplitTime> time_from_text(std::string_view text) {
  using namespace std::chrono;
  TimeReader reader(text);
  const auto y = reader.number(4);
  const auto m = reader.take('-') ? reader.number(2) : std::nullopt;
  const auto d = reader.take('-') ? reader.number(2) : std::nullopt;
  if (!y || !m || !d || !reader.take_any("Tt ")) return std::nullopt;
  const auto hour = reader.number(2);
  const auto minute = reader.take(':') ? reader.number(2) : std::nullopt;
  const auto second = reader.take(':') ? reader.number(2) : std::nullopt;
  const auto fraction = reader.fraction();
  if (!hour || !minute || !second || !fraction) return std::nullopt;
  std::int64_t offset = 0;
  if (!reader.take_any("Zz")) {
    const std::int64_t sign = reader.take('-') ? -1 : 1;
    if (sign == 1 && !reader.take('+')) return std::nullopt;
    const auto hours = reader.number(2);
    reader.take(':');
    const auto minutes = reader.number(2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = sign * (*hours * 3600 + *minutes * 60);
  }
  const year_month_day date(year(static_cast<int>(*y)), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d)));
  if (!reader.at_end() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto midnight = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  return SplitTime{midnight + *hour * 3600 + *minute * 60 + *second - offset, *fraction};
}

// --- Bytes ---

inline std::string base64(const std::vector<std::byte>& bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// Both alphabets, with or without padding.
inline std::optional<std::vector<std::byte>> bytes_from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+' || c == '-' ? 62
                      : c == '/' || c == '_' ? 63
                                             : -1;
    if (digit < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(group >> bits & 0xff));
  }
  if (bits >= 6) return std::nullopt;  // One digit alone is no byte.
  return bytes;
}

}  // namespace longbeat::internal
