// Callers that hold on to what they do not use: the server lets go of it, and others notice nothing.
#include <temporal/api/errordetails/v1/message.pb.h>

#include <thread>

#include "conformance/raw_calls.h"
#include "conformance/raw_connection.h"
#include "rpc/server.h"
#include "support/eventually.h"

using namespace longbeat::server;
using namespace longbeat::test;

namespace {

constexpr const char* kService = "/temporal.api.workflowservice.v1.WorkflowService/";

std::string path(const std::string& rpc) {
  return kService + rpc;
}

/// A server that loses patience soon.
class SlowRoom {
 public:
  explicit SlowRoom(RpcLimits limits = impatient()) : server_(options(limits)), port_(server_.start().value()) {}
  static RpcLimits impatient() {
    RpcLimits limits;
    limits.request_wait_max = limits.answer_wait_max = 1s;
    return limits;
  }
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  ServerStats stats() const { return server_.stats(); }
  template <class Predicate>
  bool comes_true(Predicate predicate, std::chrono::seconds within = 10s) const {
    return eventually([&] { return predicate(stats()); }, within);
  }
  /// Somebody else is served as ever.
  bool serves() const {
    service::DescribeNamespaceRequest request;
    request.set_namespace_("default");
    service::DescribeNamespaceResponse response;
    return RawClient(address()).call("DescribeNamespace", request, &response).ok();
  }

 private:
  static ServerOptions options(const RpcLimits& limits) {
    ServerOptions options;
    options.rpc_limits = limits;
    return options;
  }
  Server server_;
  std::uint16_t port_;
};

std::string poll_bytes() {
  service::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("queue");
  return request.SerializeAsString();
}

}  // namespace

TEST_CASE("half a request is not waited for", "[rpc][limits]") {
  const SlowRoom room;
  RawConnection slow(room.port());
  SECTION("when nothing of its message comes") {
    slow.begin(1, path("StartActivityExecution"));
  }
  SECTION("when its message ends in the middle") {
    slow.begin(1, path("StartActivityExecution"));
    slow.send_part(1, 1000, "abc");
  }
  REQUIRE(room.comes_true([](const ServerStats& stats) { return stats.open_calls == 1; }));
  CHECK(room.serves());
  CHECK(room.comes_true([](const ServerStats& stats) { return stats.open_calls == 0; }));
  CHECK(room.stats().cut_off == 1);
  CHECK(room.stats().engine.started == 0);
  CHECK(room.serves());
}

TEST_CASE("a connection on which nothing is said is closed", "[rpc][limits]") {
  const SlowRoom room;
  RawConnection silent(room.port(), RawConnection::kSilent);
  REQUIRE(room.serves());
  CHECK(silent.closed_within(10s));
  CHECK(room.serves());
}

