#include "engine/task_token.h"

#include <algorithm>
#include <concepts>

namespace longbeat::server {
namespace {

constexpr std::string_view kTaskMagic = "LbT\x01";  // The last byte is the version.
constexpr std::string_view kChangeMagic = "LbC\x02";

/// FNV-1a, 32 bits: enough to tell a token from garbage.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

template <std::unsigned_integral Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
}

void put(std::string& out, const Uuid& uuid) {
  out.append(reinterpret_cast<const char*>(uuid.data()), uuid.size());
}

void seal(std::string& out) {
  put(out, checksum(out));
}

/// Takes fixed-size fields off the front; the caller has checked the length.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
  template <std::unsigned_integral Number>
  Number take() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      number |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(sizeof(Number));
    return static_cast<Number>(number);
  }
  Uuid take_uuid() {
    Uuid uuid{};
    std::transform(rest_.begin(), rest_.begin() + 16, uuid.begin(),
                   [](char c) { return static_cast<std::uint8_t>(c); });
    rest_.remove_prefix(16);
    return uuid;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// The fields between magic and checksum, or nothing when the bytes are not such a token.
std::optional<std::string_view> opened(std::string_view bytes, std::string_view magic, std::size_t bytes_min) {
  if (bytes.size() < magic.size() + bytes_min + 4 || !bytes.starts_with(magic)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - 4);
  if (FieldReader(bytes.substr(body.size())).take<std::uint32_t>() != checksum(body)) return std::nullopt;
  return body.substr(magic.size());
}

}  // namespace

std::string encode(const TaskToken& token) {
  std::string out;
  out.reserve(kTaskMagic.size() + 2 + 8 + 16 + 4 + 4 + 4 + token.activity_id.size() + 4);
  out += kTaskMagic;
  put(out, token.shard);
  put(out, token.row);
  put(out, token.run_id);
  put(out, token.namespace_id);
  put(out, static_cast<std::uint32_t>(token.attempt.attempt));
  put(out, static_cast<std::uint32_t>(token.attempt.stamp));
  out += token.activity_id;
  seal(out);
  return out;
}

StatusOr<TaskToken> decode_task_token(std::string_view bytes) {
  if (bytes.empty()) return internal::invalid_argument("Task token not set on request.");
  const auto fields = opened(bytes, kTaskMagic, 2 + 8 + 16 + 4 + 4 + 4);
  if (!fields) return internal::invalid_argument("Error deserializing task token.");
  FieldReader reader(*fields);
  TaskToken token;
  token.shard = reader.take<std::uint16_t>();
  token.row = reader.take<std::uint64_t>();
  token.run_id = reader.take_uuid();
  token.namespace_id = reader.take<std::uint32_t>();
  token.attempt.attempt = static_cast<std::int32_t>(reader.take<std::uint32_t>());
  token.attempt.stamp = static_cast<std::int32_t>(reader.take<std::uint32_t>());
  token.activity_id = reader.rest();
  return token;
}

std::string encode(const ChangeToken& token) {
  std::string out(kChangeMagic);
  put(out, token.run_id);
  put(out, static_cast<std::uint64_t>(token.transition_count));
  put(out, token.incarnation);
  seal(out);
  return out;
}

StatusOr<ChangeToken> decode_change_token(std::string_view bytes) {
  const auto fields = opened(bytes, kChangeMagic, 16 + 8 + 8);
  if (!fields || fields->size() != 16 + 8 + 8) return internal::invalid_argument("invalid long poll token");
  FieldReader reader(*fields);
  ChangeToken token;
  token.run_id = reader.take_uuid();
  token.transition_count = static_cast<std::int64_t>(reader.take<std::uint64_t>());
  token.incarnation = reader.take<std::uint64_t>();
  return token;
}

}  // namespace longbeat::server
