#pragma once
/// Part of <longbeat/json.h>: how types of the standard library look in JSON that nlohmann::json leaves out, or writes
/// as nobody else does. They work as members of your own types too.
///   std::optional                null or the value. Missing members: NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT
///   std::variant                 the value; read as the first alternative that takes it, so put narrow ones first
///   std::chrono::duration        text as in ISO 8601, "PT1.5S" (Java, pydantic), a day has 24 hours; read also from
///                                whole nanoseconds (Go), seconds with a fraction (Java) and "1.5s" (protobuf)
///   system_clock's time_point    text as in RFC 3339, "2026-11-21T22:11:42.5Z"; read with any offset from UTC, but not
///                                without one; what is finer than the type is rounded down, as std::chrono::floor does
///                                it. Go's zero time, in the year 1, is the epoch for a type that does not reach so
///                                far: nanoseconds do not
/// What a duration or a time of whole numbers is written as, it is read from as the same. What no text says is not
/// written, it is kUndecodable: a time after the year 9999, an infinite duration, a whole number of less than
/// nanoseconds. Floating ones are rounded to nanoseconds.
///
/// Containers look otherwise than nlohmann::json alone has them:
///   std::vector<std::byte>       Base64 text (Go, Java), as a member; alone it travels as binary/plain
///   maps with whole-number keys  an object, {"7":"x"} (Go, Java, Python); read also from pairs, [[7,"x"]]
///   multimaps                    the same as maps; a key that is in one twice is not written, where keys are texts or
///                                whole numbers: an object has room for one
///   containers of the standard   read also from null, which is Go's nil
///
/// These are specialisations of nlohmann::adl_serializer, and so count for all JSON of a program, ordered_json too: its
/// own files with a std::map<int, T> in them change from pairs to an object. C++ wants each file that converts such a
/// type to see the same, or the linker takes either: include this header wherever nlohmann::json meets containers, or
/// define for all files LONGBEAT_OWN_JSON_CONTAINERS, which leaves containers to nlohmann::json. A program that has an
/// adl_serializer of its own for types above defines LONGBEAT_OWN_JSON_TYPES for all files, and gets none of these.
#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <forward_list>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "longbeat/data_converter.h"
#include "longbeat/json_texts.h"

namespace longbeat::internal {

// Where one half is needed, only that is asked for: a type that contains itself gets its to_json before its from_json.
template <class T, class Json = nlohmann::json>
concept JsonWritable = std::is_same_v<T, Json> ||
                       requires(Json& json, const T& value) { nlohmann::adl_serializer<T>::to_json(json, value); };
template <class T, class Json = nlohmann::json>
concept JsonReadable = std::is_same_v<T, Json> || requires(const Json& json, T& value) {
  nlohmann::adl_serializer<T>::from_json(json, value);
} || requires(const Json& json) { nlohmann::adl_serializer<T>::from_json(json); };
template <class T>
concept JsonConvertible = JsonWritable<T> && JsonReadable<T>;

/// Refuses numbers that do not fit; see json.h.
template <class T>
Result<T> from_json_text(const nlohmann::json& json);

// --- Maps ---

template <class K>
concept NumberKey = std::integral<K> && !std::same_as<K, bool>;

/// An object has a key once: what is there twice would be lost without a word.
template <class Json, class Map>
void refuse_lost_keys(const Json& json, const Map& map) {
  if (json.size() != map.size()) throw std::invalid_argument("a key is in it twice, of which JSON keeps one");
}

/// Maps whose keys are whole numbers, as JSON objects.
template <class Map>
struct NumberKeyedMap {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;
  static constexpr bool kMulti = !requires(Map& map, const Key& key) { map.at(key); };

  template <class Json>
  static void to_json(Json& json, const Map& map)
    requires JsonWritable<Value, Json>
  {
    Json object = Json::object();  // Its own: nlohmann::json does not free what `json` has when this throws.
    for (const auto& [key, value] : map) object[std::to_string(key)] = value;
    refuse_lost_keys(object, map);
    json = std::move(object);
  }
  template <class Json>
  static void from_json(const Json& json, Map& map)
    requires JsonReadable<Value, Json>
  {
    map.clear();
    if (json.is_null()) return;
    if (json.is_object()) {
      for (const auto& [name, value] : json.items()) map.emplace(key_from(name), value.template get<Value>());
    } else {
      for (const auto& pair : json) {
        if (!json.is_array() || !pair.is_array() || pair.size() != 2)
          throw std::invalid_argument("neither an object, nor an array of pairs");
        const Key key = from_json_text<Key>(nlohmann::json(pair[0])).value();
        if (kMulti && map.contains(key)) throw std::invalid_argument("a key is in it twice");  // It is not written so.
        map.emplace(key, pair[1].template get<Value>());
      }
    }
  }

