#include <filesystem>
#include <memory>
#include <utility>

#include "support/eventually.h"
#include "support/temporary_directory.h"
#include "unit/engine/engine_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

/// An engine on a real file, with some activities in it.
struct FileRoom : Room {
  FileRoom() {
    open_file(directory.file("state.db"));
    for (int i = 0; i < 20; ++i) start("activity " + std::to_string(i));
  }
  std::string copy() const { return directory.file("copy.db"); }
  /// Asks until it is finished, as the command does; the disk takes its own time.
  BackupReply finish(const CollectingSink& first) {
    const CollectingSink* sink = &first;
    const bool finished = longbeat::test::eventually([&] {
      step();
      pass(1s);
      if (sink->get<BackupReply>().finished) return true;
      sink = &submit(BackupRequest{{}, sink->get<BackupReply>().backup_id});
      return false;
    });
    REQUIRE(finished);
    return sink->get<BackupReply>();
  }
  CollectingSink& begin() { return submit(BackupRequest{copy(), {}}); }
  TemporaryDirectory directory{};
};

}  // namespace

TEST_CASE("a backup", "[server][engine][backup]") {
  FileRoom room;

  SECTION("is a file that opens with everything in it") {
    const BackupReply reply = room.finish(room.begin());
    CHECK(reply.pages_copied == reply.pages);
    CHECK(reply.bytes == std::filesystem::file_size(room.copy()));
    Room other;
    other.open_file(room.copy());
    CHECK(other.state("activity 19")->progress.phase == Phase::kScheduled);
    SECTION("and is known no more once it was told") {
      const Status refusal = room.call(BackupRequest{{}, reply.backup_id}).refusal();
      CHECK(refusal.code == StatusCode::kNotFound);
      CHECK_THAT(refusal.message, ContainsSubstring("backup " + reply.backup_id + " is not known"));
    }
    SECTION("and is not overwritten by the next one") {
      CHECK_FALSE(room.call(BackupRequest{room.copy(), {}}).ok());
    }
    SECTION("after which another may be made") {
      CHECK(room.finish(room.submit(BackupRequest{room.directory.file("second.db"), {}})).finished);
    }
  }
  SECTION("is made one at a time") {
    room.begin();
    room.step();
    const Status refusal = room.call(BackupRequest{room.directory.file("second.db"), {}}).refusal();
    CHECK(refusal.code == StatusCode::kFailedPrecondition);
    CHECK(refusal.message == "another backup is being made");
  }
  SECTION("is refused by a server without a file") {
    Room memory;
    CHECK(memory.call(BackupRequest{room.copy(), {}}).refusal().code == StatusCode::kFailedPrecondition);
  }
}

TEST_CASE("a backup whose caller has gone is given up, and leaves nothing", "[server][engine][backup]") {
  FileRoom room;
  room.begin();
  const CallId call = room.last_call;
  room.step();
  room.engine->caller_gone(call);
  room.step();
  SECTION("after a while, and the next one may begin") {
    room.pass(16s);
    CHECK_FALSE(std::filesystem::exists(room.copy() + ".partial"));
    CHECK(room.finish(room.submit(BackupRequest{room.directory.file("second.db"), {}})).finished);
  }
  SECTION("at the end of the server too") {
    room.engine.reset();
    CHECK_FALSE(std::filesystem::exists(room.copy() + ".partial"));
  }
}

namespace {

/// How far the copy of a ScriptedStore is.
struct Copy {
  StatusOr<CopyProgress> state = CopyProgress{.pages = 10};
  bool given_up = false;
};

/// Rows in memory, whose copy comes as far as the test says.
class ScriptedStore final : public Store {
 public:
  explicit ScriptedStore(std::shared_ptr<Copy> copy) : copy_(std::move(copy)) {}
  StatusOr<> commit(std::span<const Write> writes) override { return rows_->commit(writes); }
  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override { return rows_->read(table, key); }
  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    return rows_->scan(table, first, visit);
  }
  StatusOr<> begin_copy(const std::string&) override { return {}; }
  StatusOr<CopyProgress> continue_copy() override { return copy_->state; }
  void give_up_copy() override { copy_->given_up = true; }

 private:
  std::shared_ptr<Copy> copy_;
  std::unique_ptr<Store> rows_ = make_memory_store();
};

