#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

WorkerBeat beat(const std::string& key, const std::string& queue = "q", std::int32_t status = 1) {
  WorkerBeat worker;
  worker.instance_key = key;
  worker.identity = "w1";
  worker.task_queue = queue;
  worker.status = status;
  worker.message = "message of " + key;
  return worker;
}

RecordWorkerHeartbeatRequest beats(std::vector<WorkerBeat> workers) {
  return {"default", "process", std::move(workers)};
}

ListWorkersRequest list(const std::string& query = {}) {
  ListWorkersRequest request;
  request.namespace_name = "default";
  request.query = query;
  return request;
}

PollTaskRequest poll_of(const Room& room, const std::string& worker) {
  PollTaskRequest request = room.poll_request();
  request.worker_instance_key = worker;
  return request;
}

IdlePollRequest idle_poll(const std::string& worker, QueueType type, const std::string& queue = "q") {
  return {"default", queue, "w1", worker, type};
}

ShutdownWorkerRequest shutdown(const std::string& worker, const std::string& queue = "q",
                               std::vector<std::int32_t> types = {}) {
  ShutdownWorkerRequest request;
  request.namespace_name = "default";
  request.worker_instance_key = worker;
  request.task_queue = queue;
  request.task_queue_types = std::move(types);
  return request;
}

std::size_t pollers(Room& room) {
  DescribeTaskQueueRequest request;
  request.namespace_name = "default";
  request.task_queue = "q";
  request.type = 2;
  return room.call(request).get<DescribeTaskQueueReply>().report.pollers.size();
}

bool is_empty_task(CollectingSink& sink) {
  return sink.answered() && sink.get<PollTaskReply>().token.empty();
}

}  // namespace

