#pragma once
#include <grpcpp/support/status.h>

#include <string>

#include "engine/engine.h"

namespace longbeat::server {

/// enums.ResourceExhaustedCause and ResourceExhaustedScope, as far as rpc/ itself refuses.
inline constexpr std::int32_t kCauseConcurrentLimit = 2;
inline constexpr std::int32_t kCauseSystemOverloaded = 3;
inline constexpr std::int32_t kScopeSystem = 2;

/// The refusal as gRPC sends it: code, message and, where there is a detail, google.rpc.Status with one Any for the
/// trailer grpc-status-details-bin. The message has at most 4000 bytes, fewer where it and the details would take more
/// than 6 KiB as they are encoded there; texts inside the detail have at most 1000.
grpc::Status to_grpc(const Status& status);

/// What a request of more bytes than that gets. Temporal's SDKs know the text: they report the activity as failed
/// instead of sending the same again.
Status message_too_large(std::size_t bytes, std::size_t bytes_max);

/// Texts of the response headers that go with RESOURCE_EXHAUSTED, for example "ConcurrentLimit"; empty when unknown.
std::string resource_exhausted_cause(std::int32_t cause);
std::string resource_exhausted_scope(std::int32_t scope);

}  // namespace longbeat::server
