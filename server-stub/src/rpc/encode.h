#pragma once
#include "rpc/wire.h"

/// One function per RPC: the engine's reply to the bytes of the response. A function is only ever given the reply that
/// belongs to its RPC.
namespace longbeat::server {

struct EncodeInput {
  const Reply& reply;
  Scratch& scratch;
  Time now{};  ///< of the step that answers
};

using Encoder = grpc::ByteBuffer (*)(const EncodeInput& input);

// encode_client.cc
grpc::ByteBuffer encode_start(const EncodeInput& input);
grpc::ByteBuffer encode_poll_outcome(const EncodeInput& input);
grpc::ByteBuffer encode_cancel(const EncodeInput& input);
grpc::ByteBuffer encode_describe_namespace(const EncodeInput& input);

// encode_describe.cc
grpc::ByteBuffer encode_describe(const EncodeInput& input);

// encode_worker.cc
grpc::ByteBuffer encode_poll_task(const EncodeInput& input);
grpc::ByteBuffer encode_heartbeat(const EncodeInput& input);
grpc::ByteBuffer encode_completed(const EncodeInput& input);
grpc::ByteBuffer encode_failed(const EncodeInput& input);
grpc::ByteBuffer encode_canceled(const EncodeInput& input);

}  // namespace longbeat::server
