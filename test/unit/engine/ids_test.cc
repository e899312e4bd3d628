#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using longbeat::internal::AlreadyStartedDetail;
using longbeat::internal::NamespaceNotFoundDetail;

namespace {

StartRequest again(const Room& room, std::int32_t reuse = 0, std::int32_t conflict = 0) {
  StartRequest request = room.start_request();
  request.request_id = "another request";
  request.id_reuse_policy = reuse;
  request.id_conflict_policy = conflict;
  return request;
}

}  // namespace

TEST_CASE("a second start of an open activity", "[server][engine][ids]") {
  Room room;
  const StartReply first = room.start();

  SECTION("succeeds with the same request ID, whatever else it says") {
    StartRequest repeat = room.start_request();
    repeat.input = "other";
    const StartReply reply = room.call(repeat).get<StartReply>();
    CHECK_FALSE(reply.started);
    CHECK(reply.run_id == first.run_id);
  }
  SECTION("is refused with another request ID, with the run that is in the way") {
    const Status refusal = room.call(again(room)).refusal();
    CHECK(refusal.code == StatusCode::kAlreadyExists);
    CHECK(std::get<AlreadyStartedDetail>(refusal.detail) == AlreadyStartedDetail{"request of a", first.run_id});
  }
  SECTION("gets the open run under USE_EXISTING") {
    const StartReply reply = room.call(again(room, 0, 2)).get<StartReply>();
    CHECK_FALSE(reply.started);
    CHECK(reply.run_id == first.run_id);
  }
  SECTION("is found out inside one step too") {
    CollectingSink& one = room.submit(room.start_request("b"));
    CollectingSink& two = room.submit(room.start_request("b"));
    room.step();
    CHECK(one.get<StartReply>().started);
    CHECK_FALSE(two.get<StartReply>().started);
    CHECK(one.get<StartReply>().run_id == two.get<StartReply>().run_id);
  }
}

TEST_CASE("a second start of a closed activity", "[server][engine][ids]") {
  Room room;
  const StartReply first = room.start();
  const bool completed = GENERATE(true, false);
  CAPTURE(completed);
  if (completed) {
    room.complete(room.poll().token, "done");
  } else {
    room.call(CancelRequest{room.run(), "me", "c1", "enough", "reason"});
  }
  if (GENERATE(false, true)) room.crash_and_reopen();

  SECTION("begins a new run by default, and the older one is still found by its run ID") {
    const StartReply second = room.call(again(room)).get<StartReply>();
    CHECK(second.started);
    CHECK(second.run_id != first.run_id);
    CHECK(room.describe("a").get<DescribeReply>().state->progress.phase == Phase::kScheduled);
    CHECK(is_closed(room.describe("a", first.run_id).get<DescribeReply>().state->progress.phase));
    room.crash_and_reopen();
    CHECK(room.describe("a").get<DescribeReply>().state->progress.phase == Phase::kScheduled);
    CHECK(is_closed(room.describe("a", first.run_id).get<DescribeReply>().state->progress.phase));
    CHECK(room.describe("a", second.run_id).ok());
  }
  SECTION("finds the closed run by the same request ID") {
    const StartReply reply = room.start();
    CHECK_FALSE(reply.started);
    CHECK(reply.run_id == first.run_id);
  }
  SECTION("is refused under REJECT_DUPLICATE") {
    const Status refusal = room.call(again(room, 3)).refusal();
    CHECK(refusal.code == StatusCode::kAlreadyExists);
    CHECK(std::get<AlreadyStartedDetail>(refusal.detail).run_id == first.run_id);
  }
  SECTION("is refused under ALLOW_DUPLICATE_FAILED_ONLY exactly when it completed") {
    CHECK(room.call(again(room, 2)).ok() == !completed);
  }
}

TEST_CASE("many runs of one ID are each found after a restart", "[server][engine][ids]") {
  Room room;
  std::vector<std::string> runs;
  for (int i = 0; i < 20; ++i) {
    StartRequest request = room.start_request();
    request.request_id = "r" + std::to_string(i);
    runs.push_back(room.call(request).get<StartReply>().run_id);
    room.complete(room.poll().token, std::to_string(i));
  }
  room.crash_and_reopen();
  CHECK(room.engine->stats().closed == 20);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto state = room.engine->find(room.run("a", runs[i]));
    REQUIRE(state);
    CHECK(state->outcome->result == std::to_string(i));
  }
  CHECK(room.outcome().outcome->result == "19");
}

TEST_CASE("what a request names must exist", "[server][engine][ids]") {
  Room room;
  const StartReply started = room.start();
  SECTION("an unknown ID, and an unknown run of a known one") {
    CHECK(room.describe("b").refusal().message == "activity not found for ID: b");
    const std::string other = "00000000-0000-4000-8000-000000000000";
    CHECK(room.describe("a", other).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(PollOutcomeRequest{room.run("b")}).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(CancelRequest{room.run("b"), "", "", "", ""}).refusal().code == StatusCode::kNotFound);
  }
  SECTION("a run ID that is none") {
    CHECK(room.describe("a", "zzz").refusal().message == "invalid run id: must be a valid UUID");
  }
  SECTION("an unknown or empty namespace") {
    StartRequest request = room.start_request("b");
    request.namespace_name = "nowhere";
    const Status refusal = room.call(request).refusal();
    CHECK(refusal.code == StatusCode::kNotFound);
    CHECK(refusal.message == "Namespace nowhere is not found.");
    CHECK(std::get<NamespaceNotFoundDetail>(refusal.detail).namespace_name == "nowhere");
    request.namespace_name.clear();
    CHECK(room.call(request).refusal().code == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("namespaces", "[server][engine][ids]") {
  EngineOptions options;
  options.namespaces = {"other"};
  Room room(std::move(options));
  SECTION("keep the same ID apart") {
    const StartReply here = room.start();
    StartRequest there = room.start_request();
    there.namespace_name = "other";
    const StartReply reply = room.call(there).get<StartReply>();
    CHECK(reply.started);
    CHECK(reply.run_id != here.run_id);
  }
  SECTION("refuse the token of another one") {
    room.start();
    const std::string token = room.poll().token;
    CHECK(room.call(HeartbeatRequest{"other", token, "", ""}).refusal().message ==
          "Operation requested with a token from a different namespace.");
    CHECK(room.call(HeartbeatRequest{"", token, "", ""}).ok());
  }
  SECTION("are described by name and by ID, and keep their ID over a restart") {
    const auto described = room.call(DescribeNamespaceRequest{"other", ""}).get<NamespaceReply>().space;
    room.crash_and_reopen();
    const auto by_id = room.call(DescribeNamespaceRequest{"", longbeat::internal::to_string(described.uuid)})
                           .get<NamespaceReply>()
                           .space;
    CHECK(by_id.name == "other");
    CHECK(room.call(DescribeNamespaceRequest{"nowhere", ""}).refusal().code == StatusCode::kNotFound);
  }
}
