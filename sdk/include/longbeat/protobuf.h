#pragma once
/// Adapter: protobuf messages travel as JSON (encoding json/protobuf), or in protobuf's own bytes (binary/protobuf)
/// where the client says so. Both are read, whatever the client says; fields that the reader does not know are skipped.
/// Needs protobuf's headers and libraries: link protobuf::libprotobuf. Messages of the lite runtime cannot travel.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

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

/// Where text is not UTF-8, "options[1].name"; or empty.
inline std::string not_text(const google::protobuf::Message& message);

/// An Any in JSON is the message in it, of a type that the program has.
inline std::string not_text_in_any(const google::protobuf::Message& any) {
  const auto* descriptor = any.GetDescriptor();
  const auto* url = descriptor->FindFieldByName("type_url");
  const auto* value = descriptor->FindFieldByName("value");
  if (url == nullptr || value == nullptr) return {};
  const std::string type = any.GetReflection()->GetString(any, url);
  const auto* held = descriptor->file()->pool()->FindMessageTypeByName(type.substr(type.rfind('/') + 1));
  const auto* known = held ? google::protobuf::MessageFactory::generated_factory()->GetPrototype(held) : nullptr;
  if (known == nullptr) return {};
  const std::unique_ptr<google::protobuf::Message> message(known->New());
  const bool read = message->ParsePartialFromString(any.GetReflection()->GetString(any, value));
  const auto inside = not_text(*message);  // Where protobuf broke off is in it, but for entries of maps.
  return !inside.empty() ? "value." + inside : read ? "" : "value";
}

inline std::string not_text(const google::protobuf::Message& message) {
  using Field = google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  std::vector<const Field*> fields;
  std::string copy;  // Only of texts that are not kept as a std::string.
  reflection.ListFields(message, &fields);
  const auto place = [](const Field& field, int at) {
    return std::string(field.name()) + (field.is_repeated() ? "[" + std::to_string(at) + "]" : "");
  };
  for (const Field* field : fields) {
    const bool text = field->type() == Field::TYPE_STRING;
    if (!text && field->cpp_type() != Field::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int at = 0; at < count; ++at) {
      if (text) {
        const std::string& value = field->is_repeated()
                                       ? reflection.GetRepeatedStringReference(message, field, at, &copy)
                                       : reflection.GetStringReference(message, field, &copy);
        if (!is_text(value)) return place(*field, at);
      } else {
        const auto inside = not_text(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, at)
                                                          : reflection.GetMessage(message, field));
        if (!inside.empty()) return place(*field, at) + "." + inside;
      }
    }
  }
  return message.GetDescriptor()->full_name() == "google.protobuf.Any" ? not_text_in_any(message) : "";
}

inline void refuse_not_text(const std::string& field) {
  if (!field.empty()) throw std::invalid_argument("its field " + field + " is not UTF-8");
}

inline Payload binary_payload(const google::protobuf::Message& message) {
  std::string bytes;
  if (!message.SerializeToString(&bytes)) throw std::length_error("protobuf cannot serialize it");
  // Readers refuse such text in messages of proto3, and take it in those of proto2.
  if (const auto field = not_text(message); !field.empty()) {
    const std::unique_ptr<google::protobuf::Message> reader(message.New());
    if (!reader->ParsePartialFromString(bytes)) refuse_not_text(field);
  }
  return message_payload(message, kBinaryProtobuf, std::move(bytes));
}

inline Payload json_payload(const google::protobuf::Message& message) {
  refuse_not_text(not_text(message));  // Protobuf would leave such bytes out, without a word.
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  if (!status.ok()) throw std::invalid_argument(protobuf_text(status.ToString()));
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
    if (!is_text(payload.data)) return bad("its JSON is not UTF-8");
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;  // Sent by a newer program; the bytes of a message may have them too.
    const auto status = google::protobuf::util::JsonStringToMessage(payload.data, &message, options);
    return status.ok() ? Result<>() : bad(protobuf_text(status.ToString()));
  }
  const bool fits = payload.data.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!fits || !message.ParseFromArray(payload.data.data(), static_cast<int>(payload.data.size()))) {
    const auto field = not_text(message);  // Of what was read so far.
    return bad(field.empty() ? "its bytes are no such message" : "its field " + field + " is not UTF-8");
  }
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
