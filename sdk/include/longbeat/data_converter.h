#pragma once
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "longbeat/export.h"
#include "longbeat/failure.h"
#include "longbeat/payload.h"
#include "longbeat/result.h"
#include "longbeat/travel.h"

LONGBEAT_BEGIN

/// How values of type T travel. Specialise it for a type of your own, or include an adapter that does it for whole
/// families of types: <longbeat/json.h>, <longbeat/protobuf.h>. A specialisation has two static functions; both may
/// throw, which counts as failure:
///   static Payload encode(const T& value);             // or Result<Payload>
///   static Result<T> decode(const Payload& payload);   // kUndecodable when the payload is not a T
/// Built in are Payload itself (as it is), std::nullptr_t and std::monostate (binary/null), std::vector<std::byte>
/// (binary/plain; null is none), std::optional of whatever has a codec.
template <class T>
struct PayloadCodec;

LONGBEAT_END

namespace longbeat::internal {

template <class T>
concept HasPayloadCodec = requires(const T& value, const Payload& payload) {
  { PayloadCodec<T>::encode(value) } -> std::convertible_to<Result<Payload>>;
  { PayloadCodec<T>::decode(payload) } -> std::convertible_to<Result<T>>;
};

/// True, or a compile error that says what to do.
template <class T>
constexpr bool require_payload_codec() {
  static_assert(!std::is_pointer_v<T>, "longbeat: raw pointers cannot travel; pass the value");
  static_assert(std::is_pointer_v<T> || !borrows<T>(),
                "longbeat: views cannot travel, nor what holds views or pointers; use std::string, std::vector");
  static_assert(
      borrows<T>() || HasPayloadCodec<T>,
      "longbeat: no PayloadCodec for this type. Include <longbeat/json.h> and give the type to_json/from_json "
      "(NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE), or specialise longbeat::PayloadCodec for it.");
  return !borrows<T>() && HasPayloadCodec<T>;
}

/// How a value is kept until it is encoded: text of any kind as std::string, everything else decayed. A nullptr is
/// null, although it converts to text.
template <class T>
using KeptValue = std::conditional_t<std::is_convertible_v<const std::decay_t<T>&, std::string_view> &&
                                         !std::is_same_v<std::decay_t<T>, std::nullptr_t>,
                                     std::string, std::decay_t<T>>;

/// Readable name of a C++ type.
LONGBEAT_EXPORT std::string type_name(const std::type_info& type);
/// metadata["encoding"], or empty.
LONGBEAT_EXPORT std::string_view encoding_of(const Payload& payload) noexcept;
/// binary/null, or JSON's null.
LONGBEAT_EXPORT bool is_null(const Payload& payload) noexcept;
LONGBEAT_EXPORT Payload make_payload(std::string encoding, std::string data);
/// UTF-8, which JSON and protobuf want of text.
LONGBEAT_EXPORT bool is_text(std::string_view bytes) noexcept;

// Values may be secret, of any size and no text at all; messages about them go to logs and servers. So what came from
// somebody else stands in a message only as one of these three makes it.
/// How data begins: 40 bytes of it, with everything but printable ASCII escaped.
LONGBEAT_EXPORT std::string shown(std::string_view data, std::size_t bytes_max = 40);
/// What protobuf's status says of a value: its own words; of what may be data 40 bytes in all.
LONGBEAT_EXPORT std::string protobuf_text(std::string_view what);
/// What a program's own code says: one line of at most about 500 bytes. Where it passes on what nlohmann::json says,
/// that as protobuf_text() has it.
LONGBEAT_EXPORT std::string foreign_text(std::string_view what);

/// "the payload (json/plain, 16 bytes: {"offset":"two"}) is not a `Progress`: ..." as kUndecodable. Shows how the value
/// begins; `why` as foreign_text().
LONGBEAT_EXPORT Error undecodable(const std::type_info& type, const Payload& payload, const std::string& why);
LONGBEAT_EXPORT Error not_encodable(const std::type_info& type, const std::string& why);
LONGBEAT_EXPORT Error wrong_count(std::size_t least, std::size_t most, std::size_t found);

}  // namespace longbeat::internal

LONGBEAT_BEGIN

template <>
struct PayloadCodec<Payload> {
  static Payload encode(const Payload& value) { return value; }
  static Result<Payload> decode(const Payload& payload) { return payload; }
};

template <>
struct LONGBEAT_EXPORT PayloadCodec<std::nullptr_t> {
  static Payload encode(std::nullptr_t);
  static Result<std::nullptr_t> decode(const Payload& payload);
};

template <>
struct LONGBEAT_EXPORT PayloadCodec<std::monostate> {
  static Payload encode(std::monostate);
  static Result<std::monostate> decode(const Payload& payload);
};

