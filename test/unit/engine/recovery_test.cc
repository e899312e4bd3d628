#include "engine/index_row.h"
#include "support/temporary_directory.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

TEST_CASE("after a crash and a restart", "[server][engine][recovery]") {
  Room room;
  const StartReply started = room.start();

  SECTION("everything that was acknowledged is there") {
    const PollTaskReply task = room.poll();
    room.beat(task.token, "half");
    room.start("b");
    room.start("c");
    room.complete(room.poll().token, "done");
    room.crash_and_reopen();
    CHECK(room.state("a")->heartbeat_details == "half");
    CHECK(room.state("a")->progress.phase == Phase::kStarted);
    CHECK(room.state("a")->input->input == "some input");
    CHECK(room.outcome("b").outcome->result == "done");
    CHECK(room.state("c")->progress.phase == Phase::kScheduled);
    CHECK(room.engine->stats().open == 2);
    CHECK(room.engine->stats().closed == 1);
    CHECK(room.poll().input->activity_id == "c");
  }
  SECTION("the same request ID finds its run") {
    room.crash_and_reopen();
    const StartReply again = room.start();
    CHECK_FALSE(again.started);
    CHECK(again.run_id == started.run_id);
  }
  SECTION("a running attempt goes on with its token") {
    const PollTaskReply task = room.poll();
    room.crash_and_reopen(3s);
    CHECK(room.beat(task.token, "half").ok());
    CHECK(room.complete(task.token, "done").ok());
  }
  SECTION("a running attempt has a full heartbeat timeout, and at least ten seconds") {
    StartRequest request = room.start_request("b");
    request.heartbeat = RawDuration{20, 0};
    request.start_to_close = RawDuration{2 * 3600, 0};
    room.call(request);
    room.poll(), room.poll();
    room.crash_and_reopen(1h - 15s);
    room.pass(10s);
    CHECK(room.engine->stats().timeouts == 0);
    room.pass(100ms);
    CHECK(room.state("a")->progress.attempt == 2);  // Heartbeat timeout of 5 s: held for ten.
    room.pass(9800ms);
    CHECK(room.state("b")->progress.attempt == 1);
    room.pass(300ms);
    CHECK(room.state("b")->progress.attempt == 2);
  }
  SECTION("the hold counts from when the engine runs, not from before a long recovery") {
    const PollTaskReply task = room.poll();
    room.crash_and_reopen(10min);
    room.now += 30s;  // What recovery took: the first step is only now.
    room.step();
    room.pass(9800ms);
    CHECK(room.state()->progress.attempt == 1);
    CHECK(room.beat(task.token).ok());
  }
  SECTION("the cluster keeps its ID") {
    Room empty;  // From the first moment, not from the first activity on.
    const std::string id = empty.engine->cluster_id();
    CHECK(id.size() == 36);
    empty.crash_and_reopen();
    CHECK(empty.engine->cluster_id() == id);
  }
  SECTION("a Describe token from before the crash is answered at once, one from after it waits") {
    const std::string task = room.poll().token;
    for (int i = 0; i < 3; ++i) room.beat(task);
    const std::string token = room.describe().get<DescribeReply>().long_poll_token;
    room.crash_and_reopen();
    for (int i = 0; i < 3; ++i) room.beat(task);  // Counts up to the same number again.
    const DescribeReply now = room.describe("a", started.run_id, token).get<DescribeReply>();
    CHECK(now.state);
    CHECK_FALSE(room.describe("a", started.run_id, now.long_poll_token).answered());
  }
  SECTION("the time the server was down is part of start-to-close") {
    room.poll();
    room.crash_and_reopen(1h - 15s);
    room.pass(14s);
    CHECK(room.state()->progress.attempt == 2);  // By its silence, after the hold.
    room.pass(1s);
    const std::string token = room.poll().token;
    room.crash_and_reopen(2h);
    CHECK(room.state()->progress.attempt == 2);
    for (int i = 0; i < 2; ++i) {
      room.pass(4s);
      CHECK(room.beat(token).ok());
    }
    room.pass(2100ms);
    CHECK(room.state()->last_failure->timeout == TimeoutType::kStartToClose);
    CHECK(room.state()->progress.attempt == 3);
  }
  SECTION("a beat ends the prolongation: the next silence counts as usual") {
    const PollTaskReply task = room.poll();
    room.crash_and_reopen(10min);
    room.pass(9s);
    room.beat(task.token, "half");
    room.pass(4900ms);
    CHECK(room.state()->progress.attempt == 1);
    room.pass(300ms);
    CHECK(room.state()->progress.attempt == 2);
  }
  SECTION("a backoff that ended meanwhile is over") {
    room.fail(room.poll().token);
    room.crash_and_reopen(2s);
    CHECK(room.poll().attempt == 2);
  }
  SECTION("a backoff that has not ended goes on") {
    room.fail(room.poll().token);
    room.crash_and_reopen(500ms);
    CollectingSink& poll = room.call(room.poll_request());
    CHECK_FALSE(poll.answered());
    room.pass(500ms);
    CHECK(poll.get<PollTaskReply>().attempt == 2);
  }
  SECTION("tasks keep their order") {
    for (int i = 0; i < 50; ++i) {
      room.now += 1ms;
      room.start("t" + std::to_string(i));
    }
    room.crash_and_reopen();
    CHECK(room.poll().input->activity_id == "a");
    for (int i = 0; i < 50; ++i) CHECK(room.poll().input->activity_id == "t" + std::to_string(i));
  }
  SECTION("no row is used again") {
    room.complete(room.poll().token, "first");
    room.crash_and_reopen();
    room.start("b");
    CHECK(room.outcome("a").outcome->result == "first");
    CHECK(room.state("b")->progress.phase == Phase::kScheduled);
  }
  SECTION("no row is used again, not even of what has been removed") {
    CHECK(room.call(DeleteRequest{room.run()}).ok());
    room.crash_and_reopen();
    room.start("b");
    CHECK_FALSE(room.disk->content().read(Table::kProgress, 1).value());
  }
}

