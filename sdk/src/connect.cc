// The wiring: the one file that sees rpc and the rest.
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "client/client_core.h"
#include "client/read_credentials.h"
#include "client/retrying_stub.h"
#include "core/courier_pool.h"
#include "longbeat/client.h"
#include "rpc/channel.h"
#include "rpc/completion_queue_loop.h"
#include "rpc/service_stub_grpc.h"

namespace longbeat::internal {
namespace {

/// One channel, one loop thread, one courier. At the end, in this order: the loop refuses posts, cancels its calls,
/// waits for their tags and joins its thread, while the courier still takes jobs; the courier finishes what it has and
/// joins (what it posts to the loop is dropped); stubs and channel go; the queue goes last. The last owner is on none
/// of the loop's and the courier's threads, which would wait for themselves: ClientCore sees to it.
class GrpcConnection final : public Connection {
 public:
  GrpcConnection(const std::string& address, const Credentials& credentials, std::shared_ptr<ClientCounters> counters)
      : grpc_stub_(loop_, make_channel(address, credentials), credentials),
        stub_(loop_, grpc_stub_, entropy(), retry_counter(std::move(counters))) {
    log_on_own_thread();  // Whatever the program does in its log sink, the loop goes on.
    loop_.start([this] { grpc_stub_.shut_down(); });
  }
  ~GrpcConnection() override { loop_.stop(); }
  GrpcConnection(const GrpcConnection&) = delete;
  GrpcConnection& operator=(const GrpcConnection&) = delete;

  Loop& loop() override { return loop_; }
  ServiceStub& stub() override { return stub_; }
  Courier& courier() override { return courier_; }

 private:
  CompletionQueueLoop loop_;
  ServiceStubGrpc grpc_stub_;
  RetryingStub stub_;
  CourierPool courier_;
};

}  // namespace
}  // namespace longbeat::internal

LONGBEAT_BEGIN

Result<Client> Client::connect(ClientOptions options) {
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  auto credentials = internal::read_credentials(options);
  if (!credentials) return std::move(credentials).error();
  auto core = internal::core_from(std::move(options));
  core->connection = std::make_shared<internal::GrpcConnection>(core->address, *credentials, core->counters);
  core->losses = core->callbacks->without_executor();
  return internal::client_on(std::move(core));
}

LONGBEAT_END