template <>
struct LONGBEAT_EXPORT PayloadCodec<std::vector<std::byte>> {
  static Payload encode(const std::vector<std::byte>& value);
  static Result<std::vector<std::byte>> decode(const Payload& payload);
};

/// Nothing travels as binary/null, as in other SDKs; a value as its own type does. JSON's null is nothing too.
template <class T>
  requires internal::HasPayloadCodec<T>
struct PayloadCodec<std::optional<T>> {
  static Result<Payload> encode(const std::optional<T>& value) {
    if (value) return PayloadCodec<T>::encode(*value);
    return PayloadCodec<std::nullptr_t>::encode(nullptr);
  }
  static Result<std::optional<T>> decode(const Payload& payload) {
    if (internal::is_null(payload)) return std::optional<T>();
    auto value = PayloadCodec<T>::decode(payload);
    if (!value) return std::move(value).error();
    return std::optional<T>(*std::move(value));
  }
};

/// Turns values into payloads and back, by their PayloadCodec or as use() says. A value type; copies are cheap.
/// Thread-safe. No function throws: what a codec throws comes back as an error that names the type.
class DataConverter {
 public:
  /// From now on this converter and its copies encode and decode values of type T with these two functions, in place of
  /// T's PayloadCodec, which T needs all the same: other converters use it. `encode` takes a const T& and returns a
  /// Payload, `decode` a const Payload& and returns a T; both may return a Result of it, both may throw; both must be
  /// thread-safe. For arguments, results and details that are a T or a std::optional of one; a T inside another type is
  /// that type's affair. The newest call for a type counts.
  ///   ClientOptions{.converter = DataConverter().use<Money>(money_as_text, money_from_text)}
  template <class T, class Encode, class Decode>
  DataConverter& use(Encode encode, Decode decode) & {
    static_cast<void>(internal::require_payload_codec<T>());
    static_assert(std::is_invocable_r_v<Result<Payload>, const Encode&, const T&>,
                  "longbeat: use<T>(encode, decode): encode takes a const T& and returns a Payload or a Result of one");
    static_assert(std::is_invocable_r_v<Result<T>, const Decode&, const Payload&>,
                  "longbeat: use<T>(encode, decode): decode takes a const Payload& and returns a T or a Result of one");
    auto all = overrides_ ? std::make_shared<Overrides>(*overrides_) : std::make_shared<Overrides>();
    (*all)[typeid(T)] = std::make_shared<const Override<T>>(Override<T>{std::move(encode), std::move(decode)});
    overrides_ = std::move(all);
    return *this;
  }
  template <class T, class Encode, class Decode>
  DataConverter use(Encode encode, Decode decode) && {
    return use<T>(std::move(encode), std::move(decode));
  }

  /// kUndecodable when the codec throws or refuses.
  template <class T>
  Result<Payload> to_payload(const T& value) const {
    if constexpr (internal::require_payload_codec<T>()) {
      try {
        auto payload = encoded(value);
        if (!payload) return internal::not_encodable(typeid(T), payload.error().message);
        return payload;
      } catch (const std::exception& error) {
        return internal::not_encodable(typeid(T), error.what());
      } catch (...) {
        return internal::not_encodable(typeid(T), "its codec threw something that is not a std::exception");
      }
    } else {
      return Error{};
    }
  }

  /// kUndecodable when the payload is not a T.
  template <class T>
  Result<T> from_payload(const Payload& payload) const {
    if constexpr (internal::require_payload_codec<T>()) {
      try {
        auto value = decoded<T>(payload);
        if (!value) return internal::undecodable(typeid(T), payload, value.error().message);
        return value;
      } catch (const std::exception& error) {
        return internal::undecodable(typeid(T), payload, error.what());
      } catch (...) {
        return internal::undecodable(typeid(T), payload, "its codec threw something that is not a std::exception");
      }
    } else {
      return Error{};
    }
  }

  /// One payload a value. A single Payloads passes as it is: that is how raw arguments and results travel.
  template <class... Values>
  Result<Payloads> to_payloads(const Values&... values) const {
    if constexpr (sizeof...(Values) == 1 && (std::is_same_v<Values, Payloads> && ...)) {
      return (values, ...);
    } else {
      Payloads payloads;
      payloads.reserve(sizeof...(Values));
      Result<> failed;
      const auto add = [&](const auto& value) {
        auto payload = to_payload(static_cast<const internal::KeptValue<decltype(value)>&>(value));
        if (payload) {
          payloads.push_back(*std::move(payload));
        } else {
          failed = std::move(payload).error();
        }
        return failed.ok();
      };
      static_cast<void>((add(values) && ...));
      if (!failed) return std::move(failed).error();
      return payloads;
    }
  }

