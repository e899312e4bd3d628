#include "rpc/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpc/slice.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace longbeat::server {

namespace {

google::protobuf::ArenaOptions arena_options(char* block, std::size_t size) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = size;
  options.start_block_size = size;
  options.max_block_size = 256 * 1024;
  return options;
}

}  // namespace

Scratch::Scratch()
    : first_block_(new char[kFirstBlockBytes]), arena_(arena_options(first_block_.get(), kFirstBlockBytes)) {}

bool parse(std::string_view bytes, google::protobuf::MessageLite& message, int depth_max) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(depth_max);
  return message.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

bool parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message, int depth_max) {
  grpc::Slice slice;
  if (!bytes.TrySingleSlice(&slice).ok() && !bytes.DumpToSingleSlice(&slice).ok()) return false;
  return parse(std::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size()), message, depth_max);
}

grpc::ByteBuffer to_byte_buffer(const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  grpc_slice memory = grpc_slice_malloc(size);
  message.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(memory));
  const grpc::Slice slice(memory, grpc::Slice::STEAL_REF);
  return grpc::ByteBuffer(&slice, 1);
}

std::string to_bytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  message.SerializePartialToString(&bytes);  // proto3: no field is required, so partial is whole.
  return bytes;
}

void restore(std::string_view bytes, google::protobuf::MessageLite& message) {
  if (!parse(std::string_view(bytes), message)) {
    throw std::runtime_error("stored bytes are not a " + message.GetTypeName());
  }
}

RawDuration raw(const google::protobuf::Duration& duration) {
  return {duration.seconds(), duration.nanos()};
}

void assign(google::protobuf::Duration& out, Duration duration) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  out.set_seconds(duration.count() / kSecond);
  out.set_nanos(static_cast<std::int32_t>(duration.count() % kSecond));
}

void assign(google::protobuf::Timestamp& out, Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<std::int32_t>((time - seconds).count()));
}

}  // namespace longbeat::server
