// The rules of the neighbourhood, each told of something that breaks it.
#include "simulation/callback_witness.h"
#include "simulation/command_witness.h"
#include "simulation/fair_witness.h"
#include "simulation/query_model.h"
#include "simulation/registry_witness.h"
#include "simulation/sim_server.h"
#include "simulation/space_witness.h"
#include "support/catch.h"

using namespace std::chrono_literals;
using namespace longbeat;
using namespace longbeat::simulation;

namespace {

struct Room {
  World world{1};
  std::vector<std::string> broken{};
  Fail fail = [this](const std::string& what) { broken.push_back(what); };
  std::string first() const { return broken.empty() ? "" : broken.front(); }
};

server::StartRequest hooked() {
  server::StartRequest request;
  request.namespace_name = "hooks";
  request.activity_id = "a";
  request.request_id = "start";
  server::WireCallback callback;
  callback.is_nexus = true;
  callback.url = "http://hooks:80/good/1";
  request.completion_callbacks = {callback};
  return request;
}

server::PollTaskReply task_of(const std::string& run_id, std::int32_t number, const std::string& key) {
  auto input = std::make_shared<server::ActivityInput>();
  input->activity_id = run_id;
  input->options.priority = {true, number, key, 1};
  server::PollTaskReply task;
  task.token = "token of " + run_id;
  task.run_id = run_id;
  task.input = input;
  return task;
}

Condition equal(const char* field, FieldModel::Type type, FieldValue value) {
  Condition one;
  one.field = {field, type, {}};
  one.values = {std::move(value)};
  return one;
}

}  // namespace

TEST_CASE("the rule of callbacks notices", "[simulation]") {
  Room room;
  CallbackWitness witness(room.world, {}, room.fail);
  witness.answered(hooked(), server::Reply(server::StartReply{"hooks", "a", "run", true}), false);
  REQUIRE(room.broken.empty());

  SECTION("a call before the activity has closed") {
    witness.sent({1, "http://hooks:80/good/1", {}, "run result"});
    CHECK_THAT(room.first(), ContainsSubstring("is sent before its activity has durably closed"));
  }
  SECTION("a call to where nobody asked for one") {
    witness.sent({1, "http://hooks:80/good/2", {}, "run result"});
    CHECK_THAT(room.first(), ContainsSubstring("though nobody asked for it"));
  }
}

TEST_CASE("the rule of namespaces notices", "[simulation]") {
  Room room;
  SpaceWitness witness(room.world, room.fail);
  server::RegisterNamespaceRequest made;
  made.namespace_name = "tenant";
  const server::Reply done{server::DoneReply{}};
  witness.answered(made, done, false);
  REQUIRE(room.broken.empty());

  SECTION("a name that is there twice") {
    witness.answered(made, done, false);
    CHECK_THAT(room.first(), ContainsSubstring("but it was there"));
  }
  SECTION("but not when nobody knows whether the deletion between was heard") {
    witness.answered(server::DeleteNamespaceRequest{"tenant", {}, {}}, internal::unavailable("lost"), true);
    witness.answered(made, done, false);
    CHECK(room.first() == "");
    CHECK_FALSE(witness.is_gone("tenant"));
  }
  SECTION("a call that waits in one that is gone") {
    witness.answered(server::DeleteNamespaceRequest{"tenant", {}, {}},
                     server::Reply(server::DeleteNamespaceReply{"tenant-deleted"}), false);
    CHECK(witness.is_gone("tenant"));
    witness.still_waits(server::PollTaskRequest{"tenant", "q", {}, {}, {}, {}, {}, {}});
    CHECK_THAT(room.first(), ContainsSubstring("which has been deleted"));
  }
  SECTION("a search attribute that is added twice, or missing in the answer") {
    const server::AddSearchAttributesRequest add{"tenant", {{"Colour", 2}}};
    witness.answered(add, done, false);
    witness.answered(server::ListSearchAttributesRequest{"tenant"},
                     server::Reply(server::SearchAttributesReply{{{"Colour", 2}}}), false);
    CHECK(room.first() == "");
    witness.answered(add, done, false);
    CHECK(room.broken.size() == 1);
    witness.answered(server::ListSearchAttributesRequest{"tenant"}, server::Reply(server::SearchAttributesReply{}),
                     false);
    CHECK(room.broken.size() == 2);
  }
}