TEST_CASE("answers that nobody reads are dropped", "[rpc][limits]") {
  const SlowRoom room;
  service::StartActivityExecutionRequest start;
  start.set_namespace_("default");
  start.set_activity_id("large");
  start.set_request_id("large");
  start.mutable_activity_type()->set_name("copy");
  start.mutable_task_queue()->set_name("queue");
  start.mutable_start_to_close_timeout()->set_seconds(600);
  start.mutable_input()->add_payloads()->set_data(std::string(60'000, 'i'));
  service::StartActivityExecutionResponse started;
  REQUIRE(RawClient(room.address()).call("StartActivityExecution", start, &started).ok());

  // HTTP/2 lets the server send 64 KiB; whoever has not read them gets no more.
  RawConnection slow(room.port());
  service::DescribeActivityExecutionRequest describe;
  describe.set_namespace_("default");
  describe.set_activity_id("large");
  describe.set_include_input(true);
  for (std::uint32_t i = 0; i < 20; ++i)
    slow.call(1 + 2 * i, path("DescribeActivityExecution"), describe.SerializeAsString());
  REQUIRE(room.comes_true([](const ServerStats& stats) { return stats.open_calls > 10; }));
  CHECK(room.serves());
  CHECK(room.comes_true([](const ServerStats& stats) { return stats.open_calls == 0; }));
  CHECK(room.stats().cut_off >= 10);
  CHECK(room.serves());
}

TEST_CASE("a task whose answer nobody reads goes to another worker", "[rpc][limits]") {
  const SlowRoom room;
  RawConnection slow(room.port());
  slow.call(1, path("PollActivityTaskQueue"), poll_bytes());
  slow.call(3, path("PollActivityTaskQueue"), poll_bytes());
  REQUIRE(room.comes_true([](const ServerStats& stats) { return stats.engine.parked_polls == 2; }));
  service::StartActivityExecutionRequest start;
  start.set_namespace_("default");
  start.mutable_activity_type()->set_name("copy");
  start.mutable_task_queue()->set_name("queue");
  start.mutable_start_to_close_timeout()->set_seconds(600);
  start.mutable_input()->add_payloads()->set_data(std::string(60'000, 'i'));
  service::StartActivityExecutionResponse started;
  const RawClient client(room.address());
  for (const char* id : {"first", "second"}) {
    start.set_activity_id(id);
    start.set_request_id(id);
    REQUIRE(client.call("StartActivityExecution", start, &started).ok());
  }
  // The first one's answer fits into what may be sent unread; the other one comes back.
  grpc::ClientContext context;
  service::PollActivityTaskQueueResponse task;
  REQUIRE(poll_with(room.address(), context, 20s, &task).ok());
  CHECK(task.activity_id() == "second");
  CHECK(task.attempt() == 1);
  CHECK(room.stats().engine.hand_outs_undone == 1);
}

TEST_CASE("calls without end stay within what one connection may have", "[rpc][limits]") {
  RpcLimits limits = SlowRoom::impatient();
  limits.calls_per_connection_max = 100;
  const SlowRoom room(limits);
  RawConnection greedy(room.port());
  // gRPC's server tells its limit at the beginning. Whoever has agreed and does not keep to it loses the connection.
  REQUIRE(room.serves());
  greedy.acknowledge_settings();
  try {
    for (std::uint32_t i = 0; i < 1'000; ++i) greedy.call(1 + 2 * i, path("PollActivityTaskQueue"), poll_bytes());
  } catch (const std::runtime_error&) {
    SUCCEED("closed in the middle");
  }
  CHECK(room.serves());
  CHECK(room.comes_true([](const ServerStats& stats) { return stats.open_calls <= 100; }));
}

TEST_CASE("polls of a caller that stands still are given back", "[rpc][limits]") {
  RpcLimits limits;
  limits.keepalive_interval = limits.keepalive_timeout = 1s;
  const SlowRoom room(limits);
  // It takes no notice of the server's pings, as a frozen process or a vanished machine does.
  RawConnection frozen(room.port());
  for (std::uint32_t i = 0; i < 50; ++i) frozen.call(1 + 2 * i, path("PollActivityTaskQueue"), poll_bytes());
  REQUIRE(room.comes_true([](const ServerStats& stats) { return stats.engine.parked_polls == 50; }));
  CHECK(room.comes_true([](const ServerStats& stats) { return stats.engine.parked_polls == 0; }));
  CHECK(room.comes_true([](const ServerStats& stats) { return stats.open_calls == 0; }));
  CHECK(room.serves());
}

TEST_CASE("connections beyond the limit are refused with a reason until there is room", "[rpc][limits]") {
  RpcLimits limits;
  limits.connections_max = 3;
  const SlowRoom room(limits);
  const auto ask = [](const RawClient& client) {
    service::DescribeNamespaceRequest request;
    request.set_namespace_("default");
    service::DescribeNamespaceResponse response;
    return client.call("DescribeNamespace", request, &response);
  };
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(room.address()));
    REQUIRE(ask(*clients.back()).ok());
  }
  const RawClient late(room.address());
  const auto refused = ask(late);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(refused.error_message() == "too many connections at once");
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  REQUIRE(detail_of(refused, detail));
  CHECK(detail.cause() == 2);
  CHECK(detail.scope() == 2);
  for (const auto& client : clients) CHECK(ask(*client).ok());

  SECTION("far beyond it they are closed at once") {
    std::vector<std::unique_ptr<RawConnection>> more;
    for (int i = 0; i < 7; ++i) more.push_back(std::make_unique<RawConnection>(room.port()));
    RawConnection last(room.port(), RawConnection::kSilent);
    CHECK(last.closed_within(10s));
    CHECK(room.stats().connections_closed_at_once == 1);
    for (const auto& client : clients) CHECK(ask(*client).ok());
  }
  clients.pop_back();
  CHECK(room.comes_true([&](const ServerStats&) { return ask(late).ok(); }));
  CHECK(room.stats().connections == 3);
}
