// What clients see when the store fails under a running server.
#include <grpc/health/v1/health.pb.h>

#include <atomic>
#include <future>

#include "conformance/raw_calls.h"
#include "rpc/server.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

/// Memory until it is told to fail.
class FailingStore final : public Store {
 public:
  explicit FailingStore(const std::atomic<bool>& failing) : failing_(failing) {}
  StatusOr<> commit(std::span<const Write> writes) override {
    if (failing_) return longbeat::internal::internal_error("the disk is on fire");
    return rows_->commit(writes);
  }
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override { return rows_->read(table, key); }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t key, std::string_view value)>& visit) override {
    return rows_->scan(table, first, visit);
  }

 private:
  const std::atomic<bool>& failing_;
  std::unique_ptr<Store> rows_ = make_memory_store();
};

grpc::Status start_activity(const RawClient& client, const std::string& id) {
  service::StartActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id(id);
  request.mutable_activity_type()->set_name("greet");
  request.mutable_task_queue()->set_name("another queue");
  request.mutable_start_to_close_timeout()->set_seconds(10);
  service::StartActivityExecutionResponse response;
  return client.call("StartActivityExecution", request, &response);
}

}  // namespace

TEST_CASE("a failed commit ends the engine, not the server", "[rpc]") {
  std::atomic<bool> failing = false;
  std::promise<std::string> fatal;
  ServerOptions options;
  options.store = std::make_unique<FailingStore>(failing);
  options.on_fatal = [&](const std::string& reason) { fatal.set_value(reason); };
  Server server(std::move(options));
  const std::string address = "127.0.0.1:" + std::to_string(server.start().value());
  const RawClient client(address);
  REQUIRE(start_activity(client, "before").ok());
  auto parked = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    return poll_with(address, context, 30s);
  });
  while (server.stats().engine.parked_polls == 0) std::this_thread::yield();

  failing = true;
  CHECK(start_activity(client, "during").error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK_THAT(fatal.get_future().get(), ContainsSubstring("the disk is on fire"));
  CHECK(parked.get().error_code() == grpc::StatusCode::UNAVAILABLE);
  failing = false;
  CHECK(start_activity(client, "after").error_code() == grpc::StatusCode::UNAVAILABLE);

  grpc::health::v1::HealthCheckResponse health;
  grpc::ClientContext context;
  REQUIRE(
      client.call_method("/grpc.health.v1.Health/Check", grpc::health::v1::HealthCheckRequest(), &health, {}, context)
          .ok());
  CHECK(health.status() == grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  server.stop(1s);
}
