#pragma once
#include <optional>

#include "rpc/wire.h"

/// One function per RPC: bytes of the request to the engine's request. Nothing when the bytes are not that message.
/// They check nothing else: validation is the engine's.
namespace longbeat::server {

/// What a request is decoded from.
struct DecodeInput {
  const grpc::ByteBuffer& bytes;
  Scratch& scratch;
  /// The value of one header of the call, empty when absent.
  const std::function<std::string(const char* name)>& header;
};

using Decoder = std::optional<Request> (*)(const DecodeInput& input);

// decode_client.cc
std::optional<Request> decode_start(const DecodeInput& input);
std::optional<Request> decode_poll_outcome(const DecodeInput& input);
std::optional<Request> decode_describe(const DecodeInput& input);
std::optional<Request> decode_cancel(const DecodeInput& input);
std::optional<Request> decode_describe_namespace(const DecodeInput& input);

// decode_worker.cc
std::optional<Request> decode_poll_task(const DecodeInput& input);
std::optional<Request> decode_heartbeat(const DecodeInput& input);
std::optional<Request> decode_completed(const DecodeInput& input);
std::optional<Request> decode_failed(const DecodeInput& input);
std::optional<Request> decode_canceled(const DecodeInput& input);

}  // namespace longbeat::server