struct ScriptedRoom : Room {
  ScriptedRoom() {
    engine.reset();
    disk = std::make_shared<SimulatedDisk>(std::make_unique<ScriptedStore>(copy));
    open();
  }
  CollectingSink& ask(const std::string& id) { return call(BackupRequest{{}, id}); }
  /// A second passes at once; what waits for the backup learns how far it is.
  void stand_still(Duration time = 1s) {
    now += time;
    step();
  }
  std::shared_ptr<Copy> copy = std::make_shared<Copy>();
};

const Status kBroken{StatusCode::kDataLoss, "the disk is broken", {}};
constexpr CopyProgress kFinished{.finished = true, .pages = 10, .pages_copied = 10};

}  // namespace

TEST_CASE("who waits for a backup", "[server][engine][backup]") {
  ScriptedRoom room;
  CollectingSink& first = room.call(BackupRequest{"/copy.db", {}});
  room.step();
  REQUIRE_FALSE(first.answered());

  SECTION("learns at once that it is finished") {
    room.copy->state = kFinished;
    room.step();
    CHECK(first.get<BackupReply>().finished);
  }
  SECTION("learns at once that it has failed") {
    room.copy->state = kBroken;
    room.step();
    CHECK(first.refusal().message == "the disk is broken");
  }
  SECTION("learns every second how far it is") {
    room.copy->state = CopyProgress{.pages = 10, .pages_copied = 3};
    room.step();
    room.stand_still();
    CHECK(first.get<BackupReply>().pages_copied == 3);
    CollectingSink& second = room.ask(first.get<BackupReply>().backup_id);
    CHECK_FALSE(second.answered());
    room.stand_still();
    CHECK_FALSE(second.get<BackupReply>().finished);
  }
  SECTION("is not taken for one who has gone when the server has stood still") {
    room.stand_still(1min);
    CHECK_FALSE(room.ask(first.get<BackupReply>().backup_id).answered());
    CHECK_FALSE(room.copy->given_up);
  }
}

TEST_CASE("between two questions about it a backup", "[server][engine][backup]") {
  ScriptedRoom room;
  CollectingSink& first = room.call(BackupRequest{"/copy.db", {}});
  room.stand_still();
  const std::string id = first.get<BackupReply>().backup_id;

  SECTION("may finish, and the next question is told so") {
    room.copy->state = kFinished;
    room.pass(14s);
    CHECK(room.ask(id).get<BackupReply>().finished);
    CHECK(room.ask(id).refusal().code == StatusCode::kNotFound);
  }
  SECTION("may fail, and the next question is told why") {
    room.copy->state = kBroken;
    room.pass(14s);
    CHECK(room.ask(id).refusal().message == "the disk is broken");
  }
  SECTION("goes on, and the next one does not begin") {
    CHECK(room.call(BackupRequest{"/second.db", {}}).refusal().code == StatusCode::kFailedPrecondition);
    CHECK(room.ask("00000000-0000-4000-8000-000000000000").refusal().code == StatusCode::kNotFound);
    CHECK_FALSE(room.ask(id).answered());
  }
  SECTION("is given up when no question comes any more") {
    room.stand_still(15s);
    CHECK(room.copy->given_up);
    CHECK(room.ask(id).refusal().code == StatusCode::kNotFound);
    CHECK_FALSE(room.call(BackupRequest{"/second.db", {}}).answered());
  }
}

TEST_CASE("for a backup the engine wakes up", "[server][engine][backup]") {
  ScriptedRoom room;
  room.call(BackupRequest{"/copy.db", {}});

  SECTION("at once while there is something to copy") {
    CHECK(room.engine->next_wakeup() == room.now);
  }
  SECTION("soon while it waits for the disk") {
    room.copy->state = CopyProgress{.waits = true, .pages = 10};
    room.step();
    CHECK(room.engine->next_wakeup() > room.now);
    CHECK(room.engine->next_wakeup() <= room.now + 10ms);
  }
  SECTION("no more once it is over, but to forget it") {
    room.stand_still();
    const bool failed = GENERATE(false, true);
    room.copy->state = kFinished;
    if (failed) room.copy->state = kBroken;
    room.step();
    CHECK(room.engine->next_wakeup() > room.now + 10s);
    room.pass(1min);
    CHECK_FALSE(room.engine->next_wakeup());
  }
}
