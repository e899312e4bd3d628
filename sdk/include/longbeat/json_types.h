#pragma once
/// Part of <longbeat/json.h>: how types of the standard library look in JSON that nlohmann::json leaves out, or writes
/// as nobody else does. They work as members of your own types too.
///   std::optional                null or the value. Missing members: NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT
///   std::variant                 the value; read as the first alternative that takes it, so put narrow ones first
///   std::chrono::duration        text as in ISO 8601, "PT1.5S" (Java, pydantic), a day has 24 hours; read also from
///                                whole nanoseconds (Go), seconds with a fraction (Java) and "1.5s" (protobuf)
///   system_clock's time_point    text as in RFC 3339, "2026-11-21T22:11:42.5Z"; read with any offset from UTC, but not
///                                without one; what is finer than the type is cut off
///   std::vector<std::byte>       Base64 text (Go, Java), as a member; alone it travels as binary/plain
///   maps with whole-number keys  an object, {"7":"x"} (Go, Java, Python); read also from pairs, [[7,"x"]]
///   std::vector, std::map        read also from null, which is Go's nil
/// A program that has a nlohmann::adl_serializer of its own for such types defines LONGBEAT_OWN_JSON_TYPES for all its
/// files, and gets none of these.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ratio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "longbeat/data_converter.h"

namespace longbeat::internal {

template <class T>
concept JsonWritable =
    requires(nlohmann::json& json, const T& value) { nlohmann::adl_serializer<T>::to_json(json, value); };
template <class T>
concept JsonReadable = requires(const nlohmann::json& json, T& value) {
  nlohmann::adl_serializer<T>::from_json(json, value);
} || requires(const nlohmann::json& json) { nlohmann::adl_serializer<T>::from_json(json); };
template <class T>
concept JsonConvertible = std::is_same_v<T, nlohmann::json> || (JsonWritable<T> && JsonReadable<T>);

/// Refuses numbers that do not fit; see json.h.
template <class T>
Result<T> from_json_text(const nlohmann::json& json);

// --- Times ---

/// Nanoseconds have the sign of the seconds.
struct SplitTime {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const SplitTime&, const SplitTime&) = default;
};

template <class Duration>
SplitTime split(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const auto rest = duration - std::chrono::duration_cast<std::common_type_t<Duration, std::chrono::seconds>>(seconds);
  return {seconds.count(), std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count()};
}

