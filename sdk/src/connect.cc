// The wiring: the one file that sees rpc and the rest.
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/transport.h"
#include "client/client_core.h"
#include "client/read_credentials.h"
#include "client/retrying_stub.h"
#include "core/courier_pool.h"
#include "longbeat/client.h"
#include "rpc/channel.h"
#include "rpc/completion_queue_loop.h"
#include "rpc/service_stub_grpc.h"
#include "rpc/service_stub_link.h"

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

/// The courier, whose jobs time waits for.
class WatchedCourier final : public Courier {
 public:
  explicit WatchedCourier(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}
  void post(CourierJob kind, std::uint64_t key, std::function<void()> job) override {
    if (watch_) {
      const char* who = kind == CourierJob::kConvert ? "a converter or codec" : "a stop callback";
      job = [busy = watch_->busy(who), job = std::move(job)]() mutable {
        std::exchange(job, nullptr)();  // Gone before the mark: what it holds may have a destructor of the user's.
        busy.reset();
      };
    }
    pool_.post(kind, key, std::move(job));
  }
  std::uint64_t running_here() const noexcept override { return pool_.running_here(); }

 private:
  const std::shared_ptr<Watch> watch_;
  CourierPool pool_;
};

/// The same over a transport of this process. Ends in the same order.
class LinkConnection final : public Connection {
 public:
  LinkConnection(Transport& transport, std::shared_ptr<ClientCounters> counters)
      : link_(transport.open()),
        link_stub_(*link_),
        stub_(link_->loop(), link_stub_, entropy(),
              [counters = std::move(counters)] { counters->retries.fetch_add(1, std::memory_order_relaxed); }),
        courier_(link_->watch()) {
    log_on_own_thread();
  }
  ~LinkConnection() override { link_->stop(); }
  LinkConnection(const LinkConnection&) = delete;
  LinkConnection& operator=(const LinkConnection&) = delete;

  Loop& loop() override { return link_->loop(); }
  ServiceStub& stub() override { return stub_; }
  Courier& courier() override { return courier_; }
  std::shared_ptr<const Clock> clock() override { return link_->clock(); }
  std::shared_ptr<Watch> watch() override { return link_->watch(); }

 private:
  const std::shared_ptr<TransportLink> link_;
  ServiceStubLink link_stub_;
  RetryingStub stub_;
  WatchedCourier courier_;
};

}  // namespace
}  // namespace longbeat::internal

LONGBEAT_BEGIN

Result<Client> Client::connect(ClientOptions options) {
  if (auto valid = validate(options); !valid) return std::move(valid).error();
  auto credentials = internal::read_credentials(options);
  if (!credentials) return std::move(credentials).error();
  const auto transport = std::move(options.transport);
  if (transport) options.address = transport->address();
  auto core = internal::core_from(std::move(options));
  if (transport && core->address.empty()) {
    core->address = "a server of this process";
    core->connection = std::make_shared<internal::LinkConnection>(*transport, core->counters);
    core->callbacks->observe(core->connection->watch());
  } else {
    core->connection = std::make_shared<internal::GrpcConnection>(core->address, *credentials, core->counters);
  }
  core->losses = core->callbacks->without_executor();
  return internal::client_on(std::move(core));
}

LONGBEAT_END
