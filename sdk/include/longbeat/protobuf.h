#pragma once
/// Adapter: protobuf messages travel as JSON (encoding json/protobuf), or in protobuf's own bytes (binary/protobuf)
/// where the client says so. Both are read, whatever the client says; fields that the reader does not know are skipped.
/// Needs protobuf's headers and libraries: link protobuf::libprotobuf. Messages of the lite runtime cannot travel.
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <concepts>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "longbeat/data_converter.h"

namespace longbeat::internal {

template <class T>
concept ProtobufMessage = std::derived_from<T, google::protobuf::Message> && std::default_initializable<T>;

inline constexpr const char* kJsonProtobuf = "json/protobuf";
inline constexpr const char* kBinaryProtobuf = "binary/protobuf";
inline constexpr const char* kMessageType = "messageType";

inline Payload message_payload(const google::protobuf::Message& message, const char* encoding, std::string data) {
  return {{{"encoding", encoding}, {kMessageType, std::string(message.GetDescriptor()->full_name())}}, std::move(data)};
}

inline Payload binary_payload(const google::protobuf::Message& message) {
  std::string bytes;
  if (!message.SerializeToString(&bytes)) throw std::length_error("protobuf cannot serialize it");
  return message_payload(message, kBinaryProtobuf, std::move(bytes));
}

inline Payload json_payload(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) throw std::invalid_argument(library_text(status.ToString()));
  return message_payload(message, kJsonProtobuf, std::move(json));
}

inline Result<> read_message(const Payload& payload, google::protobuf::Message& message) {
  const auto bad = [](std::string why) { return Error{ErrorCode::kUndecodable, std::move(why)}; };
  const auto encoding = encoding_of(payload);
  const bool json = encoding == kJsonProtobuf;
  if (!json && encoding != kBinaryProtobuf)
    return bad("its encoding is '" + shown(encoding) + "', needed is 'json/protobuf' or 'binary/protobuf'");
  const std::string needed(message.GetDescriptor()->full_name());
  const auto type = payload.metadata.find(kMessageType);  // Absent from some old programs.
  if (type != payload.metadata.end() && type->second != needed)
    return bad("its messageType is '" + shown(type->second, 200) + "', needed is '" + needed + "'");
  if (json) {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;  // Sent by a newer program; the bytes of a message may have them too.
    const auto status = google::protobuf::util::JsonStringToMessage(payload.data, &message, options);
    return status.ok() ? Result<>() : bad(library_text(status.ToString()));
  }
  const bool fits = payload.data.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!fits || !message.ParseFromArray(payload.data.data(), static_cast<int>(payload.data.size())))
    return bad("its bytes are no such message");
  return {};
}

}  // namespace longbeat::internal

LONGBEAT_BEGIN

template <class T>
  requires internal::ProtobufMessage<T>
struct PayloadCodec<T> {
  static Payload encode(const T& message) { return internal::json_payload(message); }
  static Result<T> decode(const Payload& payload) {
    T message;
    if (auto read = internal::read_message(payload, message); !read) return std::move(read).error();
    return message;
  }
};

/// A converter that writes these messages in protobuf's own bytes, which are smaller and quicker:
///   ClientOptions{.converter = longbeat::with_binary_protobuf<Order, Receipt>()}
template <class... Messages>
  requires(internal::ProtobufMessage<Messages> && ...)
DataConverter with_binary_protobuf(DataConverter converter = {}) {
  (converter.use<Messages>([](const Messages& message) { return internal::binary_payload(message); },
                           [](const Payload& payload) { return PayloadCodec<Messages>::decode(payload); }),
   ...);
  return converter;
}

LONGBEAT_END