namespace {

void flip_bit(Store& disk, Table table, std::uint64_t row) {
  std::string bytes = disk.read(table, row).value().value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  disk.commit(std::vector<Write>{{table, row, bytes}}).value();
}

/// Leaves a file at `path` whose activity 1 is closed and 2 open, with a row damaged and named as in "input row 2".
void leave_damaged_file(Room& room, const std::string& path, Table damaged, const std::string& name) {
  room.open_file(path);
  room.start();
  room.complete(room.poll().token);
  room.start("open");
  room.engine.reset();
  flip_bit(room.disk->content(), damaged, name.back() == '2' ? 2 : 1);
}
std::string damage_message(const std::string& path, const std::string& name) {
  return "database file '" + path + "': " + name + " is damaged: its checksum does not match";
}

}  // namespace

TEST_CASE("a damaged record is refused by name", "[server][engine][recovery]") {
  Room room;
  room.start();
  Store& disk = room.disk->content();
  const auto refusal = [&] {
    room.engine.reset();
    const auto opened = Engine::open(std::make_unique<CrashableStore>(room.disk), {}, room.now);
    REQUIRE_FALSE(opened);
    return opened.error();
  };
  SECTION("when a bit has flipped") {
    flip_bit(disk, Table::kProgress, 1);
    CHECK(refusal().code == StatusCode::kDataLoss);
  }
  SECTION("when its input is missing") {
    disk.commit(std::vector<Write>{{Table::kInput, 1, std::nullopt}}).value();
    CHECK(refusal().code == StatusCode::kDataLoss);
  }
  SECTION("when meta is missing where other rows are") {
    disk.commit(std::vector<Write>{{Table::kMeta, 1, std::nullopt}}).value();
    const auto error = refusal();
    CHECK(error.code == StatusCode::kDataLoss);
    CHECK_THAT(error.message, ContainsSubstring("meta row 1 is missing"));
    CHECK_FALSE(disk.read(Table::kMeta, 1).value());  // Left as it was.
  }
}

