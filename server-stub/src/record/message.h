#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "record/seal.h"
#include "store.pb.h"

/// What the files share that turn values into messages of longbeat.store.v1 and back; nobody else includes it.
namespace longbeat::server {

namespace pb = longbeat::store::v1;

inline std::int64_t nanos(Time time) {
  return time.time_since_epoch().count();
}
inline Time time(std::int64_t nanos) {
  return Time(Duration(nanos));
}

inline void put_uuid(const Uuid& uuid, std::string& out) {
  out.assign(reinterpret_cast<const char*>(uuid.data()), uuid.size());
}
/// All zero unless there are 16 bytes.
inline Uuid uuid(const std::string& bytes) {
  Uuid out{};
  if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

template <class Message>
void finish(const RowRef& row, const Message& message, std::string& out) {
  begin_seal(out);
  message.AppendToString(&out);
  finish_seal(row, out);
}

/// Checks the seal, parses, and lets `take(message)` fill the value; it returns false for what it does not understand.
template <class Value, class Message, class Take>
StatusOr<Value> read(const RowRef& row, std::string_view bytes, Take take) {
  const auto body = unseal(row, bytes);
  if (!body) return body.error();
  // Kept between calls for the memory of its parts, which `take` empties of what is large: parsing takes half the time.
  thread_local Message message;
  if (!message.ParseFromArray(body->data(), static_cast<int>(body->size()))) {
    return unreadable(row, "holds no record: its body cannot be parsed");
  }
  Value value;
  if (!take(message, value)) return unreadable(row, "holds a number that this server does not know");
  return value;
}

}  // namespace longbeat::server
