#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

RegisterNamespaceRequest registration(const std::string& name, std::int64_t retention_hours = 24) {
  RegisterNamespaceRequest request;
  request.namespace_name = name;
  request.description = "a description";
  request.data = {{"key", "value"}};
  request.retention = RawDuration{retention_hours * 3600, 0};
  return request;
}

std::vector<std::string> names(const ListNamespacesReply& reply) {
  std::vector<std::string> names;
  for (const auto& one : reply.spaces) names.push_back(one.space.name);
  return names;
}

StartRequest start_in(const Room& room, const std::string& space, const std::string& id = "a") {
  StartRequest request = room.start_request(id);
  request.namespace_name = space;
  return request;
}

}  // namespace

TEST_CASE("a registered namespace", "[server][engine][namespaces]") {
  Room room;
  REQUIRE(room.call(registration("team")).ok());

  SECTION("is described as it was registered, also after a crash") {
    room.crash_and_reopen();
    const auto space = room.call(DescribeNamespaceRequest{"team", ""}).get<NamespaceReply>().space;
    CHECK(space.description == "a description");
    CHECK(space.data == std::map<std::string, std::string>{{"key", "value"}});
    CHECK(space.retention == Duration(24h));
    CHECK(space.state == NamespaceState::kRegistered);
  }
  SECTION("cannot be registered again") {
    const Status refusal = room.call(registration("team")).refusal();
    CHECK(refusal.code == StatusCode::kAlreadyExists);
    CHECK(std::holds_alternative<longbeat::internal::NamespaceExistsDetail>(refusal.detail));
  }
  SECTION("is listed, page by page") {
    REQUIRE(room.call(registration("third")).ok());
    const auto first = room.call(ListNamespacesRequest{2, "", false}).get<ListNamespacesReply>();
    CHECK(names(first) == std::vector<std::string>{"default", "team"});
    const auto second = room.call(ListNamespacesRequest{2, first.next_page_token, false}).get<ListNamespacesReply>();
    CHECK(names(second) == std::vector<std::string>{"third"});
    CHECK(second.next_page_token.empty());
    CHECK(room.call(ListNamespacesRequest{2, "rubbish", false}).refusal().code == StatusCode::kInvalidArgument);
  }
  SECTION("has its own activities under the same IDs") {
    CHECK(room.start("a").started);
    CHECK(room.call(start_in(room, "team")).get<StartReply>().started);
    CHECK(room.complete(room.poll().token, "done").ok());
    CHECK(room.describe("a").get<DescribeReply>().state->outcome);
    DescribeRequest other;
    other.run = {"team", "a", ""};
    CHECK_FALSE(room.call(other).get<DescribeReply>().state->outcome);
  }
  SECTION("keeps its own retention") {
    CHECK(room.call(start_in(room, "team")).get<StartReply>().started);
    auto poll = room.poll_request();
    poll.namespace_name = "team";
    CompletedRequest done;
    done.token = room.call(poll).get<PollTaskReply>().token;
    CHECK(room.call(done).ok());
    room.start("a");
    room.complete(room.poll().token, "done");
    room.pass(24h + 2min);
    CHECK(room.describe("a").ok());
    DescribeRequest other;
    other.run = {"team", "a", ""};
    CHECK(room.call(other).refusal().code == StatusCode::kNotFound);
  }
  SECTION("changes what an update names and nothing else, for good") {
    UpdateNamespaceRequest request;
    request.namespace_name = "team";
    request.info = UpdateNamespaceRequest::Info{.owner_email = "a@b"};
    request.retention = RawDuration{48 * 3600, 0};
    const auto space = room.call(request).get<NamespaceReply>().space;
    CHECK(space.owner_email == "a@b");
    CHECK(space.description == "a description");
    CHECK(space.retention == Duration(48h));
    room.crash_and_reopen();
    const auto kept = room.call(DescribeNamespaceRequest{"team", ""}).get<NamespaceReply>().space;
    CHECK(kept.owner_email == "a@b");
    CHECK(kept.description == "a description");
    CHECK(kept.retention == Duration(48h));
  }
  SECTION("starts nothing once it is deprecated, but goes on with what it has") {
    CHECK(room.call(start_in(room, "team")).get<StartReply>().started);
    CHECK(room.call(DeprecateNamespaceRequest{"team"}).ok());
    CHECK(room.call(start_in(room, "team", "b")).refusal().code == StatusCode::kFailedPrecondition);
    auto poll = room.poll_request();
    poll.namespace_name = "team";
    CHECK_FALSE(room.call(poll).get<PollTaskReply>().token.empty());
  }
}

