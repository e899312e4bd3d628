#pragma once
#include <string_view>

#include "rpc/decode.h"
#include "rpc/encode.h"

/// The calls of longbeat.server.v1.Admin.
namespace longbeat::server {

std::optional<Request> decode_backup(const DecodeInput& input);
grpc::ByteBuffer encode_backup(const EncodeInput& input);

/// Whether gRPC's name of a peer ("ipv4:127.0.0.1:5000", "ipv6:[::1]:5000", "unix:...") is on this machine.
bool is_local_peer(std::string_view peer);

}  // namespace longbeat::server
