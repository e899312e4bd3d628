#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "client/callbacks.h"
#include "client/server_abilities.h"
#include "core/connection.h"
#include "core/payload_limit.h"
#include "core/wire_format.h"
#include "longbeat/client.h"
#include "longbeat/data_converter.h"
#include "longbeat/interceptor.h"

LONGBEAT_BEGIN

/// The internals' key to Client.
class ClientAccess {
 public:
  static Client make(std::shared_ptr<internal::ClientCore> core) { return Client(std::move(core)); }
  static const std::shared_ptr<internal::ClientCore>& core(const Client& client) { return client.core_; }
};

LONGBEAT_END

namespace longbeat::internal {

/// What ClientStats is read from. Any thread.
struct ClientCounters {
  std::atomic<std::uint64_t> calls{0}, failed_calls{0}, retries{0};
};

/// For what sends calls again: to be called each time.
inline std::function<void()> retry_counter(std::shared_ptr<ClientCounters> counters) {
  return [counters = std::move(counters)] { counters->retries.fetch_add(1, std::memory_order_relaxed); };
}

/// What one Client is made of, shared by the Client, its handles and the workers built on it. The last owner may be any
/// thread; on one of the connection's own, where user code runs too, it ends on another. Whatever of ours runs on loop
/// or courier holds references, not this.
struct ClientCore {
  ClientCore() = default;
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;
  /// Calls under way end with the connection; then their callbacks run, and then nothing runs any more.
  ~ClientCore();

  std::shared_ptr<Connection> connection{};
  std::string address{};  ///< for messages
  std::string namespace_name{};
  std::string identity{};
  DataConverter converter{};
  WireFormat format{};  ///< codecs and encode_common_attributes
  std::shared_ptr<PayloadLimit> payload_limit = std::make_shared<PayloadLimit>();  ///< of the namespace
  std::shared_ptr<ServerAbilities> abilities = std::make_shared<ServerAbilities>();
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors{};
  /// Bounds one call with all its retries.
  std::chrono::nanoseconds call_timeout = std::chrono::seconds(10);
  /// Seeds of its random pauses; who replays runs gives them.
  std::function<std::uint64_t()> new_seed = entropy;
  std::shared_ptr<ClientCounters> counters = std::make_shared<ClientCounters>();
  std::shared_ptr<Callbacks> callbacks = std::make_shared<Callbacks>();
  /// Where lost completions are reported: perhaps when the program's executor has gone.
  std::shared_ptr<Callbacks> losses = callbacks;
};

/// Is this one of the threads of the connection, which would wait for themselves?
bool on_thread_of(Connection& connection);

/// The shared core of a client: how Worker reaches its connection, namespace and converter.
inline std::shared_ptr<ClientCore> core_of(const Client& client) {
  return ClientAccess::core(client);
}

/// "pid@host".
std::string default_identity();
/// Everything the options say; the connection is the caller's to add. The options have been validated.
std::shared_ptr<ClientCore> core_from(ClientOptions options);

/// A client on a connection of one's own: how connect.cc and tests make them.
inline Client client_on(std::shared_ptr<ClientCore> core) {
  return ClientAccess::make(std::move(core));
}

}  // namespace longbeat::internal