TEST_CASE("a namespace asked for by name and ID is one namespace", "[server][engine][namespaces]") {
  Room room;
  REQUIRE(room.call(registration("team")).ok());
  const auto id_of = [&](const std::string& name) {
    return longbeat::internal::to_string(
        room.call(DescribeNamespaceRequest{name, ""}).get<NamespaceReply>().space.uuid);
  };
  const std::string team = id_of("team"), other = id_of("default");
  const std::string nobody(team.size(), '0');

  CHECK(room.call(DescribeNamespaceRequest{"team", team}).get<NamespaceReply>().space.name == "team");
  for (const DescribeNamespaceRequest& request :
       {DescribeNamespaceRequest{"team", other}, {"nobody", team}, {"team", "x"}}) {
    CHECK(room.call(request).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(DeleteNamespaceRequest{request.namespace_name, request.id, {}}).refusal().code ==
          StatusCode::kInvalidArgument);
  }
  CHECK(room.call(DescribeNamespaceRequest{"nobody", "x"}).refusal().code == StatusCode::kNotFound);
  CHECK(room.call(DescribeNamespaceRequest{"team", ""}).ok());
  CHECK(room.call(DeleteNamespaceRequest{"team", team, {}}).ok());
}

TEST_CASE("a name longer than any namespace's is refused for its length", "[server][engine][namespaces]") {
  Room room;
  const std::string longest(1000, 'n'), longer(1001, 'n');
  const std::string words = "namespace exceeds length limit. Length=1001 Limit=1000";
  const auto check = [&](auto request, auto set_name) {
    set_name(request, longest);
    CHECK(room.call(request).refusal().code == StatusCode::kNotFound);
    set_name(request, longer);
    CHECK(room.call(request).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(request).refusal().message == words);
  };
  const auto in_run = [](auto& request, const std::string& name) { request.run = {name, "a", ""}; };
  const auto at_top = [](auto& request, const std::string& name) { request.namespace_name = name; };
  check(DescribeRequest{}, in_run);
  check(CancelRequest{}, in_run);
  check(PauseRequest{}, in_run);
  check(PollOutcomeRequest{}, in_run);
  check(room.start_request(), at_top);
  check(room.poll_request(), at_top);
  check(DescribeNamespaceRequest{}, at_top);
  check(UpdateNamespaceRequest{}, at_top);
  check(DeprecateNamespaceRequest{}, at_top);
  check(DeleteNamespaceRequest{}, at_top);
  check(ListSearchAttributesRequest{}, at_top);
  check(ListActivitiesRequest{}, at_top);
  check(ListWorkersRequest{}, at_top);
  room.start();
  HeartbeatRequest beat{longer, room.poll().token, "w1", ""};
  CHECK(room.call(beat).refusal().message == words);
}

TEST_CASE("a deleted namespace", "[server][engine][namespaces]") {
  Room room;
  REQUIRE(room.call(registration("team")).ok());
  for (int i = 0; i < 1200; ++i) REQUIRE(room.call(start_in(room, "team", std::to_string(i))).ok());
  room.start("mine");
  auto poll = room.poll_request();
  poll.namespace_name = "team";
  poll.task_queue = "empty";
  CollectingSink& parked = room.submit(poll);
  room.step();
  DeleteNamespaceRequest request;
  request.namespace_name = "team";
  const auto reply = room.call(request).get<DeleteNamespaceReply>();

  SECTION("is unknown by its name at once, and answers its polls") {
    CHECK(reply.deleted_name.rfind("team-deleted-", 0) == 0);
    CHECK(room.call(start_in(room, "team")).refusal().code == StatusCode::kNotFound);
    CHECK(parked.get<PollTaskReply>().token.empty());
    CHECK(room.call(registration("team")).ok());
  }
  SECTION("loses its activities in slices, until nothing of it is left") {
    CHECK(room.engine->stats().open > 500);
    room.pass(5s);
    CHECK(room.engine->stats().open == 1);
    CHECK(names(room.call(ListNamespacesRequest{0, "", true}).get<ListNamespacesReply>()) ==
          std::vector<std::string>{"default"});
  }
  SECTION("goes on vanishing after a crash") {
    room.crash_and_reopen();
    room.pass(5s);
    CHECK(room.engine->stats().open == 1);
    room.crash_and_reopen();
    CHECK(names(room.call(ListNamespacesRequest{0, "", true}).get<ListNamespacesReply>()) ==
          std::vector<std::string>{"default"});
  }
}

