// More than the server can do: new work is refused, what has been started gets done.
#include <grpcpp/generic/generic_stub.h>
#include <temporal/api/errordetails/v1/message.pb.h>

#include <future>
#include <map>
#include <optional>
#include <thread>
#include <vector>

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
  options.rpc_limits.refusal_delay = 50ms;
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

namespace {

/// A server that takes 30 ms for each start: enough of them at once, and it is overloaded for a while.
struct SlowServer {
  explicit SlowServer(std::chrono::milliseconds refusal_delay, std::size_t kept_max = 100) {
    ServerOptions options;
    options.store = std::make_unique<SlowStore>();
    options.rpc_limits.overload_delay = 20ms;
    options.rpc_limits.refusal_delay = refusal_delay;
    options.rpc_limits.refusals_kept_max = kept_max;
    options.rpc_limits.events_per_step = 1;
    server.emplace(std::move(options));
    address = "127.0.0.1:" + std::to_string(server->start().value());
  }
  /// Begins a start that its caller waits so long for.
  void begin(std::chrono::milliseconds patience) {
    const int number = static_cast<int>(starts.size());
    contexts.push_back(std::make_shared<grpc::ClientContext>());
    starts.push_back(std::async(std::launch::async, [this, number, patience, context = contexts.back()] {
      const auto begun = std::chrono::steady_clock::now();
      service::StartActivityExecutionResponse started;
      const auto status = client->call_method("/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution",
                                              start_request(number), &started, {.timeout = patience}, *context);
      return Ended{status.error_code(), std::chrono::steady_clock::now() - begun};
    }));
  }
  /// Until starts whose callers wait so long are refused.
  bool overload(std::chrono::milliseconds patience = 20s) {
    client.emplace(address);
    for (int i = 0; i < 30; ++i) begin(patience);
    return eventually([this, patience] {
      begin(patience);
      return server->stats().shed > 20;
    });
  }
  template <class Condition>
  static bool eventually(const Condition& condition) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    return condition();
  }

  /// Waits for all of them: how many were refused. None may have taken longer.
  int refused_within(std::chrono::nanoseconds longest) {
    int refused = 0;
    for (auto& start : starts) {
      const auto ended = start.get();
      refused += ended.code == grpc::StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
      CHECK(ended.took < longest);
    }
    return refused;
  }

  struct Ended {
    grpc::StatusCode code;
    std::chrono::nanoseconds took;
  };
  std::optional<Server> server{};
  std::string address{};
  std::optional<RawClient> client{};
  std::vector<std::shared_ptr<grpc::ClientContext>> contexts{};
  std::vector<std::future<Ended>> starts{};
};

}  // namespace

TEST_CASE("a refusal because of overload is kept back, so that its caller asks for nothing else meanwhile",
          "[rpc][overload]") {
  SlowServer slow(300ms);
  REQUIRE(slow.overload());
  int served = 0, refused = 0;
  for (auto& start : slow.starts) {
    const auto ended = start.get();
    if (ended.code == grpc::StatusCode::OK) {
      ++served;
      continue;
    }
    ++refused;
    CHECK(ended.code == grpc::StatusCode::RESOURCE_EXHAUSTED);
    CHECK(ended.took >= 300ms);
  }
  CHECK(served > 0);
  CHECK(refused > 0);
}

TEST_CASE("a caller that would not wait for its refusal, or finds no room to wait, gets it at once",
          "[rpc][overload]") {
  const bool no_room = GENERATE(false, true);
  CAPTURE(no_room);
  SlowServer slow(13s, no_room ? 0 : 100);  // Who waits for 19.5 s waits for that.
  REQUIRE(slow.overload(no_room ? 60s : 19s));
  CHECK(slow.refused_within(12s) > 0);
}

TEST_CASE("a caller whose refusal is kept back may leave", "[rpc][overload]") {
  SlowServer slow(10s);
  REQUIRE(slow.overload());
  for (const auto& context : slow.contexts) context->TryCancel();
  CHECK(SlowServer::eventually([&] { return slow.server->stats().open_calls == 0; }));
  for (auto& start : slow.starts) {
    const auto ended = start.get();
    CHECK((ended.code == grpc::StatusCode::OK || ended.code == grpc::StatusCode::CANCELLED));
  }
}

TEST_CASE("a server that stops gives the refusals it kept back", "[rpc][overload]") {
  SlowServer slow(10s);
  REQUIRE(slow.overload());
  slow.server->stop(8s);
  CHECK(slow.refused_within(9s) > 0);
}