 private:
  static Key key_from(const std::string& name) {
    Key key{};
    const auto read = std::from_chars(name.data(), name.data() + name.size(), key);
    if (read.ec == std::errc::result_out_of_range)
      throw std::invalid_argument("the key '" + shown(name) + "' does not fit");
    if (read.ec != std::errc() || read.ptr != name.data() + name.size())
      throw std::invalid_argument("the key '" + shown(name) + "' is not a whole number");
    return key;
  }
};

struct AsAlways;  ///< selects what nlohmann::json has for any type

/// As nlohmann::json does it, but for null. Of a map's values it does not ask whether they can be read.
template <class Container, class... Parts>
struct NullIsEmpty : nlohmann::adl_serializer<Container, AsAlways> {
  template <class Json>
  static auto from_json(const Json& json, Container& values) -> decltype(nlohmann::from_json(json, values), void())
    requires(JsonReadable<Parts, Json> && ...)
  {
    if (!json.is_null()) {
      nlohmann::from_json(json, values);
    } else if constexpr (requires { values.clear(); }) {
      values.clear();
    } else {
      values = Container();  // std::valarray
    }
  }
};

/// Of a multimap nlohmann::json writes the last value of each key, where keys are texts; of other keys it writes pairs
/// and cannot read them.
template <class Map>
struct MultiMap : NullIsEmpty<Map, typename Map::mapped_type> {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;
  using Base = NullIsEmpty<Map, Value>;

  template <class Json>
  static void to_json(Json& json, const Map& map)
    requires(JsonWritable<Key, Json> && JsonWritable<Value, Json>)
  {
    Json written;  // As above.
    Base::to_json(written, map);
    refuse_lost_keys(written, map);
    json = std::move(written);
  }
  template <class Json>
  static void from_json(const Json& json, Map& map)
    requires(JsonReadable<Key, Json> && JsonReadable<Value, Json>)
  {
    if constexpr (std::constructible_from<Key, std::string>) {
      Base::from_json(json, map);
    } else {
      map.clear();
      if (json.is_null()) return;
      for (const auto& pair : json) {
        if (!json.is_array() || !pair.is_array() || pair.size() != 2)
          throw std::invalid_argument("not an array of pairs");
        map.emplace(pair[0].template get<Key>(), pair[1].template get<Value>());
      }
    }
  }
};

// --- Durations and times ---

/// What is written is read as the same again; the rest is refused.
template <class Duration>
SplitTime split_to_write(const Duration& duration) {
  const auto refuse = [&](const char* why) {
    std::array<char, 64> count{};
    const auto end = std::to_chars(count.data(), count.data() + count.size(), duration.count()).ptr;
    throw std::out_of_range(std::string(count.data(), end) + " of `" + type_name(typeid(Duration)) + "` " + why);
  };
  const auto time = split(duration);
  if (!time) refuse("are too many seconds");
  if constexpr (!std::is_floating_point_v<typename Duration::rep>) {
    if (joined<Duration>(*time) != duration) refuse("are finer than nanoseconds");
  }
  return *time;
}

}  // namespace longbeat::internal