TEST_CASE("the workers of a namespace", "[server][engine][workers]") {
  Room room;
  CHECK(room.call(beats({beat("b"), beat("a", "other")})).ok());

  SECTION("are listed, counted and described from their heartbeats") {
    const auto& listed = room.call(list()).get<ListWorkersReply>();
    REQUIRE(listed.workers.size() == 2);
    CHECK(listed.workers[0].message == "message of a");
    CHECK(room.call(list("TaskQueue = 'q'")).get<ListWorkersReply>().workers.size() == 1);
    CHECK(room.call(CountWorkersRequest{"default", "Status = 'Running'", false}).get<CountWorkersReply>().count == 2);
    CHECK(room.call(DescribeWorkerRequest{"default", "b"}).get<DescribeWorkerReply>().worker.message == "message of b");
  }
  SECTION("count to none for a field that they do not have") {
    CHECK(room.call(CountWorkersRequest{"default", "Colour = 'red'", false}).get<CountWorkersReply>().count == 0);
    CHECK(room.call(list("Colour = 'red'")).get<ListWorkersReply>().workers.empty());
  }
  SECTION("come in pages") {
    ListWorkersRequest request = list();
    request.page_size = 1;
    const auto first = room.call(request).get<ListWorkersReply>();
    REQUIRE(first.workers.size() == 1);
    request.page_token = first.next_page_token;
    const auto& second = room.call(request).get<ListWorkersReply>();
    REQUIRE(second.workers.size() == 1);
    CHECK(second.workers[0].instance_key == "b");
    CHECK(second.next_page_token.empty());
  }
  SECTION("are forgotten after five minutes of silence, and by a crash") {
    room.pass(4min);
    room.call(beats({beat("b")}));
    room.pass(1min);
    CHECK(room.call(DescribeWorkerRequest{"default", "a"}).refusal() ==
          longbeat::internal::not_found("Worker a not found"));
    CHECK(room.call(DescribeWorkerRequest{"default", "b"}).ok());
    room.crash_and_reopen();
    CHECK(room.call(list()).get<ListWorkersReply>().workers.empty());
  }
  SECTION("are refused when badly asked for or badly described") {
    CHECK(room.call(DescribeWorkerRequest{"default", ""}).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(DescribeWorkerRequest{"nowhere", "a"}).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(list("Status =")).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(CountWorkersRequest{"default", "Status =", false}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(beats({beat("c"), beat("")})).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(beats({beat(std::string(1001, 'x'))})).refusal().message ==
          "worker instance key exceeds length limit. Length=1001 Limit=1000");
    CHECK(room.call(idle_poll(std::string(1001, 'x'), QueueType::kWorkflow)).refusal().code ==
          StatusCode::kInvalidArgument);
    CHECK(room.call(idle_poll("w", QueueType::kWorkflow, std::string(1001, 'x'))).refusal().code ==
          StatusCode::kInvalidArgument);
    CHECK(room.call(RecordWorkerHeartbeatRequest{"", {}, {}}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(list()).get<ListWorkersReply>().workers.size() == 2);
  }
}

TEST_CASE("a worker that shuts down", "[server][engine][workers]") {
  Room room;
  CollectingSink& mine = room.call(poll_of(room, "w"));
  CollectingSink& mine_too = room.call(poll_of(room, "w"));

  SECTION("has its open polls answered empty at once, and those of others not") {
    CollectingSink& other = room.call(poll_of(room, "v"));
    CollectingSink& nameless = room.call(room.poll_request());
    CHECK(room.call(shutdown("w")).ok());
    CHECK(is_empty_task(mine));
    CHECK(is_empty_task(mine_too));
    CHECK_FALSE(other.answered());
    CHECK_FALSE(nameless.answered());
    CHECK(room.engine->stats().parked_polls == 2);
  }
  SECTION("gets empty answers at once when it polls again, and no task") {
    room.call(shutdown("w"));
    CHECK(is_empty_task(room.call(poll_of(room, "w"))));
    room.start();
    CHECK(is_empty_task(room.call(poll_of(room, "w"))));
    CHECK(room.poll().attempt == 1);
  }
  SECTION("gets no task that starts in the same step") {
    CollectingSink& started = room.submit(room.start_request());
    room.submit(shutdown("w"));
    room.step();
    CHECK(started.ok());
    CHECK(is_empty_task(mine));
    CHECK(room.poll().attempt == 1);
  }
  SECTION("is no poller any more") {
    CHECK(pollers(room) == 1);
    room.call(shutdown("w"));
    CHECK(pollers(room) == 0);
    room.call(poll_of(room, "w"));
    CHECK(pollers(room) == 0);
  }
  SECTION("closes only the types it names") {
    CollectingSink& workflow = room.call(idle_poll("w", QueueType::kWorkflow));
    CollectingSink& nexus = room.call(idle_poll("w", QueueType::kNexus));
    room.call(shutdown("w", "q", {1}));
    CHECK(workflow.ok());
    CHECK_FALSE(nexus.answered());
    CHECK_FALSE(mine.answered());
    CHECK(pollers(room) == 1);
    CHECK(room.call(idle_poll("w", QueueType::kWorkflow)).ok());
    room.call(shutdown("w", "q", {2, 3}));
    CHECK(nexus.ok());
    CHECK(is_empty_task(mine));
  }
  SECTION("closes only the queue it names, and the sticky one of its workflows") {
    CollectingSink& elsewhere = room.call(idle_poll("w", QueueType::kWorkflow, "other"));
    CollectingSink& sticky = room.call(idle_poll("w", QueueType::kWorkflow, "sticky"));
    ShutdownWorkerRequest request = shutdown("w");
    request.sticky_task_queue = "sticky";
    room.call(request);
    CHECK_FALSE(elsewhere.answered());
    CHECK(sticky.ok());
    CHECK(is_empty_task(mine));
  }
  SECTION("closes everything when it names neither queue nor type") {
    room.call(shutdown("w", ""));
    CHECK(is_empty_task(mine));
    CHECK(pollers(room) == 0);
  }
  SECTION("stays in the list while it is shutting down, with its last heartbeat") {
    ShutdownWorkerRequest request = shutdown("w");
    request.beat = beat("w", "q", 2);
    room.call(request);
    CHECK(room.call(list("Status = 'ShuttingDown'")).get<ListWorkersReply>().workers.size() == 1);
    request.beat = beat("", "q", 3);
    room.call(request);
    CHECK(room.call(list()).get<ListWorkersReply>().workers.empty());
  }
  SECTION("means nothing in another namespace") {
    RegisterNamespaceRequest space;
    space.namespace_name = "other";
    space.retention = RawDuration{86400, 0};
    REQUIRE(room.call(space).ok());
    ShutdownWorkerRequest request = shutdown("w");
    request.namespace_name = "other";
    CHECK(room.call(request).ok());
    CHECK_FALSE(mine.answered());
  }
  SECTION("may be unknown, or say nothing at all") {
    CHECK(room.call(shutdown("nobody")).ok());
    CHECK(room.call(shutdown("", "")).ok());
    CHECK_FALSE(mine.answered());
  }
  SECTION("may poll again under its key after ten minutes") {
    room.call(shutdown("w"));
    room.pass(10min);
    CHECK_FALSE(room.call(poll_of(room, "w")).answered());
  }
  SECTION("leaves nothing behind of polls that ended otherwise") {
    room.engine->caller_gone(room.last_call);
    room.step();
    room.start();
    CHECK(mine.get<PollTaskReply>().attempt == 1);
    CHECK(room.call(shutdown("w")).ok());
    CHECK(room.fatal.empty());
  }
}
