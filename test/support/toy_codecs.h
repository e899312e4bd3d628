#pragma once
#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "longbeat/wire_codec.h"

namespace longbeat::test {

/// Turns the bytes of each payload around; fails on request. As other SDKs' codecs are made.
class Reversing : public WireCodec {
 public:
  enum class Mood { kWorks, kRefuses, kThrows, kThrowsOddly, kLosesAll, kMakesMore };
  explicit Reversing(std::string encoding = "binary/reversed") : encoding_(std::move(encoding)) {}

  Result<Payloads> encode(Payloads payloads) override {
    ++encodes;
    if (auto other = moody(when_encoding, payloads)) return *std::move(other);
    for (auto& payload : payloads) {
      std::string bytes = serialize_payload(payload);
      std::reverse(bytes.begin(), bytes.end());
      payload = Payload{{{"encoding", encoding_}}, std::move(bytes)};
    }
    return payloads;
  }
  Result<Payloads> decode(Payloads payloads) override {
    ++decodes;
    if (auto other = moody(when_decoding, payloads)) return *std::move(other);
    for (auto& payload : payloads) {
      const auto found = payload.metadata.find("encoding");
      if (found == payload.metadata.end() || found->second != encoding_) continue;
      std::reverse(payload.data.begin(), payload.data.end());
      auto inner = parse_payload(payload.data);
      if (!inner) return std::move(inner).error();
      payload = *std::move(inner);
    }
    return payloads;
  }

  std::atomic<Mood> when_encoding{Mood::kWorks}, when_decoding{Mood::kWorks};
  std::atomic<int> encodes{0}, decodes{0};

 private:
  static std::optional<Result<Payloads>> moody(Mood mood, Payloads& payloads) {
    switch (mood) {
      case Mood::kWorks:
        return std::nullopt;
      case Mood::kRefuses:
        return Error{ErrorCode::kUnavailable, "no key"};
      case Mood::kThrows:
        throw std::runtime_error("out of keys");
      case Mood::kThrowsOddly:
        throw 7;
      case Mood::kLosesAll:
        return Payloads();
      case Mood::kMakesMore:
        payloads.emplace_back();
        return std::move(payloads);
    }
    return std::nullopt;
  }
  const std::string encoding_;
};

}  // namespace longbeat::test
