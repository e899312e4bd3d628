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

/// protobuf's readers stop at a depth of 100. What is stored travels back inside answers that wrap it up to four levels
/// deeper than the request did, so a request may use less.
inline constexpr int kDepthMax = 90;

/// False when the bytes are not this message, or are nested more deeply than `depth_max` messages, each of which takes
/// some hundred bytes of stack here and wherever else the message is gone through.
bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message, int depth_max = kDepthMax);
bool parse(std::string_view bytes, google::protobuf::MessageLite& message, int depth_max = kDepthMax);
grpc::ByteBuffer to_byte_buffer(const google::protobuf::MessageLite& message);
std::string to_bytes(const google::protobuf::MessageLite& message);

/// Fills `message` with what was stored. Throws std::runtime_error when the bytes are not one: they were parsed when
/// they came in.
void restore(std::string_view bytes, google::protobuf::MessageLite& message);

RawDuration raw(const google::protobuf::Duration& duration);
void assign(google::protobuf::Duration& out, Duration duration);
void assign(google::protobuf::Timestamp& out, Time time);
inline void assign(std::string& out, const Text& text) {
  out.assign(text.view());
}
inline bool is_set(Time time) {
  return time != Time{};
}

}  // namespace longbeat::server