#ifndef LONGBEAT_OWN_JSON_TYPES
namespace nlohmann {

template <class T>
struct adl_serializer<std::optional<T>> {
  template <class Json>
  static void to_json(Json& to, const std::optional<T>& value)
    requires longbeat::internal::JsonWritable<T, Json>
  {
    if (value) {
      to = *value;
    } else {
      to = nullptr;
    }
  }
  template <class Json>
  static void from_json(const Json& from, std::optional<T>& value)
    requires longbeat::internal::JsonReadable<T, Json>
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
  template <class Json>
  static void to_json(Json& to, std::monostate) {
    to = nullptr;
  }
  template <class Json>
  static void from_json(const Json& from, std::monostate&) {
    if (!from.is_null()) throw std::invalid_argument("not null");
  }
};

template <class... Ts>
struct adl_serializer<std::variant<Ts...>> {
  template <class Json>
  static void to_json(Json& to, const std::variant<Ts...>& value)
    requires(longbeat::internal::JsonWritable<Ts, Json> && ...)
  {
    std::visit([&](const auto& held) { to = held; }, value);
  }
  template <class Json, class Plain = json>  // Named here, so that nothing is asked of a Ts that is incomplete yet.
  static void from_json(const Json& from, std::variant<Ts...>& value)
    requires(longbeat::internal::JsonReadable<Ts, Plain> && ...)
  {
    const Plain& plain = from;  // A copy of what is of another kind.
    if ((take<Ts>(plain, value) || ...)) return;
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
  template <class Json>
  static void to_json(Json& to, const Duration& value) {
    to = longbeat::internal::duration_text(longbeat::internal::split_to_write(value));
  }
  template <class Json>
  static void from_json(const Json& from, Duration& value) {
    const auto time = longbeat::internal::duration_from_json(from);
    if (!time) throw std::invalid_argument("not a duration like \"PT1.5S\"");
    const auto read = longbeat::internal::joined<Duration>(*time);
    // Rounding would lose what was meant: 1.5 s are not 1 s.
    if (!read || (!std::is_floating_point_v<Rep> && longbeat::internal::split(*read) != time))
      throw std::invalid_argument("a `" + longbeat::internal::type_name(typeid(Duration)) + "` does not hold " +
                                  longbeat::internal::duration_text(*time));
    value = *read;
  }
};

template <class Duration>
struct adl_serializer<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;
  template <class Json>
  static void to_json(Json& to, const Time& value) {
    auto text = longbeat::internal::time_text(longbeat::internal::split_to_write(value.time_since_epoch()));
    if (!text) throw std::out_of_range("its year is not between 0 and 9999");
    to = *std::move(text);
  }
  template <class Json>
  static void from_json(const Json& from, Time& value) {
    const auto time = from.is_string() ? longbeat::internal::time_from_text(from.template get_ref<const std::string&>())
                                       : std::nullopt;
    if (!time) throw std::invalid_argument("not a time like \"2026-11-21T22:11:42Z\" with an offset from UTC");
    const auto read = longbeat::internal::joined<Duration>(*time);
    if (!read && *time != longbeat::internal::kGoZeroTime)
      throw std::invalid_argument("a time of `" + longbeat::internal::type_name(typeid(Duration)) +
                                  "` does not reach " +
                                  longbeat::internal::shown(from.template get_ref<const std::string&>()));
    value = Time(read.value_or(Duration()));
  }
};

#ifndef LONGBEAT_OWN_JSON_CONTAINERS
template <>
struct adl_serializer<std::vector<std::byte>> {
  template <class Json>
  static void to_json(Json& to, const std::vector<std::byte>& value) {
    to = longbeat::internal::base64(value);
  }
  template <class Json>
  static void from_json(const Json& from, std::vector<std::byte>& value) {
    auto read = from.is_null()     ? std::vector<std::byte>()  // Go's nil.
                : from.is_string() ? longbeat::internal::bytes_from_base64(from.template get_ref<const std::string&>())
                                   : std::nullopt;
    if (!read) throw std::invalid_argument("not Base64 text");
    value = *std::move(read);
  }
};

template <class T, class... More>
struct adl_serializer<std::vector<T, More...>> : longbeat::internal::NullIsEmpty<std::vector<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::deque<T, More...>> : longbeat::internal::NullIsEmpty<std::deque<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::forward_list<T, More...>> : longbeat::internal::NullIsEmpty<std::forward_list<T, More...>> {
};
template <class T>
struct adl_serializer<std::valarray<T>> : longbeat::internal::NullIsEmpty<std::valarray<T>> {};
template <class T, class... More>
struct adl_serializer<std::list<T, More...>> : longbeat::internal::NullIsEmpty<std::list<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::set<T, More...>> : longbeat::internal::NullIsEmpty<std::set<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::multiset<T, More...>> : longbeat::internal::NullIsEmpty<std::multiset<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::unordered_set<T, More...>>
    : longbeat::internal::NullIsEmpty<std::unordered_set<T, More...>> {};
template <class T, class... More>
struct adl_serializer<std::unordered_multiset<T, More...>>
    : longbeat::internal::NullIsEmpty<std::unordered_multiset<T, More...>> {};
template <class Key, class T, class... More>
struct adl_serializer<std::map<Key, T, More...>> : longbeat::internal::NullIsEmpty<std::map<Key, T, More...>, T> {};
template <class Key, class T, class... More>
struct adl_serializer<std::unordered_map<Key, T, More...>>
    : longbeat::internal::NullIsEmpty<std::unordered_map<Key, T, More...>, T> {};
template <class Key, class T, class... More>
struct adl_serializer<std::multimap<Key, T, More...>> : longbeat::internal::MultiMap<std::multimap<Key, T, More...>> {};
template <class Key, class T, class... More>
struct adl_serializer<std::unordered_multimap<Key, T, More...>>
    : longbeat::internal::MultiMap<std::unordered_multimap<Key, T, More...>> {};
template <longbeat::internal::NumberKey Key, class T, class... More>
struct adl_serializer<std::map<Key, T, More...>> : longbeat::internal::NumberKeyedMap<std::map<Key, T, More...>> {};
template <longbeat::internal::NumberKey Key, class T, class... More>
struct adl_serializer<std::unordered_map<Key, T, More...>>
    : longbeat::internal::NumberKeyedMap<std::unordered_map<Key, T, More...>> {};
template <longbeat::internal::NumberKey Key, class T, class... More>
struct adl_serializer<std::multimap<Key, T, More...>>
    : longbeat::internal::NumberKeyedMap<std::multimap<Key, T, More...>> {};
template <longbeat::internal::NumberKey Key, class T, class... More>
struct adl_serializer<std::unordered_multimap<Key, T, More...>>
    : longbeat::internal::NumberKeyedMap<std::unordered_multimap<Key, T, More...>> {};
#endif

}  // namespace nlohmann
#endif
