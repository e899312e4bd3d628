#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "storage/store.h"
#include "support/catch.h"
#include "unit/storage/temporary_directory.h"

using namespace longbeat::server;

namespace {

void execute(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  const int result = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(db);
  REQUIRE(result == SQLITE_OK);
}

std::string refusal(const std::string& path) {
  const auto opened = open_sqlite_store({path});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find('\n') == std::string::npos);
  CHECK_THAT(opened.error().message, ContainsSubstring(path));
  return opened.error().message;
}

}  // namespace

TEST_CASE("opening a database file is refused with one clear line", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");

  SECTION("when another server uses it") {
    const auto first = open_sqlite_store({path}).value();
    CHECK_THAT(refusal(path), ContainsSubstring("in use by another server"));
  }
  SECTION("when another server uses it by another name") {
    const std::string link = directory.file("link.db");
    const bool target_first = GENERATE(true, false);
    if (target_first) open_sqlite_store({path}).value();
    std::filesystem::create_symlink(GENERATE(true, false) ? path : "a.db", link);
    const auto first = open_sqlite_store({link}).value();
    CHECK_THAT(refusal(path), ContainsSubstring("in use by another server"));
    const auto second = open_sqlite_store({link});
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error().message, ContainsSubstring("in use by another server"));
    CHECK_FALSE(open_sqlite_store({std::filesystem::relative(link).string()}));
  }
  SECTION("when it is not SQLite") {
    std::ofstream(path) << std::string(5000, 'q');
    CHECK_THAT(refusal(path), ContainsSubstring("not an SQLite database"));
    CHECK(std::filesystem::file_size(path) == 5000);
  }
  SECTION("when it is somebody else's SQLite file, which stays as it was") {
    execute(path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    const auto size = std::filesystem::file_size(path);
    CHECK_THAT(refusal(path), ContainsSubstring("not longbeat's"));
    CHECK(std::filesystem::file_size(path) == size);
  }
  SECTION("when its format is newer than this server") {
    open_sqlite_store({path}).value();
    execute(path, "UPDATE meta SET value = x'02000000fdffffff' WHERE key = 0");
    CHECK_THAT(refusal(path), ContainsSubstring("has format 2"));
  }
  SECTION("when its format version is damaged") {
    open_sqlite_store({path}).value();
    execute(path, "UPDATE meta SET value = x'02000000feffffff' WHERE key = 0");
    CHECK_THAT(refusal(path), ContainsSubstring("damaged"));
  }
  SECTION("when its directory does not exist") {
    CHECK_THAT(refusal(directory.file("no/such.db")), ContainsSubstring("does not exist"));
  }
  SECTION("when it is a directory") {
    std::filesystem::create_directory(path);
    CHECK_THAT(refusal(path), ContainsSubstring("not a regular file"));
  }
}

TEST_CASE("a commit waits for another process that holds the write lock for a moment", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const auto store = open_sqlite_store({path}).value();
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto committed = std::async(std::launch::async,
                              [&] { return store->commit(std::vector<Write>{{Table::kInput, 1, "value"}}).ok(); });
  CHECK(committed.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  CHECK(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK(committed.get());
}

TEST_CASE("an empty file is taken as a new database", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  std::ofstream(path).flush();
  CHECK(open_sqlite_store({path}));
}

TEST_CASE("a database file is free again once its store is gone", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  open_sqlite_store({path}).value();
  CHECK(open_sqlite_store({path}));
}
