#pragma once
/// Strings and numbers travel without a JSON library, which takes longer to compile than all of these tests.
#include <string>
#include <utility>

#include "longbeat/data_converter.h"

LONGBEAT_BEGIN

template <>
struct PayloadCodec<std::string> {
  static Payload encode(std::string value) { return internal::make_payload("text", std::move(value)); }
  static Result<std::string> decode(const Payload& payload) { return payload.data; }
};

template <class T>
  requires std::is_arithmetic_v<T>
struct PayloadCodec<T> {
  static Payload encode(T value) { return internal::make_payload("text", std::to_string(value)); }
  static Result<T> decode(const Payload& payload) { return static_cast<T>(std::stod(payload.data)); }
};

LONGBEAT_END
