// Who holds the lock file, and what happens when it goes away between its opening and its locking.
#include <filesystem>
#include <fstream>

#include "storage/read_only.h"
#include "support/catch.h"
#include "support/system_calls.h"
#include "support/temporary_directory.h"

using namespace longbeat::server;
using longbeat::test::SystemCalls;

namespace {

struct Room {
  Room() { open_sqlite_store({path}).value(); }
  bool has_lock_file() const { return std::filesystem::exists(path + ".lock"); }
  /// Somebody who was refused takes away the lock file that he has made.
  void lock_file_goes_away_meanwhile() const {
    SystemCalls::instance().before_flock = [file = path + ".lock"] { std::filesystem::remove(file); };
  }
  std::string refusal() const {
    const auto opened = open_sqlite_store({path});
    return opened ? "it was opened" : opened.error().message;
  }

  TemporaryDirectory directory{};
  std::string path = directory.file("a.db");
};

}  // namespace

TEST_CASE("a lock file that goes away while it is taken is made anew", "[server][storage]") {
  const Room room;
  REQUIRE(room.has_lock_file());
  room.lock_file_goes_away_meanwhile();
  SECTION("by who only reads") {
    const auto file = ReadOnlyFile::open(room.path).value();
    CHECK(room.has_lock_file());
    CHECK_THAT(room.refusal(), ContainsSubstring("is in use by another server"));
  }
  SECTION("by a server") {
    const auto store = open_sqlite_store({room.path}).value();
    CHECK(room.has_lock_file());
    CHECK_THAT(room.refusal(), ContainsSubstring("is in use by another server"));
  }
}

TEST_CASE("who only reads a file", "[server][storage]") {
  const Room room;
  SECTION("shares a lock file that is there, and leaves it") {
    {
      const auto first = ReadOnlyFile::open(room.path).value();
      CHECK(ReadOnlyFile::open(room.path).ok());
    }
    CHECK(room.has_lock_file());
  }
  SECTION("makes one where there is none, and takes it away again") {
    std::filesystem::remove(room.path + ".lock");
    {
      const auto file = ReadOnlyFile::open(room.path).value();
      CHECK(room.has_lock_file());
    }
    CHECK_FALSE(room.has_lock_file());
  }
  SECTION("is refused while a server runs") {
    const auto store = open_sqlite_store({room.path}).value();
    const auto file = ReadOnlyFile::open(room.path);
    REQUIRE_FALSE(file);
    CHECK_THAT(file.error().message, ContainsSubstring("is in use by a running server: stop it, or make a copy"));
  }
  SECTION("is refused by name where the lock file leads nowhere") {
    std::filesystem::remove(room.path + ".lock");
    std::filesystem::create_symlink(room.directory.file("no/such.lock"), room.path + ".lock");
    const auto file = ReadOnlyFile::open(room.path);
    REQUIRE_FALSE(file);
    CHECK_THAT(file.error().message, ContainsSubstring("lock file"));
  }
}
