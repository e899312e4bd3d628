// What becomes of a file of the first format on its way to the present one, and of one that is newer than we are.
#include <algorithm>

#include "storage/sqlite_file.h"
#include "support/fault_vfs.h"
#include "unit/tools/file_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;

namespace {

const std::string kFirstFormat = std::string(LONGBEAT_SOURCE_DIR) + "/test/formats/format-1.db";

/// A folder with an old file as it was stored.
struct OldFile {
  OldFile() {
    std::filesystem::copy_file(kFirstFormat, path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  TemporaryDirectory directory{};
  std::string path = directory.file("old.db");
};

/// Its format, and every row of every table.
struct Rows {
  std::uint32_t format = 0;
  std::map<std::pair<Table, std::int64_t>, std::string> rows{};
};

Rows rows_of(const std::string& path) {
  const auto file = ReadOnlyFile::open(path).value();
  Rows all;
  all.format = file->format().value();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const auto table = static_cast<Table>(i);
    CHECK(file->has(table) == (i < sqlite::tables_of_format(all.format)));
    const auto rows = file->rows(table);
    while (rows && rows->next()) {
      if (table != Table::kMeta || rows->key() != 0) all.rows[{table, rows->key()}] = rows->value();
    }
  }
  CheckReport report = check_file(*file, [](const std::string& line) { FAIL_CHECK(line); });
  CHECK(report.open + report.closed > 10);
  return all;
}

}  // namespace

TEST_CASE("a file of the first format becomes one of the present format", "[server][tools]") {
  const OldFile old;
  const Rows before = rows_of(old.path);
  REQUIRE(before.format == 1);
  open_sqlite_store({.path = old.path}).value();
  const Rows after = rows_of(old.path);
  CHECK(after.format == sqlite::kFormatVersion);
  CHECK(after.rows == before.rows);
}

TEST_CASE("a crash in the middle of a migration leaves the old file or the new one", "[server][tools]") {
  const OldFile old;
  const Rows before = rows_of(old.path);
  const std::string file = content_of(old.path);
  const auto store = open_sqlite_store({.path = old.path}).value();
  REQUIRE(content_of(old.path) == file);  // Everything it wrote is in the log.
  const std::string log = content_of(old.path + "-wal");
  REQUIRE(log.size() > 4096);
  std::size_t old_ones = 0, new_ones = 0;
  // What a kill left of the log: every whole page, and pages cut in the middle.
  for (std::size_t length = 0;; length = std::min(length + 2060, log.size())) {
    const TemporaryDirectory after;
    const std::string path = after.file("killed.db");
    std::ofstream(path, std::ios::binary) << file;
    std::ofstream(path + "-wal", std::ios::binary) << log.substr(0, length);
    const Rows left = rows_of(path);
    ++(left.format == 1 ? old_ones : new_ones);
    CHECK(left.rows == before.rows);
    open_sqlite_store({.path = path}).value();
    const Rows next = rows_of(path);
    CHECK(next.format == sqlite::kFormatVersion);
    CHECK(next.rows == before.rows);
    if (length == log.size()) break;
  }
  CHECK(old_ones > 2);
  CHECK(new_ones > 0);
}

TEST_CASE("a migration that the disk refuses changes nothing", "[server][tools]") {
  auto& disk = longbeat::test::FaultVfs::install();
  const OldFile old;
  const Rows before = rows_of(old.path);
  int refused = 0;
  for (auto* fault : {&disk.fail_write_in, &disk.fail_sync_in}) {
    for (int n = 1;; ++n) {
      REQUIRE(n < 1000);
      *fault = n;
      const auto opened = open_sqlite_store({.path = old.path});
      disk.heal();
      if (opened) break;  // It came through before the n-th one.
      ++refused;
      CHECK(rows_of(old.path).rows == before.rows);
    }
  }
  CHECK(refused > 0);
  CHECK(open_sqlite_store({.path = old.path}).ok());
}

TEST_CASE("an older server refuses a newer file and leaves it untouched", "[server][tools]") {
  FileRoom t;
  t.fill();
  const TemporaryDirectory elsewhere;
  const std::string path = elsewhere.file("newer.db");
  const auto newer = static_cast<char>(sqlite::kFormatVersion + 1);
  const std::string version{newer, 0, 0, 0, static_cast<char>(~newer), '\xff', '\xff', '\xff'};
  SECTION("that was closed") {
    t.close();
    t.put("meta", 0, version);
    std::filesystem::copy_file(t.path, path);
  }
  SECTION("whose server was killed, so that part of it is in the log") {
    // By way of the store, so that it stays there.
    REQUIRE(t.room.disk->content().commit(std::vector<Write>{{Table::kMeta, 0, version}}).ok());
    for (const char* end : {"", "-wal"}) std::filesystem::copy_file(t.path + end, path + end);
  }
  const auto before = content_below(elsewhere.file(""));
  const auto opened = open_sqlite_store({.path = path});
  REQUIRE_FALSE(opened);
  const std::string number = std::to_string(sqlite::kFormatVersion);
  CHECK(opened.error().message == "database file '" + path + "' has format " +
                                      std::to_string(sqlite::kFormatVersion + 1) +
                                      ", this server knows formats up to " + number + ": use a newer longbeat-server");
  CHECK(content_below(elsewhere.file("")) == before);
}
