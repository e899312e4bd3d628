#include <arpa/inet.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <temporal/api/errordetails/v1/message.pb.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "rpc/channel.h"
#include "rpc/completion_queue_loop.h"
#include "rpc/service_stub_grpc.h"
#include "support/catch.h"

using namespace longbeat;
using namespace longbeat::internal;
using namespace std::chrono_literals;

namespace {

/// A loop with a stub, torn down as a connection does it.
struct Connected {
  explicit Connected(const std::string& address) : stub(loop, make_channel(address)) {
    loop.start([this] { stub.shut_down(); });
  }
  ~Connected() { loop.stop(); }

  CompletionQueueLoop loop{};
  ServiceStubGrpc stub;
};

template <class T>
T get(std::future<T> future) {
  REQUIRE(future.wait_for(20s) == std::future_status::ready);
  return future.get();
}

std::future<StatusOr<StartedActivity>> start(Connected& connected, Nanoseconds timeout, CallId* call = nullptr) {
  auto answer = std::make_shared<std::promise<StatusOr<StartedActivity>>>();
  REQUIRE(connected.loop.post([&connected, timeout, call, answer] {
    StartActivityParams params;
    params.namespace_name = "default";
    params.activity_id = "a";
    const auto id = connected.stub.start_activity(
        std::move(params), timeout, [answer](StatusOr<StartedActivity> got) { answer->set_value(std::move(got)); });
    if (call != nullptr) *call = id;
  }));
  return answer->get_future();
}

/// Listens, but never says a word: calls hang.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentPort() { ::close(socket_); }
  const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

/// Answers every call with one status, and notes what it was asked.
class CannedServer final : public grpc::CallbackGenericService {
 public:
  explicit CannedServer(grpc::Status status) : status_(std::move(status)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  ~CannedServer() override { server_->Shutdown(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string method() const {
    return asked_.with([](const Asked& asked) { return asked.method; });
  }
  std::string header(const std::string& name) {
    return asked_.with([&](Asked& asked) { return asked.headers[name]; });
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    asked_.with([&](Asked& asked) {
      asked.method = context->method();
      for (const auto& [key, value] : context->client_metadata()) {
        asked.headers[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
      }
    });
    class Reactor final : public grpc::ServerGenericBidiReactor {
     public:
      explicit Reactor(const grpc::Status& status) { Finish(status); }
      void OnDone() override { delete this; }
    };
    return new Reactor(status_);
  }

 private:
  struct Asked {
    std::string method{};
    std::map<std::string, std::string> headers{};
  };
  grpc::Status status_;
  int port_ = 0;
  Guarded<Asked> asked_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

TEST_CASE("the loop on a completion queue", "[rpc][loop]") {
  CompletionQueueLoop loop;
  SECTION("runs what is posted on its own thread, in order") {
    loop.start({});
    std::vector<int> order;
    std::promise<bool> on_loop;
    for (int i = 0; i < 1000; ++i) REQUIRE(loop.post([&order, i] { order.push_back(i); }));
    REQUIRE(loop.post([&] { on_loop.set_value(loop.on_this_thread()); }));
    CHECK(get(on_loop.get_future()));
    CHECK_FALSE(loop.on_this_thread());
    CHECK(order.size() == 1000);
    CHECK(std::is_sorted(order.begin(), order.end()));
  }
  SECTION("runs timers in their order, never early, and canceled ones not at all") {
    loop.start({});
    std::vector<int> order;
    std::promise<bool> late_enough;
    REQUIRE(loop.post([&] {
      const auto at = loop.now() + 30ms;
      loop.schedule(at, [&, at] {
        order.push_back(2);
        late_enough.set_value(loop.now() >= at);
      });
      loop.schedule(loop.now() + 10ms, [&] { order.push_back(1); });
      loop.cancel(loop.schedule(loop.now() + 5ms, [&] { order.push_back(0); }));
    }));
    CHECK(get(late_enough.get_future()));
    CHECK(order == std::vector<int>{1, 2});
  }
  SECTION("knows when it last had nothing to do") {
    loop.start({});
    std::promise<std::pair<TimePoint, TimePoint>> times;
    REQUIRE(loop.post(
        [&] { loop.schedule(loop.now() + 200ms, [&] { times.set_value({loop.last_idle(), loop.now()}); }); }));
    const auto [idle, now] = get(times.get_future());
    CHECK(idle <= now);
    CHECK(now - idle < 5s);  // Usually 50 ms at most; a busy machine may take its time.
  }
  SECTION("refuses posts once stopped, and may be stopped twice or without a start") {
    if (GENERATE(true, false)) loop.start({});
    loop.stop();
    loop.stop();
    CHECK_FALSE(loop.post([] {}));
  }
  SECTION("takes posts of many threads") {
    loop.start({});
    int count = 0;
    std::promise<int> all;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i < 500; ++i) {
            loop.post([&] {
              if (++count == 2000) all.set_value(count);
            });
          }
        });
      }
    }
    CHECK(get(all.get_future()) == 2000);
  }
}

TEST_CASE("a call", "[rpc][stub]") {
  SECTION("of a server that is not there is UNAVAILABLE") {
    Connected connected("127.0.0.1:1");
    CHECK(get(start(connected, 5s)).error().code == StatusCode::kUnavailable);
  }
  SECTION("ends at its deadline") {
    SilentPort port;
    Connected connected(port.address());
    CHECK(get(start(connected, 50ms)).error().code == StatusCode::kDeadlineExceeded);
  }
  SECTION("ends when it is canceled") {
    SilentPort port;
    Connected connected(port.address());
    CallId call = 0;
    auto answer = start(connected, 10min, &call);
    REQUIRE(connected.loop.post([&] { connected.stub.cancel(call); }));
    CHECK(get(std::move(answer)).error().code == StatusCode::kCancelled);
  }
  SECTION("ends when the loop stops, also a call that is made then") {
    SilentPort port;
    auto connected = std::make_unique<Connected>(port.address());
    auto& stub = connected->stub;
    auto first = start(*connected, 10min);
    std::promise<void> under_way;
    std::promise<StatusCode> second;
    REQUIRE(connected->loop.post([&] {
      stub.describe_namespace("default", 10min, [&](StatusOr<NamespaceInfo>) {
        stub.describe_namespace("default", 10min,
                                [&](StatusOr<NamespaceInfo> got) { second.set_value(got.error().code); });
      });
      under_way.set_value();
    }));
    REQUIRE(under_way.get_future().wait_for(20s) == std::future_status::ready);  // What nobody has read yet is dropped.
    connected.reset();
    CHECK(get(std::move(first)).error().code == StatusCode::kCancelled);
    CHECK(get(second.get_future()) == StatusCode::kCancelled);
  }
  SECTION("carries who calls and brings the refusal's detail back") {
    temporal::api::errordetails::v1::ActivityExecutionAlreadyStartedFailure started;
    started.set_run_id("run-0");
    google::rpc::Status full;
    full.set_code(grpc::StatusCode::ALREADY_EXISTS);
    full.add_details()->PackFrom(started);
    CannedServer server({grpc::StatusCode::ALREADY_EXISTS, "taken", full.SerializeAsString()});
    Connected connected(server.address());
    CHECK(get(start(connected, 10s)).error() ==
          Status{StatusCode::kAlreadyExists, "taken", AlreadyStartedDetail{"", "run-0"}});
    CHECK(server.method() == "/temporal.api.workflowservice.v1.WorkflowService/StartActivityExecution");
    CHECK(server.header("client-name") == "longbeat-cpp");
    CHECK(server.header("client-version") == "0.1.0");
    CHECK(server.header("temporal-namespace") == "default");
  }
}

namespace {

/// Sends one call with empty parameters and waits for its end.
using Ask = std::function<void(Connected&)>;

template <class T, class Send>
Ask asking(Send send) {
  return [send](Connected& connected) {
    auto ended = std::make_shared<std::promise<void>>();
    REQUIRE(connected.loop.post(
        [&connected, send, ended] { send(connected.stub, [ended](StatusOr<T>) { ended->set_value(); }); }));
    REQUIRE(ended->get_future().wait_for(20s) == std::future_status::ready);
  };
}

template <class Params, class T>
Ask asks(CallId (ServiceStub::*method)(Params, Nanoseconds, Done<T>)) {
  return asking<T>([method](ServiceStub& stub, Done<T> done) { (stub.*method)(Params(), 10s, std::move(done)); });
}

template <class T>
Ask asks(CallId (ServiceStub::*method)(Nanoseconds, Done<T>)) {
  return asking<T>([method](ServiceStub& stub, Done<T> done) { (stub.*method)(10s, std::move(done)); });
}

}  // namespace

TEST_CASE("each method of the stub is the RPC of its name", "[rpc][stub]") {
  CannedServer server({grpc::StatusCode::UNIMPLEMENTED, "no"});
  Connected connected(server.address());
  const std::vector<std::pair<std::string, Ask>> rows = {
      {"GetSystemInfo", asks(&ServiceStub::get_system_info)},
      {"DescribeNamespace", asks(&ServiceStub::describe_namespace)},
      {"DescribeTaskQueue", asks(&ServiceStub::describe_task_queue)},
      {"ListWorkers", asks(&ServiceStub::list_workers)},
      {"CountWorkers", asks(&ServiceStub::count_workers)},
      {"DescribeWorker", asks(&ServiceStub::describe_worker)},
      {"StartActivityExecution", asks(&ServiceStub::start_activity)},
      {"PollActivityExecution", asks(&ServiceStub::poll_outcome)},
      {"DescribeActivityExecution", asks(&ServiceStub::describe_activity)},
      {"ListActivityExecutions", asks(&ServiceStub::list_activities)},
      {"CountActivityExecutions", asks(&ServiceStub::count_activities)},
      {"RequestCancelActivityExecution", asks(&ServiceStub::request_cancel)},
      {"TerminateActivityExecution", asks(&ServiceStub::terminate_activity)},
      {"DeleteActivityExecution", asks(&ServiceStub::delete_activity)},
      {"PauseActivityExecution", asks(&ServiceStub::pause_activity)},
      {"UnpauseActivityExecution", asks(&ServiceStub::unpause_activity)},
      {"ResetActivityExecution", asks(&ServiceStub::reset_activity)},
      {"UpdateActivityExecutionOptions", asks(&ServiceStub::update_activity_options)},
      {"PollActivityTaskQueue", asks(&ServiceStub::poll_tasks)},
      {"RecordActivityTaskHeartbeat", asks(&ServiceStub::record_heartbeat)},
      {"RespondActivityTaskCompleted", asks(&ServiceStub::respond_completed)},
      {"RespondActivityTaskFailed", asks(&ServiceStub::respond_failed)},
      {"RespondActivityTaskCanceled", asks(&ServiceStub::respond_canceled)},
      {"RecordActivityTaskHeartbeatById", asks(&ServiceStub::record_heartbeat_by_id)},
      {"RespondActivityTaskCompletedById", asks(&ServiceStub::respond_completed_by_id)},
      {"RespondActivityTaskFailedById", asks(&ServiceStub::respond_failed_by_id)},
      {"RespondActivityTaskCanceledById", asks(&ServiceStub::respond_canceled_by_id)},
      {"RecordWorkerHeartbeat", asks(&ServiceStub::record_worker_heartbeat)},
      {"ShutdownWorker", asks(&ServiceStub::shutdown_worker)},
  };
  for (const auto& [rpc, ask] : rows) {
    ask(connected);
    CHECK(server.method() == "/temporal.api.workflowservice.v1.WorkflowService/" + rpc);
  }
}
