#include <longbeat/json.h>
#include <longbeat/longbeat.h>
#include <longbeat/wire_codec.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

// [codec]
/// Shows the shape of a codec. THIS IS NOT ENCRYPTION: whoever sees the bytes reads them. A real one calls a library
/// for that here, names the key in the metadata, and is careful about where the keys come from.
class Scramble final : public longbeat::WireCodec {
 public:
  longbeat::Result<longbeat::Payloads> encode(longbeat::Payloads payloads) override {
    for (auto& payload : payloads) payload = {{{"encoding", kEncoding}}, flipped(longbeat::serialize_payload(payload))};
    return payloads;
  }
  longbeat::Result<longbeat::Payloads> decode(longbeat::Payloads payloads) override {
    for (auto& payload : payloads) {
      if (payload.metadata["encoding"] != kEncoding) continue;  // From a program without this codec.
      auto inner = longbeat::parse_payload(flipped(std::move(payload.data)));
      if (!inner) return std::move(inner).error();
      payload = *std::move(inner);
    }
    return payloads;
  }

 private:
  static constexpr const char* kEncoding = "binary/scrambled";
  static std::string flipped(std::string bytes) {
    for (char& byte : bytes) byte = static_cast<char>(byte ^ 0x5a);
    return bytes;
  }
};
// [end]

// [use]
// A type that travels in a way of its own, for one client and its workers.
struct Money {
  std::int64_t cents = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Money, cents)

longbeat::Payload money_as_text(const Money& money) {
  return {{{"encoding", "text/money"}}, std::to_string(money.cents)};
}
Money money_from_text(const longbeat::Payload& payload) {
  return {std::stoll(payload.data)};  // What it throws becomes an error that names the type.
}

longbeat::Result<longbeat::Client> connect() {
  return longbeat::Client::connect({
      .converter = longbeat::DataConverter().use<Money>(money_as_text, money_from_text),
      .codecs = {std::make_shared<Scramble>()},
      .encode_common_attributes = true,  // Messages of failures go through the codecs too.
  });
}
// [end]

namespace shop {

// [own_type]
struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Colour, red, green, blue)  // {"red":255,...}: missing members stay 0.

enum class Size { kUnknown, kSmall, kLarge };
NLOHMANN_JSON_SERIALIZE_ENUM(Size, {{Size::kUnknown, nullptr}, {Size::kSmall, "small"}, {Size::kLarge, "large"}})
// [end]

struct Blob {
  std::string bytes{};
};

}  // namespace shop

// [payload_codec]
template <>
struct longbeat::PayloadCodec<shop::Blob> {
  static Payload encode(const shop::Blob& blob) { return {{{"encoding", "binary/plain"}}, blob.bytes}; }
  static Result<shop::Blob> decode(const Payload& payload) {
    if (payload.metadata.at("encoding") != "binary/plain") return Error{ErrorCode::kUndecodable, "not bytes"};
    return shop::Blob{payload.data};
  }
};
// [end]
