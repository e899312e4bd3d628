#pragma once
#include <google/protobuf/arena.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/timestamp.pb.h>
#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/engine.h"

/// Bytes, times and durations between gRPC, protobuf and the engine's own types.
namespace longbeat::server {

/// Memory for one message at a time: decoding and encoding happen on the one loop thread, so all calls share it.
class Scratch {
 public:
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class Message>
  Message& make() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }
  /// Forgets every message made so far; the first block stays.
  void clear() { arena_.Reset(); }

 private:
  static constexpr std::size_t kFirstBlockBytes = 32 * 1024;  // A usual request with its strings; larger ones allocate.
  std::unique_ptr<char[]> first_block_;
  google::protobuf::Arena arena_;
};

/// False when the bytes are not this message, or are nested more deeply than any answer of ours could be read back.
bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);
bool parse(std::string_view bytes, google::protobuf::MessageLite& message);
grpc::ByteBuffer to_byte_buffer(const google::protobuf::MessageLite& message);
std::string to_bytes(const google::protobuf::MessageLite& message);

/// Fills `message` with what was stored. Throws std::runtime_error when the bytes are not one: they were parsed when
/// they came in.
void restore(const std::string& bytes, google::protobuf::MessageLite& message);

RawDuration raw(const google::protobuf::Duration& duration);
void assign(google::protobuf::Duration& out, Duration duration);
void assign(google::protobuf::Timestamp& out, Time time);
inline bool is_set(Time time) {
  return time != Time{};
}

}  // namespace longbeat::server