/// Nothing when it does not fit; what is finer than the type is cut off.
template <class Duration>
std::optional<Duration> joined(const SplitTime& time) {
  using namespace std::chrono;
  using Seconds = duration<double>;
  constexpr bool kFine = std::ratio_less_v<typename Duration::period, std::ratio<1>>;  // Then a fraction is added.
  const double most = duration_cast<Seconds>(Duration::max()).count() - (kFine ? 1 : 0);
  if (std::abs(static_cast<double>(time.seconds)) > most) return std::nullopt;
  if constexpr (std::is_floating_point_v<typename Duration::rep>) {
    return duration_cast<Duration>(
        Seconds(static_cast<double>(time.seconds) + static_cast<double>(time.nanoseconds) / 1e9));
  } else {
    return duration_cast<Duration>(seconds(time.seconds)) + duration_cast<Duration>(nanoseconds(time.nanoseconds));
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
  const bool negative = time.seconds < 0 || time.nanoseconds < 0;
  auto seconds = std::to_string(time.seconds);
  if (seconds.front() == '-') seconds.erase(0, 1);
  return (negative ? "-PT" : "PT") + seconds + fraction_text(std::abs(time.nanoseconds)) + "S";
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
    if (!whole || !fraction || *whole > std::numeric_limits<std::int64_t>::max() / 86'400 / 8) return std::nullopt;
    std::int64_t unit = 1;
    if (iso && !in_time && reader.take('D')) {
      unit = 86'400;
    } else if (iso && in_time && reader.take('H')) {
      unit = 3'600;
    } else if (iso && in_time && reader.take('M')) {
      unit = 60;
    } else if (!in_time || !reader.take(iso ? 'S' : 's')) {
      return std::nullopt;
    }
    if (unit >= std::exchange(last_unit, unit) || (*fraction != 0 && unit != 1)) return std::nullopt;
    sum.seconds += own_sign * *whole * unit;
    sum.nanoseconds += own_sign * *fraction;
    any = true;
  }
  if (!any) return std::nullopt;
  if (sum.seconds > 0 && sum.nanoseconds < 0) return SplitTime{sum.seconds - 1, sum.nanoseconds + 1'000'000'000};
  if (sum.seconds < 0 && sum.nanoseconds > 0) return SplitTime{sum.seconds + 1, sum.nanoseconds - 1'000'000'000};
  return sum;
}

inline std::optional<SplitTime> duration_from_json(const nlohmann::json& json) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  if (json.is_string()) return duration_from_text(json.get_ref<const std::string&>());
  if (json.is_number_integer()) {
    if (json.is_number_unsigned() &&
        json.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      return std::nullopt;
    const auto count = json.get<std::int64_t>();
    return SplitTime{count / kNanoseconds, count % kNanoseconds};
  }
  if (!json.is_number_float() || !(std::abs(json.get<double>()) < 9e18)) return std::nullopt;
  const double value = json.get<double>(), whole = std::trunc(value);
  const std::int64_t nanoseconds = std::llround((value - whole) * 1e9);
  return SplitTime{static_cast<std::int64_t>(whole) + nanoseconds / kNanoseconds, nanoseconds % kNanoseconds};
}

inline std::string time_text(const SplitTime& time) {
  using namespace std::chrono;
  SplitTime since = time;  // Of which only the seconds may be negative.
  if (since.nanoseconds < 0) since = {since.seconds - 1, since.nanoseconds + 1'000'000'000};
  const sys_seconds at{seconds(since.seconds)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  if (int(date.year()) < 0 || int(date.year()) > 9999) throw std::out_of_range("its year is not between 0 and 9999");
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()), unsigned(date.month()),
                unsigned(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text.data() + fraction_text(since.nanoseconds) + "Z";
}

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
    if (!hours || !minutes) return std::nullopt;
    offset = sign * (*hours * 3600 + *minutes * 60);
  }
  const year_month_day date(year(static_cast<int>(*y)), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d)));
  if (!reader.at_end() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto midnight = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  SplitTime time{midnight + *hour * 3600 + *minute * 60 + *second - offset, *fraction};
  if (time.seconds < 0 && time.nanoseconds > 0) time = {time.seconds + 1, time.nanoseconds - 1'000'000'000};
  return time;
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

// --- Maps ---

template <class K>
concept NumberKey = std::integral<K> && !std::same_as<K, bool>;

/// Maps whose keys are whole numbers, as JSON objects.
template <class Map>
struct NumberKeyedMap {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;

  static void to_json(nlohmann::json& json, const Map& map)
    requires JsonWritable<Value>
  {
    json = nlohmann::json::object();
    for (const auto& [key, value] : map) json[std::to_string(key)] = value;
  }
  static void from_json(const nlohmann::json& json, Map& map)
    requires JsonReadable<Value>
  {
    map.clear();
    if (json.is_null()) return;
    if (json.is_object()) {
      for (const auto& [name, value] : json.items()) map.emplace(key_from(name), value.template get<Value>());
    } else {
      for (const auto& pair : json) {
        if (!json.is_array() || !pair.is_array() || pair.size() != 2)
          throw std::invalid_argument("neither an object, nor an array of pairs");
        map.emplace(from_json_text<Key>(pair[0]).value(), pair[1].template get<Value>());
      }
    }
  }

 private:
  static Key key_from(const std::string& name) {
    Key key{};
    const auto read = std::from_chars(name.data(), name.data() + name.size(), key);
    if (read.ec == std::errc::result_out_of_range) throw std::invalid_argument("the key '" + name + "' does not fit");
    if (read.ec != std::errc() || read.ptr != name.data() + name.size())
      throw std::invalid_argument("the key '" + name + "' is not a whole number");
    return key;
  }
};

/// As nlohmann::json does it, but for null.
template <class Container, class... Parts>
struct NullIsEmpty {
  static void to_json(nlohmann::json& json, const Container& values)
    requires(JsonConvertible<Parts> && ...)
  {
    nlohmann::to_json(json, values);
  }
  static void from_json(const nlohmann::json& json, Container& values)
    requires(JsonConvertible<Parts> && ...)
  {
    if (json.is_null()) {
      values.clear();
    } else {
      nlohmann::from_json(json, values);
    }
  }
};

}  // namespace longbeat::internal

#ifndef LONGBEAT_OWN_JSON_TYPES
namespace nlohmann {

template <class T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& value)
    requires longbeat::internal::JsonWritable<T>
  {
    if (value) {
      to = *value;
    } else {
      to = nullptr;
    }
  }
  static void from_json(const json& from, std::optional<T>& value)
    requires longbeat::internal::JsonReadable<T>
  {
    if (from.is_null()) {
      value.reset();
    } else {
      value = from.template get<T>();
    }
  }
};

template <>
struct adl_serializer<std::monostate> {
  static void to_json(json& to, std::monostate) { to = nullptr; }
  static void from_json(const json& from, std::monostate&) {
    if (!from.is_null()) throw std::invalid_argument("not null");
  }
};

template <class... Ts>
struct adl_serializer<std::variant<Ts...>> {
  static void to_json(json& to, const std::variant<Ts...>& value)
    requires(longbeat::internal::JsonWritable<Ts> && ...)
  {
    std::visit([&](const auto& held) { to = held; }, value);
  }
  static void from_json(const json& from, std::variant<Ts...>& value)
    requires(longbeat::internal::JsonReadable<Ts> && ...)
  {
    if ((take<Ts>(from, value) || ...)) return;
    std::string all;
    ((all += (all.empty() ? "`" : ", `") + longbeat::internal::type_name(typeid(Ts)) + "`"), ...);
    throw std::invalid_argument("it is none of " + all);
  }

 private:
  template <class T>
  static bool take(const json& from, std::variant<Ts...>& value) {
    try {
      auto read = longbeat::internal::from_json_text<T>(from);
      if (read) value = *std::move(read);
      return read.ok();
    } catch (const std::exception&) {
      return false;  // Another alternative may take it.
    }
  }
};

template <class Rep, class Period>
struct adl_serializer<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void to_json(json& to, const Duration& value) {
    to = longbeat::internal::duration_text(longbeat::internal::split(value));
  }
  static void from_json(const json& from, Duration& value) {
    const auto time = longbeat::internal::duration_from_json(from);
    if (!time) throw std::invalid_argument("not a duration like \"PT1.5S\"");
    const auto read = longbeat::internal::joined<Duration>(*time);
    // Cutting off would lose what was meant: 1.5 s are not 1 s.
    if (!read || (!std::is_floating_point_v<Rep> && longbeat::internal::split(*read) != *time))
      throw std::invalid_argument("its type does not hold " + longbeat::internal::duration_text(*time));
    value = *read;
  }
};

template <class Duration>
struct adl_serializer<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static void to_json(json& to, const Time& value) {
    to = longbeat::internal::time_text(longbeat::internal::split(value.time_since_epoch()));
  }
  static void from_json(const json& from, Time& value) {
    const auto time = from.is_string() ? longbeat::internal::time_from_text(from.template get_ref<const std::string&>())
                                       : std::nullopt;
    if (!time) throw std::invalid_argument("not a time like \"2026-11-21T22:11:42Z\" with an offset from UTC");
    const auto read = longbeat::internal::joined<Duration>(*time);
    if (!read) throw std::invalid_argument("its type does not reach so far");
    value = Time(*read);
  }
};