TEST_CASE("the rule of the worker registry notices", "[simulation]") {
  Room room;
  RegistryWitness witness(room.world, {}, room.fail);
  server::WorkerBeat beat;
  beat.instance_key = "w";
  beat.status = 1;
  witness.answered(server::RecordWorkerHeartbeatRequest{"default", {}, {beat}}, server::Reply(server::DoneReply{}),
                   false);
  witness.answered(server::CountWorkersRequest{"default", {}, false}, server::Reply(server::CountWorkersReply{1}),
                   false);
  CHECK(room.first() == "");
  SECTION("a worker that is not listed") {
    witness.answered(server::ListWorkersRequest{"default", {}, {}, 0, false}, server::Reply(server::ListWorkersReply{}),
                     false);
    CHECK_THAT(room.first(), ContainsSubstring("0 in the list, expected 1"));
  }
  SECTION("a worker that is counted after its end") {
    beat.status = 3;
    witness.answered(server::RecordWorkerHeartbeatRequest{"default", {}, {beat}}, server::Reply(server::DoneReply{}),
                     false);
    witness.answered(server::CountWorkersRequest{"default", {}, false}, server::Reply(server::CountWorkersReply{1}),
                     false);
    CHECK_THAT(room.first(), ContainsSubstring("counted 1, not 0"));
  }
}

TEST_CASE("the rule of commands notices a cancel that nobody asked for", "[simulation]") {
  Room room;
  LifeWitness lives(room.world, room.fail);
  CommandWitness witness(room.world, lives, room.fail);
  witness.answered(server::PollTaskRequest{"fleet", "q", {}, {}, {}, {}, "control", {}},
                   server::Reply(task_of("run", 3, "a")), false);
  witness.answered(server::PollCommandsRequest{"fleet", "control", {}, {}},
                   server::Reply(server::CommandsReply{"commands:1", {"token of run"}, {}}), false);
  CHECK_THAT(room.first(), ContainsSubstring("without need"));
}

TEST_CASE("the rule of commands notices what is not told, and misses nothing that may be forgotten", "[simulation]") {
  Room room;
  LifeWitness lives(room.world, room.fail);
  CommandWitness witness(room.world, lives, room.fail);
  const auto both = [&](const server::Request& request, const server::Reply& reply) {
    lives.answered(request, reply, false);
    witness.answered(request, reply, false);
  };
  server::StartRequest start;
  start.namespace_name = "fleet";
  start.activity_id = start.request_id = "order";
  start.task_queue = "q";
  start.start_to_close = raw(60s);
  server::PollTaskReply task = task_of("run", 3, "a");
  auto input = std::make_shared<server::ActivityInput>();
  input->activity_id = start.activity_id;
  input->options = begun(start, room.world.wall_now()).options;
  task.input = input;
  task.attempt = 1;
  task.started_time = room.world.wall_now();
  both(start, server::StartReply{"fleet", "order", "run", true});
  both(server::PollTaskRequest{"fleet", "q", {}, {}, {}, {}, "control", {}}, task);
  const server::PollCommandsRequest listens{"fleet", "control", {}, {}};
  const auto cancel = [&](const std::string& request_id) {
    both(server::CancelRequest{{"fleet", "order", {}}, {}, request_id, {}, {}}, server::DoneReply{});
  };
  const auto tell = [&](const std::string& batch) { both(listens, server::CommandsReply{batch, {task.token}, {}}); };

  cancel("first");
  tell("commands:1");
  cancel("first");  // Repeated on its way.
  room.world.after(11s, [] {});
  room.world.step(room.world.now() + 11s);
  // The first is not confirmed, and told again; a second one nobody has to remember for so long.
  tell("commands:2");
  witness.still_waits(listens);
  CHECK(room.first() == "");

  cancel("first");
  witness.still_waits(listens);
  CHECK_THAT(room.first(), ContainsSubstring("is not told to its worker, which listens"));
}

