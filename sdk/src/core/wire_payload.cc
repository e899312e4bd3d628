// One protobuf message by hand, because codecs need its bytes and this room knows no protobuf. A test compares them
// with the real ones.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "longbeat/wire_codec.h"

namespace longbeat::internal {
namespace {

constexpr std::uint64_t kMetadata = 1, kData = 2, kKey = 1, kValue = 2;  // Field numbers.
enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_varint(std::string& to, std::uint64_t value) {
  for (; value > 0x7f; value >>= 7) to += static_cast<char>(0x80 | (value & 0x7f));
  to += static_cast<char>(value);
}

void put_bytes(std::string& to, std::uint64_t number, std::string_view value) {
  put_varint(to, number << 3 | kBytes);
  put_varint(to, value.size());
  to += value;
}

/// One field after the other; nothing at the end and at what is broken.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  struct Field {
    std::uint64_t number = 0;
    std::optional<std::string_view> bytes{};  ///< unset: of another kind, which no field of ours has
  };
  std::optional<Field> next() {
    if (left_.empty()) return std::nullopt;
    const auto tag = varint();
    if (!tag || *tag >> 3 == 0) return broken();
    Field field{*tag >> 3};
    switch (*tag & 7) {
      case kBytes: {
        const auto length = varint();
        if (!length) return broken();
        field.bytes = take(*length);
        if (!field.bytes) return broken();
        return field;
      }
      case kVarint:
        return varint() ? std::optional(field) : broken();
      case kFixed64:
        return take(8) ? std::optional(field) : broken();
      case kFixed32:
        return take(4) ? std::optional(field) : broken();
      default:
        return broken();
    }
  }
  bool whole() const { return whole_; }

 private:
  std::optional<Field> broken() {
    whole_ = false;
    return std::nullopt;
  }
  std::optional<std::string_view> take(std::uint64_t length) {
    if (length > left_.size()) return std::nullopt;
    const auto taken = left_.substr(0, static_cast<std::size_t>(length));
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view left_;
  bool whole_ = true;
};

bool parse_entry(std::string_view bytes, Payload& to) {
  std::string_view key, value;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->number == kKey && field->bytes) key = *field->bytes;
    if (field->number == kValue && field->bytes) value = *field->bytes;
  }
  to.metadata[std::string(key)] = value;
  return fields.whole();
}

}  // namespace
}  // namespace longbeat::internal

LONGBEAT_BEGIN

std::string serialize_payload(const Payload& payload) {
  std::string bytes;
  std::size_t size = payload.data.size() + 12;
  for (const auto& [key, value] : payload.metadata) size += key.size() + value.size() + 24;
  bytes.reserve(size);
  for (const auto& [key, value] : payload.metadata) {
    std::string entry;
    internal::put_bytes(entry, internal::kKey, key);
    internal::put_bytes(entry, internal::kValue, value);
    internal::put_bytes(bytes, internal::kMetadata, entry);
  }
  if (!payload.data.empty()) internal::put_bytes(bytes, internal::kData, payload.data);
  return bytes;
}

Result<Payload> parse_payload(std::string_view bytes) {
  Payload payload;
  internal::Fields fields(bytes);
  bool whole = true;
  while (const auto field = fields.next()) {
    if (!field->bytes) continue;
    if (field->number == internal::kMetadata) whole &= internal::parse_entry(*field->bytes, payload);
    if (field->number == internal::kData) payload.data = *field->bytes;
  }
  if (!whole || !fields.whole())
    return Error{ErrorCode::kUndecodable,
                 "these " + std::to_string(bytes.size()) + " bytes are not temporal.api.common.v1.Payload"};
  return payload;
}

LONGBEAT_END
