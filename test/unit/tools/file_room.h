#pragma once
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "record/record.h"
#include "storage/read_only.h"
#include "support/files.h"
#include "support/temporary_directory.h"
#include "tools/check.h"
#include "unit/engine/engine_room.h"

/// A database file with some activities, and hands that damage it.
namespace longbeat::server::test {

using longbeat::test::content_of;

/// Name to content of everything in a folder.
inline std::map<std::string, std::string> content_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    all[entry.path().filename()] = content_of(entry.path());
  return all;
}

class FileRoom {
 public:
  FileRoom() { open(); }

  /// The server begins.
  void open() { room.open_file(path); }
  /// And ends; the file is at rest.
  void close() {
    room.engine.reset();
    room.disk.reset();
  }
  /// "open" runs with details, after a failed attempt; "waiting" waits; "done" and "broken" are closed.
  void fill() {
    room.start("open");
    room.fail(room.poll().token);
    room.pass(2s);
    room.beat(room.poll().token, "more details");
    room.start("done");
    room.complete(room.poll().token, "result");
    room.start("broken");
    auto broken = room.failed_request(room.poll().token);
    broken.non_retryable = true;
    room.call(broken);
    room.start("waiting");
  }
  /// The row of this activity.
  std::int64_t row(const std::string& id) {
    const auto file = ReadOnlyFile::open(path).value();
    const auto rows = file->rows(Table::kInput);
    while (rows->next()) {
      const auto input = decode_input({Table::kInput, static_cast<std::uint64_t>(rows->key())}, rows->value());
      if (input && input->activity_id == id) return rows->key();
    }
    FAIL("no activity " << id);
    return 0;
  }
  void sql(const std::string& statement) const {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    char* why = nullptr;
    const int result = sqlite3_exec(db, statement.c_str(), nullptr, nullptr, &why);
    const std::string text = why != nullptr ? why : "";
    sqlite3_free(why);
    sqlite3_close(db);
    INFO(statement << ": " << text);
    REQUIRE(result == SQLITE_OK);
  }
  void put(const std::string& table, std::uint64_t key, const std::string& bytes) const {
    std::string hex;
    for (const char c : bytes) {
      constexpr char kHex[] = "0123456789abcdef";
      hex += {kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
    }
    sql("REPLACE INTO " + table + " VALUES (" + std::to_string(key) + ", x'" + hex + "')");
  }
  /// The last byte of the row's value is another one.
  void flip(const std::string& table, std::int64_t key) const {
    sql("UPDATE " + table +
        " SET value = CAST(substr(value, 1, length(value) - 1) || CASE substr(value, -1) WHEN x'55' "
        "THEN x'56' ELSE x'55' END AS BLOB) WHERE key = " +
        std::to_string(key));
  }

  CheckReport check() {
    defects.clear();
    const auto file = ReadOnlyFile::open(path).value();
    const auto report = check_file(*file, [this](const std::string& line) { defects.push_back(line); });
    CHECK(report.defects() == defects.size());
    last_summary = summary(report, *file);
    return report;
  }
  /// The one defect there is.
  std::string defect() {
    check();
    INFO(last_summary);
    for (const std::string& line : defects) UNSCOPED_INFO(line);
    REQUIRE(defects.size() == 1);
    return defects.front();
  }

  TemporaryDirectory directory{};
  std::string path = directory.file("a.db");
  Room room{};
  std::vector<std::string> defects{};
  std::string last_summary{};
};

}  // namespace longbeat::server::test