TEST_CASE("the rule of shares notices", "[simulation]") {
  Room room;
  FairWitness witness(room.world, room.fail);
  const auto start = [&](const std::string& id, std::int32_t number, const std::string& key) {
    server::StartRequest request;
    request.namespace_name = kFairNamespace;
    request.activity_id = id;
    request.priority = {number, key, 1};
    witness.answered(request, server::Reply(server::StartReply{kFairNamespace, id, id, true}), false);
  };
  const auto take = [&](const std::string& id, std::int32_t number, const std::string& key) {
    witness.answered(server::PollTaskRequest{kFairNamespace, "fair", {}, {}, {}, {}, {}, {}},
                     server::Reply(task_of(id, number, key)), false);
  };
  for (const char* id : {"a1", "a2", "a3", "a4"}) start(id, 3, "a");
  start("b1", 3, "b");
  SECTION("a key that takes it all") {
    take("a1", 3, "a"), take("a2", 3, "a");
    CHECK(room.first() == "");
    take("a3", 3, "a");
    CHECK_THAT(room.first(), ContainsSubstring("times their weight"));
  }
  SECTION("a task that goes before one with priority") {
    start("urgent", 2, "a");
    take("b1", 3, "b");
    CHECK_THAT(room.first(), ContainsSubstring("b1 goes before urgent"));
  }
}

TEST_CASE("the rule of shares knows that a clock was set back", "[simulation]") {
  Room room;
  World& world = room.world;
  FairWitness witness(world, room.fail);
  SimServer server(world);
  server.set_retention(kFairNamespace, 1h);
  server.observers = {&witness};
  server.start();
  const auto run = [&](Nanoseconds time) {
    world.after(time, [] {});
    for (const TimePoint end = world.now() + time; world.now() < end;) world.step(end);
  };
  const auto call = [&](server::Request request) {
    server::StatusOr<server::Reply> answer = internal::unavailable("there was no answer");
    server.arrive(std::move(request), 10s, [&](const server::StatusOr<server::Reply>& reply) { answer = reply; });
    run(2s);
    if (!answer) FAIL(to_string(answer.error()));
    return *answer;
  };
  const auto start = [&](const std::string& id, std::int32_t number) {
    server::StartRequest request;
    request.namespace_name = kFairNamespace;
    request.activity_id = request.request_id = id;
    request.type = "share";
    request.has_task_queue = true;
    request.task_queue = "fair";
    request.start_to_close = raw(20s);
    request.priority = {number, "a", 1};
    return std::get<server::StartReply>(call(request)).run_id;
  };

  start("urgent", 2);
  const std::string before = start("before", 3);
  server.crash();
  world.set_machine_clock(-5min);
  server.start();
  start("after", 3);
  const auto taken = call(server::PollTaskRequest{kFairNamespace, "fair", "fair", {}, {}, {}, {}, {}});
  CHECK(std::get<server::PollTaskReply>(taken).input->activity_id == "after");  // The others are not due again yet.
  CHECK(room.first() == "");

  run(6min);
  witness.answered(server::PollTaskRequest{kFairNamespace, "fair", {}, {}, {}, {}, {}, {}},
                   server::Reply(task_of(before, 3, "a")), false);
  CHECK_THAT(room.first(), ContainsSubstring("goes before urgent"));
}

TEST_CASE("a condition means in the simulation what the protocol says", "[simulation]") {
  const Lookup open = [](const std::string& name) {
    return name == "Size" ? FieldValue(std::int64_t{3}) : FieldValue();
  };
  Condition closed_late = equal("CloseTime", FieldModel::Type::kTime, std::int64_t{5});
  Condition inverse;
  inverse.kind = Condition::Kind::kNot;
  inverse.parts = {closed_late};
  CHECK(text_of(inverse) == "NOT (CloseTime = '1970-01-01T00:00:00.000000005Z')");
  CHECK_FALSE(holds(inverse, open).has_value());  // What has no close time is neither.
  Condition either;
  either.kind = Condition::Kind::kOr;
  either.parts = {closed_late, equal("Size", FieldModel::Type::kInt, std::int64_t{3})};
  CHECK(holds(either, open) == true);
  CHECK(text_of(either) == "(CloseTime = '1970-01-01T00:00:00.000000005Z' OR Size = 3)");
}
