#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "storage/store.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

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
  SECTION("when it is not SQLite, however short, and stays as it was") {
    for (const std::string& content :
         {std::string("h"), std::string("\0", 1), std::string("hi"), std::string("SQLite format 3"),
          std::string("SQLite format 3\0", 16), std::string(100, '\0'), std::string(4096, '\0')}) {
      CAPTURE(content);
      std::ofstream(path, std::ios::trunc) << content;
      CHECK_THAT(refusal(path), ContainsSubstring("not an SQLite database"));
      std::ifstream in(path);
      CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == content);
      CHECK_FALSE(std::filesystem::exists(path + ".lock"));
    }
  }
  SECTION("when a table is missing") {
    open_sqlite_store({path}).value();
    execute(path, "DROP TABLE " + std::string(GENERATE("meta", "progress", "task_queue")));
    CHECK_THAT(refusal(path), ContainsSubstring("no such table"));
  }
  SECTION("when it cannot be brought to this format, and stays as it was") {
    open_sqlite_store({path}).value();
    execute(path, "DROP TABLE task_queue; UPDATE meta SET value = x'01000000feffffff' WHERE key = 0");
    CHECK_THAT(refusal(path), ContainsSubstring("callbacks already exists"));
    execute(path, "DROP TABLE callbacks");
    CHECK(open_sqlite_store({path}));
  }
  SECTION("when it is somebody else's SQLite file, which stays as it was") {
    execute(path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    const auto size = std::filesystem::file_size(path);
    CHECK_THAT(refusal(path), ContainsSubstring("not longbeat's"));
    CHECK(std::filesystem::file_size(path) == size);
  }
  SECTION("when its format is newer than this server") {
    open_sqlite_store({path}).value();
    execute(path, "UPDATE meta SET value = x'7f00000080ffffff' WHERE key = 0");
    CHECK_THAT(refusal(path), ContainsSubstring("has format 127"));
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
  SECTION("when it has a second name, whoever uses it") {
    const auto first = open_sqlite_store({path}).value();
    const std::string other = directory.file("b.db");
    std::filesystem::create_hard_link(path, other);
    CHECK_THAT(refusal(other), ContainsSubstring("has 2 names (hard links)"));
    CHECK_FALSE(std::filesystem::exists(other + ".lock"));
  }
}

TEST_CASE("a refusal leaves no lock file behind", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const auto others = [&] {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
      if (entry.path() != path) names.push_back(entry.path().filename().string());
    }
    return names;
  };
  SECTION("of what is not SQLite") {
    std::ofstream(path) << std::string(5000, 'q');
    refusal(path);
    CHECK(others().empty());
  }
  SECTION("of somebody else's SQLite file") {
    execute(path, "PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)");
    refusal(path);
    CHECK(others().empty());
  }
  SECTION("of a newer format that came without one") {
    open_sqlite_store({path}).value();
    execute(path, "UPDATE meta SET value = x'7f00000080ffffff' WHERE key = 0");
    std::filesystem::remove(path + ".lock");
    refusal(path);
    CHECK(others().empty());
  }
  SECTION("of a directory") {
    std::filesystem::create_directory(path);
    refusal(path);
    CHECK(others().empty());
  }
  SECTION("unless it was there before") {
    std::ofstream(path) << std::string(5000, 'q');
    std::ofstream(path + ".lock").flush();
    refusal(path);
    CHECK(others() == std::vector<std::string>{"a.db.lock"});
  }
  SECTION("and takes none away that another server holds") {
    const auto first = open_sqlite_store({path}).value();
    refusal(path);
    CHECK(std::filesystem::exists(path + ".lock"));
    refusal(path);
  }
}

TEST_CASE("a lock file that leads nowhere is refused by name", "[server][storage]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  std::filesystem::create_symlink(directory.file("no/such.lock"), path + ".lock");
  CHECK_THAT(refusal(path), ContainsSubstring("lock file"));
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
  CHECK(std::filesystem::exists(path + ".lock"));  // Stays: only a refusal takes its own away.
}
