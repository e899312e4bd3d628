#include <filesystem>

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
