#pragma once
/// The values that travel, of every kind that docs/guide/data-conversion.md promises. python/values.py, go/values.go
/// and node/values.mjs have the same.
#include <longbeat/activity.h>
#include <longbeat/json.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace interop {

enum class Size { kUnknown, kSmall, kLarge };
NLOHMANN_JSON_SERIALIZE_ENUM(Size, {{Size::kUnknown, nullptr}, {Size::kSmall, "small"}, {Size::kLarge, "large"}})

struct Order {
  std::string item{};
  int count = 0;
  std::optional<double> price{};
  std::vector<std::string> tags{};
  Size size = Size::kUnknown;

  friend bool operator==(const Order&, const Order&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Order, item, count, price, tags, size)

/// Whether all SDKs write the same bytes. Python escapes what is not ASCII, and writes times with "+00:00".
enum class Bytes { kSame, kOther };

/// What JavaScript cannot hold: its numbers are exact up to 2^53.
inline constexpr longbeat::Activity<std::int64_t(std::int64_t)> kEchoInt{"echo_int"};
inline constexpr std::int64_t kWide = std::numeric_limits<std::int64_t>::min();

/// Calls visit(activity that gives back what it gets, value, bytes) for each kind that every language holds.
template <class Visit>
void for_each_kind(const Visit& visit) {
  using longbeat::Activity;
  using Maybe = std::optional<std::string>;
  using Blob = std::vector<std::byte>;
  using Lists = std::vector<std::vector<int>>;
  using Map = std::map<std::string, std::optional<bool>>;
  using Numbered = std::map<int, std::string>;
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  using Duration = std::chrono::nanoseconds;

  visit(Activity<Maybe(Maybe)>{"echo_null"}, Maybe(), Bytes::kSame);
  visit(Activity<bool(bool)>{"echo_bool"}, true, Bytes::kSame);
  visit(Activity<std::int64_t(std::int64_t)>{"echo_safe_int"}, std::int64_t{1} - (std::int64_t{1} << 53), Bytes::kSame);
  visit(Activity<double(double)>{"echo_double"}, -0.1, Bytes::kSame);
  visit(Activity<double(double)>{"echo_large_double"}, 1e300, Bytes::kSame);
  visit(Activity<std::string(std::string)>{"echo_text"}, std::string("a \"b\" \\ / \n"), Bytes::kSame);
  visit(Activity<std::string(std::string)>{"echo_unicode"}, std::string("\u00fc \U0001f40c"), Bytes::kOther);
  visit(Activity<Blob(Blob)>{"echo_bytes"}, Blob{std::byte{0}, std::byte{255}, std::byte{'"'}}, Bytes::kSame);
  visit(Activity<Lists(Lists)>{"echo_list"}, Lists{{1, 2}, {}, {-3}}, Bytes::kSame);
  visit(Activity<Map(Map)>{"echo_map"}, Map{{"b", true}, {"a", std::nullopt}, {"", false}}, Bytes::kSame);
  visit(Activity<Numbered(Numbered)>{"echo_numbered"}, Numbered{{1, "one"}, {20, "twenty"}}, Bytes::kSame);
  visit(Activity<Order(Order)>{"echo_order"}, Order{"cup", 3, 2.5, {"red", "round"}, Size::kSmall}, Bytes::kSame);
  visit(Activity<Size(Size)>{"echo_size"}, Size::kLarge, Bytes::kSame);
  visit(Activity<Time(Time)>{"echo_time"}, Time(std::chrono::microseconds(1'795'300'302'500'000)), Bytes::kOther);
  visit(Activity<Duration(Duration)>{"echo_duration"}, Duration(std::chrono::milliseconds(90'500)), Bytes::kSame);
}

}  // namespace interop
