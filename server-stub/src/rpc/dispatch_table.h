#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "rpc/decode.h"
#include "rpc/encode.h"
#include "rpc/stream.h"
#include "security/roles.h"

namespace longbeat::server {

/// How the call waits.
enum class Kind : std::uint8_t { kUnary, kLongPoll, kStream };

/// What one call costs the server: rate limits count by it.
enum class Cost : std::uint8_t { kAnswered, kRead, kWrite, kWait };

/// What the calls that need no engine tell about.
struct ServerFacts {
  std::string cluster_id{};
  std::string store{};  ///< "sqlite" or "memory"
  bool serving = true;  ///< false once stopping, or once the engine has ended
};

struct LocalInput {
  const grpc::ByteBuffer& bytes;
  Scratch& scratch;
  const ServerFacts& facts;
};
/// Answers a call without the engine.
using LocalHandler = StatusOr<grpc::ByteBuffer> (*)(const LocalInput& input);

/// One RPC: everything that authentication, limits, metrics, logging and dispatch need to know about it.
struct Rpc {
  std::string_view method{};  ///< "/package.Service/Method"
  Decoder decode = nullptr;
  Encoder encode = nullptr;
  LocalHandler local = nullptr;  ///< set instead of decode and encode
  /// Name of the request's namespace field; empty: the call belongs to no namespace.
  std::string_view namespace_field{};
  Role role = Role::kAnyone;
  Kind kind = Kind::kUnary;
  Cost cost = Cost::kAnswered;
  /// Repeating it after an ambiguous failure does no harm (request IDs and tokens included).
  bool safe_to_retry = false;
  StreamFactory stream = nullptr;  ///< kStream: set instead of decode, encode and local
  bool local_only = false;         ///< answered for callers on this machine only
};

/// Refused first when the server cannot keep up: nothing that has been done already depends on it. Starts, and what
/// people and tools only look at.
inline bool brings_work(const Rpc& rpc) {
  return rpc.kind == Kind::kUnary &&
         ((rpc.role == Role::kClient && rpc.cost == Cost::kWrite && rpc.method.ends_with("/StartActivityExecution")) ||
          (rpc.role == Role::kReader && rpc.cost == Cost::kRead));
}

/// The row of `method`, or null: UNIMPLEMENTED.
const Rpc* find_rpc(std::string_view method);
/// Every row.
std::span<const Rpc> all_rpcs();
/// Full names of the services that have rows, in order.
std::vector<std::string_view> service_names();

// system.cc and health.cc
StatusOr<grpc::ByteBuffer> get_system_info(const LocalInput& input);
StatusOr<grpc::ByteBuffer> get_cluster_info(const LocalInput& input);
StatusOr<grpc::ByteBuffer> check_health(const LocalInput& input);

// workflow_calls.cc
StatusOr<grpc::ByteBuffer> pause_of_workflow(const LocalInput& input);
StatusOr<grpc::ByteBuffer> unpause_of_workflow(const LocalInput& input);
StatusOr<grpc::ByteBuffer> reset_of_workflow(const LocalInput& input);
StatusOr<grpc::ByteBuffer> update_options_of_workflow(const LocalInput& input);

}  // namespace longbeat::server