TEST_CASE("a damaged row is noticed also where rows of other activities follow it", "[server][engine][recovery]") {
  EngineOptions options;
  options.limits.requests.callbacks_enabled = true;
  options.limits.requests.callback_addresses = {"http://good:*"};
  Room room(std::move(options));
  for (const char* id : {"damaged", "sound"}) {
    auto request = room.start_request(id);
    request.completion_callbacks.push_back({true, "http://good:1/", 0, "callback"});
    REQUIRE(room.call(request).ok());
    const std::string token = room.poll().token;
    REQUIRE(room.beat(token, "details").ok());
    REQUIRE(room.fail(token).ok());
  }
  room.engine.reset();
  const auto [damaged, name] = GENERATE(table<Table, std::string>({{Table::kInput, "input row 1"},
                                                                   {Table::kDetails, "details row 1"},
                                                                   {Table::kFailure, "failure row 1"},
                                                                   {Table::kCallbacks, "callbacks row 1"}}));
  flip_bit(room.disk->content(), damaged, 1);
  const auto opened = Engine::open(std::make_unique<CrashableStore>(room.disk), {}, room.now);
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message, ContainsSubstring(name + " is damaged"));
}

TEST_CASE("a damaged row of a closed activity is that activity's loss alone", "[server][engine][recovery]") {
  Room room;
  room.start("lost");
  room.complete(room.poll().token, "result of lost");
  room.start("kept");
  room.complete(room.poll().token, "result of kept");
  room.engine.reset();
  const Table table = GENERATE(Table::kClosed, Table::kInput);
  flip_bit(room.disk->content(), table, 1);
  room.projection = true;  // An empty one: it asks for every closed activity.
  room.open();
  room.pass(1min);
  CHECK(room.fatal.empty());
  CHECK(room.outcome("kept").outcome->result == "result of kept");
  CHECK(room.call(PollOutcomeRequest{room.run("lost")}).refusal().code == StatusCode::kDataLoss);
  CHECK(room.describe("lost").refusal().code == StatusCode::kDataLoss);
  CHECK(room.call(room.start_request("lost")).refusal().code == StatusCode::kDataLoss);
  CHECK(room.start("new").started);
  CountActivitiesRequest count;
  count.namespace_name = "default";
  CollectingSink& counted = room.call(count);
  room.step();  // The projection has answered.
  CHECK(counted.get<CountActivitiesReply>().count.count == 2);
}

TEST_CASE("a refused record is named with its file, table and row", "[server][engine][recovery]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("srv.db");
  Room room;
  const auto [damaged, name] = GENERATE(table<Table, std::string>({{Table::kNamespace, "namespace row 1"},
                                                                   {Table::kIndex, "index row 1"},
                                                                   {Table::kProgress, "progress row 2"},
                                                                   {Table::kInput, "input row 2"}}));
  leave_damaged_file(room, path, damaged, name);
  const auto opened = Engine::open(std::make_unique<CrashableStore>(room.disk), {}, room.now);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == damage_message(path, name));
}

namespace {

/// One more run of this ID.
std::string start_run(Room& room, const std::string& id, int number) {
  StartRequest request = room.start_request(id);
  request.request_id = "request " + std::to_string(number) + " of " + id;
  return room.call(request).get<StartReply>().run_id;
}

/// A file with activities of every kind: started, running, retried, closed, several runs of one ID, with gaps between.
void live_a_little(Room& room) {
  for (int i = 0; i < 300; ++i) {
    const std::string id = "n" + std::to_string(i);
    room.start(id);
    if (i % 7 == 0) continue;
    const std::string token = room.poll().token;
    if (i % 5 == 0) {
      room.beat(token, "details of " + id);
    } else if (i % 11 == 0) {
      room.fail(token);
    } else {
      room.complete(token, "result of " + id);
    }
    room.now += 2s;
    if (i % 11 == 0) room.complete(room.poll().token, "late");
  }
}

}  // namespace

