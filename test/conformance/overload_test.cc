// More than the server can do: new work is refused, what has been started gets done.
#include <grpcpp/generic/generic_stub.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <map>
#include <thread>

#include "conformance/raw_calls.h"
#include "rpc/server.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

/// A disk that takes its time for every commit.
class SlowStore final : public Store {
 public:
  StatusOr<> commit(std::span<const Write> writes) override {
    std::this_thread::sleep_for(30ms);
    return store_->commit(writes);
  }
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    return store_->read(table, key);
  }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    return store_->scan(table, first, visit);
  }

 private:
  std::unique_ptr<Store> store_ = make_memory_store();
};

service::StartActivityExecutionRequest start_request(int number) {
  service::StartActivityExecutionRequest request;
  request.set_namespace_("default");
  request.set_activity_id("activity-" + std::to_string(number));
  request.set_request_id("request-" + std::to_string(number));
  request.mutable_activity_type()->set_name("copy");
  request.mutable_task_queue()->set_name("queue");
  request.mutable_start_to_close_timeout()->set_seconds(600);
  return request;
}

/// Starts without end, so many at once, on a thread of its own.
class Flood {
 public:
  explicit Flood(const std::string& address) : client_(address), thread_([this] { run(); }) {}
  ~Flood() { stop(); }
  void stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  /// How they ended; only after stop().
  std::map<grpc::StatusCode, int> ended{};
  grpc::Status refusal{};

 private:
  static constexpr int kAtOnce = 1'500;
  struct Call {
    grpc::ClientContext context{};
    service::StartActivityExecutionResponse response{};
    grpc::Status status{};
    std::unique_ptr<grpc::ClientAsyncResponseReader<service::StartActivityExecutionResponse>> reader{};
  };
  void begin() {
    auto call = std::make_unique<Call>();
    call->context.set_deadline(std::chrono::system_clock::now() + 20s);
    call->reader = stub_.PrepareUnaryCall(&call->context,
                                          "/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution",
                                          start_request(++number_), &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call.get());
    call.release();  // The queue has it.
  }
  void run() {
    for (int i = 0; i < kAtOnce; ++i) begin();
    void* tag = nullptr;
    bool ok = false;
    for (int open = kAtOnce; open > 0 && queue_.Next(&tag, &ok);) {
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      ++ended[call->status.error_code()];
      if (call->status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) refusal = call->status;
      over_ ? static_cast<void>(--open) : begin();
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) continue;
  }

  RawClient client_;
  grpc::CompletionQueue queue_{};
  grpc::TemplatedGenericStub<service::StartActivityExecutionRequest, service::StartActivityExecutionResponse> stub_{
      client_.channel()};
  int number_ = 0;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a server that cannot keep up refuses new work and does what it has", "[rpc][overload]") {
  ServerOptions options;
  options.store = std::make_unique<SlowStore>();
  options.rpc_limits.overload_delay = 20ms;
  Server server(std::move(options));
  const std::string address = "127.0.0.1:" + std::to_string(server.start().value());
  const RawClient worker(address);
  service::StartActivityExecutionResponse started;
  REQUIRE(worker.call("StartActivityExecution", start_request(0), &started).ok());
  service::PollActivityTaskQueueResponse task;
  grpc::ClientContext context;
  REQUIRE(poll_with(address, context, 10s, &task).ok());

  Flood flood(address);
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (server.stats().shed < 2'000 && std::chrono::steady_clock::now() < until) {
    // Reports and polls are served all the time.
    service::RecordActivityTaskHeartbeatRequest beat;
    beat.set_task_token(task.task_token());
    service::RecordActivityTaskHeartbeatResponse beaten;
    const auto status = worker.call("RecordActivityTaskHeartbeat", beat, &beaten);
    INFO(status.error_message());
    REQUIRE(status.ok());
  }
  service::RespondActivityTaskCompletedRequest completed;
  completed.set_task_token(task.task_token());
  service::RespondActivityTaskCompletedResponse none;
  CHECK(worker.call("RespondActivityTaskCompleted", completed, &none).ok());
  flood.stop();

  CHECK(server.stats().shed >= 2'000);
  CHECK(flood.ended[grpc::StatusCode::OK] > 0);
  CHECK(flood.ended[grpc::StatusCode::RESOURCE_EXHAUSTED] >= 2'000);
  CHECK(flood.ended.size() == 2);  // Nothing else, and nothing ran out of time.
  CHECK(flood.refusal.error_message() == "the server is overloaded: try again later");
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  REQUIRE(detail_of(flood.refusal, detail));
  CHECK(detail.cause() == 3);
  CHECK(detail.scope() == 2);
  // When the flood is over, everybody is welcome again.
  REQUIRE(worker.call("StartActivityExecution", start_request(-1), &started).ok());
  CHECK(server.stats().engine.started == static_cast<std::uint64_t>(flood.ended[grpc::StatusCode::OK]) + 2);
}
