// A copy of a file in use: the store's part, and the engine's call around it.
#include "support/eventually.h"
#include "unit/tools/file_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

/// The thread that syncs the copy is a real one.
template <class Condition>
bool eventually(Condition is_so) {
  return longbeat::test::eventually(is_so, 20s, 100us);
}

bool finishes(Store& store) {
  return eventually([&] {
    const auto progress = store.continue_copy();
    REQUIRE(progress.ok());
    return progress->finished;
  });
}

std::string refusal(Store& store, const std::string& to) {
  const auto begun = store.begin_copy(to);
  REQUIRE_FALSE(begun);
  return begun.error().message;
}

bool exists(const std::string& path) {
  return std::filesystem::exists(path);
}

std::string value_in(const std::string& path, std::uint64_t key) {
  const auto store = open_sqlite_store({.path = path}).value();
  return store->read(Table::kDetails, key).value().value_or("nothing");
}

}  // namespace

TEST_CASE("a copy has what was committed before and while it was made", "[server][tools]") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite_store({.path = directory.file("a.db")}).value();
  const std::string large(3000, 'v');
  for (std::uint64_t key = 1; key <= 2000; ++key)
    REQUIRE(store->commit(std::vector<Write>{{Table::kDetails, key, large}}).ok());
  const std::string to = directory.file("copy.db");
  REQUIRE(store->begin_copy(to).ok());
  CHECK(exists(to + ".partial"));
  CopyProgress progress;
  int commits = 0;
  // Rows already copied and rows not yet copied change; none of it makes it begin again.
  REQUIRE(eventually([&] {
    const auto next = store->continue_copy();
    REQUIRE(next.ok());
    CHECK(next->pages_copied >= progress.pages_copied);
    progress = *next;
    if (progress.pages_copied < progress.pages) {
      ++commits;
      const std::string value = "changed " + std::to_string(commits);
      const auto key = static_cast<std::uint64_t>(commits);
      REQUIRE(store
                  ->commit(std::vector<Write>{
                      {Table::kDetails, key, value}, {Table::kDetails, 2001 - key, value}, {Table::kInput, key, value}})
                  .ok());
      store->maintain();
    }
    return progress.finished;
  }));
  CHECK(commits > 10);
  CHECK_FALSE(exists(to + ".partial"));
  CHECK(progress.bytes == std::filesystem::file_size(to));
  CHECK(std::filesystem::status(to).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(value_in(to, 1) == "changed 1");
  CHECK(value_in(to, static_cast<std::uint64_t>(commits)) == "changed " + std::to_string(commits));
  CHECK(value_in(to, 1000) == large);
  // The store goes on, and may be copied again.
  REQUIRE(store->begin_copy(directory.file("again.db")).ok());
  CHECK(finishes(*store));
}

TEST_CASE("a copy is refused with one clear line", "[server][tools]") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite_store({.path = directory.file("a.db")}).value();
  const std::string to = directory.file("copy.db");
  SECTION("to a file that exists") {
    std::ofstream(to) << "mine";
    CHECK(refusal(*store, to) == "'" + to + "' exists already");
    CHECK(content_of(to) == "mine");
  }
  SECTION("to a link that leads nowhere") {
    std::filesystem::create_symlink("nowhere", to);
    CHECK(refusal(*store, to) == "'" + to + "' exists already");
  }
  SECTION("beside the rest of another one") {
    std::ofstream(to + ".partial") << "rest";
    CHECK_THAT(refusal(*store, to), ContainsSubstring("remove it first"));
    CHECK(content_of(to + ".partial") == "rest");
  }
  SECTION("by a relative name") {
    CHECK(refusal(*store, "copy.db") == "'copy.db' is not an absolute path");
  }
  SECTION("into a folder that does not exist") {
    CHECK_THAT(refusal(*store, directory.file("no/copy.db")), ContainsSubstring("No such file or directory"));
  }
  SECTION("by a name that belongs to the database") {
    for (const char* end : {"-journal", ".visibility", ".visibility-journal", ".reserve"}) {
      CHECK_THAT(refusal(*store, directory.file("a.db") + end), ContainsSubstring("own files"));
    }
  }
  SECTION("while another one is made") {
    REQUIRE(store->begin_copy(to).ok());
    CHECK(refusal(*store, directory.file("other.db")) == "another copy is being made");
  }
  SECTION("of a state in memory") {
    CHECK_THAT(refusal(*make_memory_store(), to), ContainsSubstring("in memory only"));
  }
}