template <>
struct adl_serializer<std::vector<std::byte>> {
  static void to_json(json& to, const std::vector<std::byte>& value) { to = longbeat::internal::base64(value); }
  static void from_json(const json& from, std::vector<std::byte>& value) {
    auto read = from.is_null()     ? std::vector<std::byte>()  // Go's nil.
                : from.is_string() ? longbeat::internal::bytes_from_base64(from.get_ref<const std::string&>())
                                   : std::nullopt;
    if (!read) throw std::invalid_argument("not Base64 text");
    value = *std::move(read);
  }
};

template <class T, class Allocator>
struct adl_serializer<std::vector<T, Allocator>> : longbeat::internal::NullIsEmpty<std::vector<T, Allocator>, T> {};
template <class T, class... More>
struct adl_serializer<std::map<std::string, T, More...>>
    : longbeat::internal::NullIsEmpty<std::map<std::string, T, More...>, T> {};
template <class T, class... More>
struct adl_serializer<std::unordered_map<std::string, T, More...>>
    : longbeat::internal::NullIsEmpty<std::unordered_map<std::string, T, More...>, T> {};
template <class Key, class... More>
  requires longbeat::internal::NumberKey<Key>
struct adl_serializer<std::map<Key, More...>> : longbeat::internal::NumberKeyedMap<std::map<Key, More...>> {};
template <class Key, class... More>
  requires longbeat::internal::NumberKey<Key>
struct adl_serializer<std::unordered_map<Key, More...>>
    : longbeat::internal::NumberKeyedMap<std::unordered_map<Key, More...>> {};

}  // namespace nlohmann
#endif