  /// The values of a tuple, one payload each; another number of payloads is kUndecodable. For an empty tuple a single
  /// binary/null is accepted too. std::tuple<Payloads> takes all payloads as they are.
  template <class Tuple>
  Result<Tuple> from_payloads(const Payloads& payloads) const {
    constexpr std::size_t kCount = std::tuple_size_v<Tuple>;
    if constexpr (std::is_same_v<Tuple, std::tuple<Payloads>>) {
      return Tuple(payloads);
    } else {
      const bool only_null = payloads.size() == 1 && internal::encoding_of(payloads[0]) == "binary/null";
      if (payloads.size() != kCount && !(kCount == 0 && only_null))
        return internal::wrong_count(kCount, kCount, payloads.size());
      if constexpr (kCount == 0) {
        return Tuple();
      } else {
        return decode_each<Tuple>(payloads, std::make_index_sequence<kCount>());
      }
    }
  }

  /// What a failure carries, as a T: the details of an application failure, the last heartbeat details of a timeout,
  /// what a canceled activity left. Nothing when there is none; kUndecodable when it is not a T. Looks at the first
  /// value.
  ///   if (const Failure* disk = error.failure->find("DiskFull")) auto path = client.converter().details<Path>(*disk);
  template <class T>
  Result<std::optional<T>> details(const Failure& failure) const {
    if (failure.details.empty()) return std::optional<T>();
    auto value = from_payload<T>(failure.details.front());
    if (!value) return std::move(value).error();
    return std::optional<T>(*std::move(value));
  }

  /// A result: for void and std::monostate nothing is expected, Payloads takes all, else exactly one payload. No
  /// payload at all is nothing, for a std::optional and a std::nullptr_t.
  template <class R>
  Result<R> from_result(const Payloads& payloads) const {
    if constexpr (std::is_void_v<R>) {
      return Result<R>();
    } else if constexpr (std::is_same_v<R, Payloads>) {
      return payloads;
    } else if constexpr (std::is_same_v<R, std::monostate>) {
      return std::monostate{};
    } else {
      if constexpr (internal::IsMadeFrom<R, std::optional>() || std::is_same_v<R, std::nullptr_t>) {
        if (payloads.empty()) return R();
      }
      if (payloads.size() != 1) return internal::wrong_count(1, 1, payloads.size());
      return from_payload<R>(payloads[0]);
    }
  }
  /// The same for payloads that nobody else needs: those that stay encoded are not copied.
  template <class R>
  Result<R> from_result(Payloads&& payloads) const {
    if constexpr (std::is_same_v<R, Payloads>) {
      return std::move(payloads);
    } else {
      return from_result<R>(std::as_const(payloads));
    }
  }

 private:
  template <class T>
  struct Override {
    std::function<Result<Payload>(const T&)> encode;
    std::function<Result<T>(const Payload&)> decode;
  };
  using Overrides = std::map<std::type_index, std::shared_ptr<const void>>;  ///< of Override<T>

  template <class T>
  const Override<T>* find_override() const {
    if (!overrides_) return nullptr;
    const auto found = overrides_->find(typeid(T));
    return found == overrides_->end() ? nullptr : static_cast<const Override<T>*>(found->second.get());
  }

  template <class T>
  Result<Payload> encoded(const T& value) const {
    if (const auto* own = find_override<T>()) return own->encode(value);
    if constexpr (internal::IsMadeFrom<T, std::optional>()) {
      if (value) return encoded(*value);
    }
    return PayloadCodec<T>::encode(value);
  }

  template <class T>
  Result<T> decoded(const Payload& payload) const {
    if (const auto* own = find_override<T>()) return own->decode(payload);
    if constexpr (internal::IsMadeFrom<T, std::optional>()) {
      if (overrides_ && !internal::is_null(payload)) {
        auto value = decoded<typename T::value_type>(payload);
        if (!value) return std::move(value).error();
        return T(*std::move(value));
      }
    }
    return PayloadCodec<T>::decode(payload);
  }

  template <class Tuple, std::size_t... Index>
  Result<Tuple> decode_each(const Payloads& payloads, std::index_sequence<Index...>) const {
    auto values = std::make_tuple(from_payload<std::tuple_element_t<Index, Tuple>>(payloads[Index])...);
    const Error* failed = nullptr;
    std::size_t at = 0;
    static_cast<void>(
        ((std::get<Index>(values).ok() || (failed = &std::get<Index>(values).error(), at = Index, false)) && ...));
    if (failed != nullptr) {
      return Error{failed->code, "value " + std::to_string(at + 1) + " of " + std::to_string(sizeof...(Index)) + ": " +
                                     failed->message};
    }
    return Tuple(*std::move(std::get<Index>(values))...);
  }

  std::shared_ptr<const Overrides> overrides_{};
};

LONGBEAT_END