TEST_CASE("nothing stays of a copy that is given up", "[server][tools]") {
  const TemporaryDirectory directory;
  const std::string to = directory.file("copy.db");
  auto store = open_sqlite_store({.path = directory.file("a.db")}).value();
  REQUIRE(store->begin_copy(to).ok());
  SECTION("on request") {
    store->give_up_copy();
  }
  SECTION("with its store") {
    store.reset();
  }
  SECTION("because its name was taken meanwhile") {
    std::ofstream(to) << "mine";
    REQUIRE(eventually([&] { return !store->continue_copy(); }));
    CHECK(content_of(to) == "mine");
  }
  CHECK_FALSE(exists(to + ".partial"));
}

TEST_CASE("the call for a backup", "[server][tools]") {
  FileRoom t;
  t.fill();
  Room& room = t.room;
  // A file of several slices, each a step: two of them do not finish it.
  auto large = room.start_request("large");
  large.input = std::string(std::size_t{1} << 20, 'x');
  room.call(large);
  const std::string to = t.directory.file("backup.db");
  SECTION("is answered when the backup is finished") {
    auto& call = room.submit(BackupRequest{to});
    REQUIRE(eventually([&] { return room.step(), call.answered(); }));
    CHECK(call.get<BackupReply>().finished);
    CHECK(call.get<BackupReply>().bytes == std::filesystem::file_size(to));
    CHECK_FALSE(room.engine->next_wakeup() == room.now);
    t.path = to;
    const auto report = t.check();
    CHECK(t.defects.empty());
    CHECK(report.open == 3);
    CHECK(report.closed == 2);
  }
  SECTION("tells every second how far it is, and is asked again by its ID") {
    auto& first = room.submit(BackupRequest{to});
    room.step();
    CHECK_FALSE(first.answered());
    CHECK(*room.engine->next_wakeup() <= room.now + 2ms);
    room.now += 1s;
    room.step();
    const auto reply = first.get<BackupReply>();
    CHECK_FALSE(reply.finished);
    CHECK(reply.pages_copied > 0);
    room.now += 10s;
    auto& second = room.submit(BackupRequest{to, reply.backup_id});
    REQUIRE(eventually([&] { return room.step(), second.answered(); }));
    CHECK(second.get<BackupReply>().finished);
  }
  SECTION("is forgotten with its backup when nobody asks again for 15 seconds") {
    auto& first = room.submit(BackupRequest{to});
    room.step();
    room.now += 1s;
    room.step();
    const auto id = first.get<BackupReply>().backup_id;
    room.now += 15s;
    room.step();
    CHECK_FALSE(exists(to + ".partial"));
    CHECK(room.call(BackupRequest{to, id}).refusal().code == StatusCode::kNotFound);
  }
  SECTION("is given up with its caller") {
    auto& call = room.submit(BackupRequest{to});
    room.step();
    CHECK(exists(to + ".partial"));
    room.engine->caller_gone(room.last_call);
    room.step();
    CHECK(call.refusal().code == StatusCode::kCancelled);
    CHECK_FALSE(exists(to + ".partial"));
    CHECK_FALSE(exists(to));
  }
  SECTION("is refused while another one is made, and when it cannot be made") {
    room.submit(BackupRequest{to});
    room.step();
    CHECK_THAT(room.call(BackupRequest{t.directory.file("other.db")}).refusal().message,
               ContainsSubstring("another backup is being made"));
    CHECK(room.call(BackupRequest{to, "unknown"}).refusal().code == StatusCode::kNotFound);
  }
  SECTION("ends with the engine") {
    auto& call = room.submit(BackupRequest{to});
    room.step();
    room.disk->fail_next_commit(CommitFault::kNothingApplied);
    room.submit(room.start_request("last"));
    room.step();
    CHECK(call.refusal().code == StatusCode::kUnavailable);
    CHECK_FALSE(exists(to + ".partial"));
  }
  SECTION("is refused by a server that keeps its state in memory") {
    Room memory;
    CHECK_THAT(memory.call(BackupRequest{to}).refusal().message, ContainsSubstring("in memory only"));
    CHECK_FALSE(exists(to + ".partial"));
  }
}