TEST_CASE("recovery with two readers knows what recovery with one does", "[server][engine][recovery]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("srv.db");
  Room room;
  room.open_file(path);
  for (int i = 0; i < 3; ++i) {
    start_run(room, "again", i);
    room.complete(room.poll().token, "run " + std::to_string(i));
  }
  live_a_little(room);
  room.crash_and_reopen();
  const EngineStats one = room.engine->stats();
  std::vector<std::shared_ptr<const ActivityState>> states;
  for (int i = 0; i < 300; ++i) states.push_back(room.state("n" + std::to_string(i)));
  room.engine.reset();
  room.disk.reset();
  room.engine = Engine::open(open_sqlite_store({.path = path}).value(), {}, room.now).value();
  const EngineStats two = room.engine->stats();
  CHECK(two.open == one.open);
  CHECK(two.closed == one.closed);
  CHECK(two.open_bytes == one.open_bytes);
  CHECK(two.timers == one.timers);
  int different = 0;
  for (int i = 0; i < 300; ++i) {
    const auto state = room.state("n" + std::to_string(i));
    const auto& before = states[static_cast<std::size_t>(i)];
    different += !(*state->input == *before->input && state->progress == before->progress &&
                   state->heartbeat_details == before->heartbeat_details &&
                   state->last_failure.has_value() == before->last_failure.has_value());
  }
  CHECK(different == 0);
  CHECK(room.outcome("again").outcome->result == "run 2");
  CHECK(room.start("new").started);
}

TEST_CASE("older runs of an ID are found by their run IDs only", "[server][engine][recovery]") {
  Room room;
  const std::string first = start_run(room, "a", 1);
  room.complete(room.poll().token, "first");
  const std::string second = start_run(room, "a", 2);
  room.complete(room.poll().token, "second");
  const std::string third = start_run(room, "a", 3);
  const bool third_is_open = GENERATE(true, false);
  if (!third_is_open) room.complete(room.poll().token, "third");
  Store& disk = room.disk->content();
  SECTION("also in a file that does not say which runs are older") {
    for (const std::uint64_t row : {1, 2}) {
      auto entry = decode_index_row(row, disk.read(Table::kIndex, row).value().value()).value();
      CHECK(entry.superseded);
      entry.superseded = false;
      std::string bytes;
      encode_index_row(row, entry, bytes);
      disk.commit(std::vector<Write>{{Table::kIndex, row, bytes}}).value();
    }
  }
  SECTION("in a file of today") {}
  room.crash_and_reopen();
  CHECK(longbeat::internal::to_string(room.state()->input->run_id) == third);
  const auto result_of = [&](const std::string& run) {
    return room.call(PollOutcomeRequest{room.run("a", run)}).get<PollOutcomeReply>().outcome->result;
  };
  CHECK(result_of(first) == "first");
  CHECK(result_of(second) == "second");
  if (!third_is_open) CHECK(result_of(third) == "third");
  // When the latest is gone, none of the older ones takes its place.
  room.call(DeleteRequest{room.run("a", third)});
  CHECK(room.describe().refusal().code == StatusCode::kNotFound);
  CHECK(result_of(first) == "first");
}

TEST_CASE("with two readers too a damaged record is refused by name", "[server][engine][recovery]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("srv.db");
  Room room;
  const auto [damaged, name] = GENERATE(table<Table, std::string>(
      {{Table::kIndex, "index row 1"}, {Table::kProgress, "progress row 2"}, {Table::kInput, "input row 2"}}));
  leave_damaged_file(room, path, damaged, name);
  room.disk.reset();
  const auto opened = Engine::open(open_sqlite_store({.path = path}).value(), {}, room.now);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == damage_message(path, name));
}
