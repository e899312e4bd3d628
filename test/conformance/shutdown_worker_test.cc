#include "conformance/operations.h"

using namespace longbeat::test;
using Poll = service::PollActivityTaskQueueRequest;
using Polled = service::PollActivityTaskQueueResponse;

namespace {

Poll poll_of(const Conformance& t, const std::string& worker) {
  Poll request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(t.queue);
  request.set_identity("identity of " + worker);
  request.set_worker_instance_key(worker);
  return request;
}

std::set<std::string> pollers(const Conformance& t) {
  service::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name(t.queue);
  request.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  std::set<std::string> identities;
  const auto described = ask<service::DescribeTaskQueueResponse>(t, "DescribeTaskQueue", request);
  for (const auto& poller : described.pollers()) identities.insert(poller.identity());
  return identities;
}

service::ShutdownWorkerRequest shutdown_of(const Conformance& t, const std::string& worker) {
  service::ShutdownWorkerRequest request;
  request.set_namespace_("default");
  request.set_identity("identity of " + worker);
  request.set_reason("graceful shutdown");
  request.set_worker_instance_key(worker);
  request.set_task_queue(t.queue);
  request.add_task_queue_types(enums::TASK_QUEUE_TYPE_ACTIVITY);
  return request;
}

}  // namespace

TEST_CASE("a worker that stops gets its polls back, empty, and no task any more", "[conformance][workers]") {
  Conformance t;
  const std::string worker = unique("worker"), other = unique("worker");
  auto first = ask_meanwhile<Polled>("PollActivityTaskQueue", poll_of(t, worker), 20s);
  auto second = ask_meanwhile<Polled>("PollActivityTaskQueue", poll_of(t, worker), 20s);
  REQUIRE(eventually([&] { return pollers(t).contains("identity of " + worker); }));
  auto others = ask_meanwhile<Polled>("PollActivityTaskQueue", poll_of(t, other), 20s);
  REQUIRE(eventually([&] { return pollers(t).size() == 2; }));

  REQUIRE(tell(t, "ShutdownWorker", shutdown_of(t, worker)).ok());
  REQUIRE(first.wait_for(1s) == std::future_status::ready);
  REQUIRE(second.wait_for(1s) == std::future_status::ready);
  CHECK(first.get().task_token().empty());
  CHECK(second.get().task_token().empty());
  CHECK(pollers(t) == std::set<std::string>{"identity of " + other});

  const auto before = std::chrono::steady_clock::now();
  CHECK(ask<Polled>(t, "PollActivityTaskQueue", poll_of(t, worker)).task_token().empty());
  CHECK(std::chrono::steady_clock::now() - before < 900ms);

  const std::string id = started(t);
  CHECK(others.get().activity_id() == id);
}

TEST_CASE("the stop of a worker nobody knows is no error", "[conformance][workers]") {
  Conformance t;
  service::ShutdownWorkerRequest request;
  request.set_namespace_("default");
  CHECK(tell(t, "ShutdownWorker", request).ok());
  CHECK(tell(t, "ShutdownWorker", shutdown_of(t, unique("worker"))).ok());
  request.set_namespace_("nowhere");
  CHECK(tell(t, "ShutdownWorker", request).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("a task that a stopping worker holds stays its own", "[conformance][workers]") {
  Conformance t;
  const std::string worker = unique("worker");
  const std::string id = started(t);
  const auto token = ask<Polled>(t, "PollActivityTaskQueue", poll_of(t, worker)).task_token();
  REQUIRE(tell(t, "ShutdownWorker", shutdown_of(t, worker)).ok());
  CHECK(t.heartbeat(token, "still here").ok());
  CHECK(t.complete(token, "done").ok());
}