TEST_CASE("search attributes of a namespace", "[server][engine][namespaces]") {
  Room room;
  const auto add = [&](std::map<std::string, std::int32_t> attributes) -> CollectingSink& {
    return room.call(AddSearchAttributesRequest{"default", std::move(attributes)});
  };
  REQUIRE(add({{"Color", 2}, {"Size", 3}}).ok());

  SECTION("are listed, also after a crash") {
    room.crash_and_reopen();
    CHECK(room.call(ListSearchAttributesRequest{"default"}).get<SearchAttributesReply>().custom ==
          std::map<std::string, std::int32_t>{{"Color", 2}, {"Size", 3}});
  }
  SECTION("are refused when they exist, belong to the system or have no type; the others are not added then") {
    CHECK(add({{"Color", 2}, {"New", 2}}).refusal().code == StatusCode::kAlreadyExists);
    CHECK(add({{"ActivityType", 2}}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(add({{"New", 0}}).refusal().code == StatusCode::kInvalidArgument);
    CHECK(room.call(ListSearchAttributesRequest{"default"}).get<SearchAttributesReply>().custom.size() == 2);
  }
  SECTION("go by name") {
    CHECK(room.call(RemoveSearchAttributesRequest{"default", {"Color"}}).ok());
    CHECK(room.call(RemoveSearchAttributesRequest{"default", {"Color"}}).ok());  // What is not there is removed.
    CHECK(room.call(RemoveSearchAttributesRequest{"default", {"TaskQueue"}}).refusal().code ==
          StatusCode::kInvalidArgument);
  }
}

TEST_CASE("a task queue's configuration", "[server][engine][queues]") {
  Room room;
  UpdateTaskQueueConfigRequest request;
  request.namespace_name = "default";
  request.task_queue = "q";
  request.identity = "me";
  request.type = 2;
  request.queue_rate = UpdateTaskQueueConfigRequest::Rate{2.0F, "slow down"};
  request.set_weights = {{"gold", 3.0F}};
  REQUIRE(room.call(request).ok());

  SECTION("is described, also after a crash") {
    room.crash_and_reopen();
    DescribeTaskQueueRequest describe;
    describe.namespace_name = "default";
    describe.task_queue = "q";
    describe.type = 2;
    room.call(room.poll_request(), 3s);
    const auto config = room.call(describe).get<DescribeTaskQueueReply>().report.config;
    CHECK(config.queue_rate->requests_per_second == 2.0F);
    CHECK(config.queue_rate->reason == "slow down");
    CHECK(config.weight_overrides.at("gold") == 3.0F);
  }
  SECTION("forgets weights that are unset") {
    request.queue_rate.reset();
    request.set_weights = {{"silver", 2.0F}};
    request.unset_weights = {"gold", "never set"};
    const auto config = room.call(request).get<TaskQueueConfigReply>().config;
    CHECK(config.weight_overrides == std::map<std::string, float>{{"silver", 2.0F}});
    CHECK(config.queue_rate->requests_per_second == 2.0F);
  }
  SECTION("has at most a thousand weights") {
    for (int i = 1; i < 1000; ++i) request.set_weights[std::to_string(i)] = 1.0F;
    CHECK(room.call(request).get<TaskQueueConfigReply>().config.weight_overrides.size() == 1000);
    request.set_weights = {{"one more", 1.0F}};
    CHECK(room.call(request).refusal().message == "a task queue has at most 1000 fairness weights");
  }
  SECTION("goes with its namespace, also from the disk") {
    REQUIRE(room.call(registration("team")).ok());
    request.namespace_name = "team";
    REQUIRE(room.call(request).ok());
    const auto rows = [&room] {
      std::size_t count = 0;
      const auto scanned = room.disk->content().scan(Table::kQueue, 0, [&count](std::uint64_t, std::string_view) {
        ++count;
        return true;
      });
      REQUIRE(scanned);
      return count;
    };
    CHECK(rows() == 2);
    REQUIRE(room.call(DeleteNamespaceRequest{"team", {}, {}}).ok());
    room.pass(1min);
    CHECK(rows() == 1);
  }
  SECTION("limits how fast tasks go out") {
    for (int i = 0; i < 4; ++i) room.start(std::to_string(i));
    for (int i = 0; i < 4; ++i) room.submit(room.poll_request());
    room.step();
    CHECK(room.engine->stats().handed_out == 1);
    room.pass(600ms);
    CHECK(room.engine->stats().handed_out == 2);
    room.pass(1s);
    CHECK(room.engine->stats().handed_out == 4);
  }
  SECTION("is refused when it makes no sense") {
    auto bad = request;
    bad.queue_rate->requests_per_second = -1.0F;
    CHECK(room.call(bad).refusal().code == StatusCode::kInvalidArgument);
    bad = request;
    bad.set_weights["gold"] = 0;
    CHECK(room.call(bad).refusal().code == StatusCode::kInvalidArgument);
    bad = request;
    bad.type = 1;
    CHECK(room.call(bad).refusal().code == StatusCode::kInvalidArgument);
  }
}
