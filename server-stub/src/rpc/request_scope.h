#pragma once
#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "rpc/dispatch_table.h"

namespace longbeat::server {

/// The namespace that a decoded request names; empty when it names none.
std::string_view namespace_of(const Request& request);

/// The same of a call that is answered without decoding: the row's namespace field, read from the bytes. Nothing when
/// they are not this call's request.
std::optional<std::string> namespace_of(const Rpc& rpc, const grpc::ByteBuffer& bytes);

}  // namespace longbeat::server
