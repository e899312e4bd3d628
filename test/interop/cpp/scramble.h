#pragma once
#include <longbeat/wire_codec.h>

#include <string>
#include <utility>

namespace interop {

/// A codec as python/scramble.py has it: the whole payload, each byte turned over, in a new one.
class Scramble final : public longbeat::WireCodec {
 public:
  longbeat::Result<longbeat::Payloads> encode(longbeat::Payloads payloads) override {
    for (auto& payload : payloads) payload = {{{"encoding", kEncoding}}, flipped(longbeat::serialize_payload(payload))};
    return payloads;
  }
  longbeat::Result<longbeat::Payloads> decode(longbeat::Payloads payloads) override {
    for (auto& payload : payloads) {
      if (payload.metadata["encoding"] != kEncoding) continue;
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

}  // namespace interop
