#include <longbeat/server.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "conformance/harness.h"
#include "support/temporary_directory.h"

using namespace longbeat::test;
using longbeat::ErrorCode;
using longbeat::LocalServer;

namespace {

std::uint16_t port_of(const LocalServer& server) {
  return static_cast<std::uint16_t>(std::stoi(server.address().substr(server.address().rfind(':') + 1)));
}

}  // namespace

TEST_CASE("a restart on the same file goes on where it was", "[conformance][local]") {
  const TemporaryDirectory directory;
  Conformance t;
  const auto waiting = t.start_request();
  auto running = t.start_request();
  running.mutable_heartbeat_timeout()->set_seconds(20);
  auto closed = t.start_request();
  std::string token;
  std::string run_id;
  {
    auto server = LocalServer::start({.database = directory.file("db"), .namespaces = {"extra"}}).value();
    t.client = RawClient(server.address());
    t.start(closed);
    REQUIRE(t.complete(t.poll().task_token(), "kept").ok());
    run_id = t.start(running).run_id();
    token = t.poll().task_token();
    REQUIRE(t.heartbeat(token, "progress").ok());
    t.start(waiting);
    CHECK(server.stats().open_activities == 2);
    server.stop();
  }
  auto server = LocalServer::start({.database = directory.file("db")}).value();
  t.client = RawClient(server.address());
  CHECK(text_of(t.outcome(closed.activity_id()).outcome().result()) == "kept");
  const auto described = t.describe(running.activity_id());
  CHECK(described.run_id() == run_id);
  CHECK(described.info().run_state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  CHECK(text_of(described.info().heartbeat_details()) == "progress");
  CHECK(t.poll().activity_id() == waiting.activity_id());
  CHECK(t.complete(token, "after the restart").ok());
  CHECK(text_of(t.outcome(running.activity_id(), run_id).outcome().result()) == "after the restart");
  auto repeated = closed;
  CHECK(!t.start(repeated).started());
  auto in_extra = t.start_request();
  in_extra.set_namespace_("extra");
  CHECK(t.start(in_extra).started());
}

TEST_CASE("one file has one server", "[conformance][local]") {
  const TemporaryDirectory directory;
  auto server = LocalServer::start({.database = directory.file("db")}).value();
  const auto second = LocalServer::start({.database = directory.file("db")});
  REQUIRE(!second);
  CHECK_THAT(second.error().message, ContainsSubstring(directory.file("db")));
  CHECK(second.error().message.find('\n') == std::string::npos);
  server.stop();
  CHECK(LocalServer::start({.database = directory.file("db")}).ok());
}

TEST_CASE("one port has one server", "[conformance][local]") {
  auto server = LocalServer::start().value();
  const auto second = LocalServer::start({.port = port_of(server)});
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(second.error().message, ContainsSubstring(server.address()));
  const Conformance t;
  service::GetSystemInfoResponse response;
  CHECK(RawClient(server.address()).call("GetSystemInfo", service::GetSystemInfoRequest(), &response).ok());
}

TEST_CASE("a file that is not a database is refused and left alone", "[conformance][local]") {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("notes")) << std::string(10'000, 'n');
  const auto server = LocalServer::start({.database = directory.file("notes")});
  REQUIRE(!server);
  CHECK_THAT(server.error().message, ContainsSubstring(directory.file("notes")));
  CHECK(std::filesystem::file_size(directory.file("notes")) == 10'000);
  CHECK(!LocalServer::start({.database = directory.file("no/such/directory/db")}).ok());
}

TEST_CASE("stopping answers what waits and frees the port", "[conformance][local]") {
  auto server = LocalServer::start().value();
  const auto port = port_of(server);
  const std::string queue = unique("queue");
  auto poll = std::async(std::launch::async, [&] {
    service::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.mutable_task_queue()->set_name(queue);
    service::PollActivityTaskQueueResponse response;
    const RawClient client(server.address());
    const auto status = client.call("PollActivityTaskQueue", request, &response, {.timeout = 20s});
    return status.ok() && response.task_token().empty();
  });
  while (server.stats().parked_polls == 0) std::this_thread::yield();
  const auto before = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - before < 5s);
  CHECK(poll.get());
  server.stop();
  CHECK(server.stats().calls == 1);
  CHECK(LocalServer::start({.port = port}).ok());
}

TEST_CASE("a poller that disconnects is forgotten", "[conformance][local]") {
  auto server = LocalServer::start().value();
  grpc::ClientContext context;
  const RawClient client(server.address());
  auto poll = std::async(std::launch::async, [&] {
    service::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.mutable_task_queue()->set_name("queue");
    service::PollActivityTaskQueueResponse response;
    return client.call_method("/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue", request,
                              &response, {.timeout = 20s}, context);
  });
  while (server.stats().parked_polls == 0) std::this_thread::yield();
  context.TryCancel();
  CHECK(poll.get().error_code() == grpc::StatusCode::CANCELLED);
  while (server.stats().parked_polls != 0) std::this_thread::yield();
  CHECK(server.stats().tasks_handed_out == 0);
}

TEST_CASE("servers come and go without a trace", "[conformance][local]") {
  for (int i = 0; i < 20; ++i) {
    auto server = LocalServer::start().value();
    auto moved = std::move(server);
    service::GetSystemInfoResponse response;
    CHECK(RawClient(moved.address()).call("GetSystemInfo", service::GetSystemInfoRequest(), &response).ok());
  }
}
