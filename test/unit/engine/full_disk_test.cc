#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("while the disk is full", "[server][engine][full]") {
  Room room;
  room.start("a");
  room.start("b");
  const auto task = room.poll();
  room.disk->set_full(true);

  SECTION("a start is refused, and says why") {
    const Status& refusal = room.call(room.start_request("c")).refusal();
    CHECK(refusal.code == StatusCode::kResourceExhausted);
    CHECK(refusal.message.find("the server's disk is full") == 0);
    const auto* detail = std::get_if<longbeat::internal::ResourceExhaustedDetail>(&refusal.detail);
    REQUIRE(detail != nullptr);
    CHECK(detail->cause == 7);  // PERSISTENCE_STORAGE_LIMIT
    CHECK(detail->scope == 2);  // SYSTEM
  }
  SECTION("a start that is repeated finds its run") {
    CHECK_FALSE(room.call(room.start_request("a")).get<StartReply>().started);
  }
  SECTION("a new namespace is refused") {
    RegisterNamespaceRequest request;
    request.namespace_name = "another";
    request.retention = RawDuration{24 * 3600, 0};
    CHECK(room.call(std::move(request)).refusal().code == StatusCode::kResourceExhausted);
  }
  SECTION("what runs goes on to its end") {
    CHECK(room.beat(task.token, "details").ok());
    CHECK(room.fail(task.token).ok());
    room.pass(10s);
    const auto one = room.poll();
    const auto other = room.poll();
    CHECK(room.complete(one.token, "result").ok());
    CHECK(room.complete(other.token, "result").ok());
    CHECK(room.outcome("a").outcome);
    CHECK(room.outcome("b").outcome);
  }
  SECTION("activities can be deleted") {
    CHECK(room.call(DeleteRequest{room.run("a")}).ok());
    CHECK(room.describe("a").refusal().code == StatusCode::kNotFound);
  }
  SECTION("the engine looks again every second, and accepts starts once there is room") {
    Room idle;
    CHECK_FALSE(idle.engine->next_wakeup());
    idle.disk->set_full(true);
    REQUIRE(idle.engine->next_wakeup());
    CHECK(*idle.engine->next_wakeup() <= idle.now + 1s);
    idle.disk->set_full(false);
    CHECK(idle.start().started);
  }
}

TEST_CASE("a commit that finds the disk full", "[server][engine][full]") {
  Room room;
  room.survives_full_disk = true;
  room.open();
  room.start("a");
  const auto task = room.poll();
  room.start("b");
  CollectingSink& waiting = room.call(PollOutcomeRequest{room.run("a")});
  room.disk->fail_next_commit(CommitFault::kNothingApplied, StatusCode::kResourceExhausted);
  CollectingSink& refused = room.call(room.start_request("c"));

  SECTION("ends this engine, but not for good: its reason goes another way than a fault") {
    CHECK(room.fatal.empty());
    CHECK(room.disk_was_full.find("injected failure") != std::string::npos);
    CHECK(refused.refusal().code == StatusCode::kUnavailable);
    CHECK(waiting.refusal().code == StatusCode::kUnavailable);
    CHECK(room.call(room.start_request("d")).refusal().code == StatusCode::kUnavailable);
    CHECK_FALSE(room.engine->find(room.run("a")));
    CHECK(room.engine->stats().open == 0);
    CHECK_FALSE(room.engine->next_wakeup());
  }
  SECTION("leaves the store to the next engine, which goes on from what was acknowledged") {
    room.open();
    CHECK(room.describe("c").refusal().code == StatusCode::kNotFound);
    CHECK(room.beat(task.token, "more").ok());
    CHECK(room.complete(task.token, "result").ok());
    CHECK(room.poll().input->activity_id == "b");
    CHECK(room.start("c").started);
  }
  SECTION("is a fault like any other where nobody makes another engine") {
    Room other;
    other.disk->fail_next_commit(CommitFault::kNothingApplied, StatusCode::kResourceExhausted);
    other.call(other.start_request());
    CHECK_FALSE(other.fatal.empty());
  }
}

TEST_CASE("where a full disk is survived, any other fault of a commit is none the less one", "[server][engine][full]") {
  Room room;
  room.survives_full_disk = true;
  room.open();
  room.disk->fail_next_commit(CommitFault::kNothingApplied, StatusCode::kDataLoss);
  CHECK(room.call(room.start_request()).refusal().code == StatusCode::kUnavailable);
  CHECK(room.disk_was_full.empty());
  CHECK(room.fatal.find("DATA_LOSS: injected failure") == 0);
}
