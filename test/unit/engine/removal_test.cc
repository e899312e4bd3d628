#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

/// How many rows the disk holds of activities.
std::size_t rows_of_activities(Room& room) {
  std::size_t rows = 0;
  CrashableStore store(room.disk);
  for (const Table table : {Table::kProgress, Table::kInput, Table::kDetails, Table::kFailure, Table::kClosed,
                            Table::kIndex, Table::kCallbacks}) {
    REQUIRE(store.scan(table, 0, [&](std::uint64_t, std::string_view) {
      ++rows;
      return true;
    }));
  }
  return rows;
}

}  // namespace

TEST_CASE("a deleted activity", "[server][engine][removal]") {
  Room room;
  room.start();
  const std::string token = room.poll().token;
  room.beat(token, "details");

  SECTION("that was open ends as terminated for whoever waits, and leaves nothing") {
    CollectingSink& waiting = room.submit(PollOutcomeRequest{room.run()});
    room.step();
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    CHECK(waiting.get<PollOutcomeReply>().outcome->failure.message == "Delete activity execution");
    CHECK(rows_of_activities(room) == 0);
    CHECK(room.engine->stats().open == 0);
    CHECK(room.engine->stats().closed == 0);
  }
  SECTION("that was closed leaves nothing either") {
    room.complete(token, "done");
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    CHECK(rows_of_activities(room) == 0);
    CHECK(room.engine->stats().closed == 0);
  }
  SECTION("is unknown to every later call, and its ID is free") {
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    CHECK(room.describe().refusal().message == "activity not found for ID: a");
    CHECK(room.beat(token).refusal().code == StatusCode::kNotFound);
    CHECK(room.call(DeleteRequest{room.run()}).refusal().code == StatusCode::kNotFound);
    CHECK(room.start().started);
  }
  SECTION("can be followed by a start of the same ID within the same step") {
    room.submit(DeleteRequest{room.run()});
    CollectingSink& start = room.submit(room.start_request());
    room.step();
    CHECK(start.get<StartReply>().started);
    room.crash_and_reopen();
    CHECK(room.state()->progress.phase == Phase::kScheduled);
  }
  SECTION("does not hand its ID back to the run before it, not even after a restart") {
    const bool closed_by_the_same_step = GENERATE(false, true);
    if (closed_by_the_same_step) {
      room.submit(TerminateRequest{room.run(), "me", "terminate", "over"});
      auto next = room.start_request();
      next.request_id = "next";
      room.submit(std::move(next));
      room.step();
    } else {
      room.complete(token, "done");
      auto next = room.start_request();
      next.request_id = "next";
      REQUIRE(room.call(std::move(next)).ok());
    }
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    CHECK(room.describe().refusal().code == StatusCode::kNotFound);
    room.crash_and_reopen();
    CHECK(room.describe().refusal().code == StatusCode::kNotFound);
    CHECK(room.engine->stats().closed == 1);  // Its own run ID still finds the older one.
  }
  SECTION("is gone after a crash too") {
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    room.crash_and_reopen();
    CHECK(room.describe().refusal().code == StatusCode::kNotFound);
  }
  SECTION("does not take older runs of its ID with it") {
    room.complete(token, "done");
    const std::string first = room.state()->input->run_id == longbeat::internal::Uuid{}
                                  ? std::string()
                                  : longbeat::internal::to_string(room.state()->input->run_id);
    auto again = room.start_request();
    again.request_id = "second";
    CHECK(room.call(again).get<StartReply>().started);
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    CHECK(room.describe("a", first).ok());
  }
}

TEST_CASE("retention removes closed activities when their time has come, not before", "[server][engine][removal]") {
  Room room;
  room.start("done");
  room.complete(room.poll().token, "result");
  room.start("open");
  const Duration kept = 72h;
  room.pass(kept - 2min);
  CHECK(room.describe("done").ok());

  SECTION("by itself") {
    room.pass(4min);
  }
  SECTION("also after a restart") {
    room.crash_and_reopen(4min);
    room.pass(2min);
  }
  CHECK(room.describe("done").refusal().code == StatusCode::kNotFound);
  CHECK(room.describe("open").ok());
  CHECK(room.engine->stats().closed == 0);
}

TEST_CASE("an older run that has been removed is not known any more", "[server][engine][removal]") {
  Room room;
  const std::string older = room.start().run_id;
  room.complete(room.poll().token, "older");
  auto again = room.start_request();
  again.request_id = "second";
  const std::string latest = room.call(again).get<StartReply>().run_id;
  REQUIRE(room.describe("a", older).ok());

  SECTION("by a delete") {
    CHECK(room.call(DeleteRequest{room.run("a", older)}).ok());
  }
  SECTION("at the end of its retention") {
    room.pass(72h + 2min);
  }
  CHECK(room.describe("a", older).refusal().code == StatusCode::kNotFound);
  CHECK(room.call(DeleteRequest{room.run("a", older)}).refusal().code == StatusCode::kNotFound);
  CHECK(room.describe("a", latest).ok());
}

TEST_CASE("retention works in slices and forgets none", "[server][engine][removal]") {
  EngineOptions options;
  options.limits.retention_rows_per_step = 10;
  Room room(std::move(options));
  for (int i = 0; i < 95; ++i) {
    room.start(std::to_string(i));
    room.complete(room.poll().token, "result");
  }
  room.pass(72h + 3min);
  CHECK(room.engine->stats().closed == 0);
  CHECK(rows_of_activities(room) == 0);
}
