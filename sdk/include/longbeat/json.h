#pragma once
/// Adapter: values travel as JSON (encoding json/plain) through nlohmann::json. Include it where activities are
/// declared; types of your own need to_json/from_json, for example by NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE.
#include <nlohmann/json.hpp>
#include <string>

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

}  // namespace longbeat::internal

LONGBEAT_BEGIN

template <class T>
  requires internal::JsonConvertible<T>
struct PayloadCodec<T> {
  static Payload encode(const T& value) {
    if constexpr (std::is_same_v<T, nlohmann::json>) {
      return internal::make_payload("json/plain", value.dump());
    } else {
      return internal::make_payload("json/plain", nlohmann::json(value).dump());
    }
  }
  static Result<T> decode(const Payload& payload) {
    const auto encoding = internal::encoding_of(payload);
    const bool null = encoding == "binary/null";  // What other SDKs send for null.
    if (!null && encoding != "json/plain") {
      return Error{ErrorCode::kUndecodable, "its encoding is '" + std::string(encoding) + "', needed is 'json/plain'"};
    }
    const auto json = null ? nlohmann::json() : nlohmann::json::parse(payload.data);
    if constexpr (std::is_same_v<T, nlohmann::json>) {
      return Result<T>(json);
    } else {
      return json.template get<T>();
    }
  }
};

LONGBEAT_END
