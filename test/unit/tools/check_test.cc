#include <algorithm>

#include "engine/index_row.h"
#include "unit/tools/file_room.h"

using namespace longbeat::server;
using namespace longbeat::server::test;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

TEST_CASE("check finds nothing in a file that a server left", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  const auto before = content_below(std::filesystem::path(t.path).parent_path());
  const auto report = t.check();
  CHECK(t.defects.empty());
  CHECK(report.open == 2);
  CHECK(report.closed == 2);
  CHECK(report.tables[static_cast<std::size_t>(Table::kInput)].rows == 4);
  CHECK(report.tables[static_cast<std::size_t>(Table::kDetails)].rows == 1);
  CHECK_THAT(t.last_summary, ContainsSubstring("activities: 2 open, 2 closed\nno defects\n"));
  CHECK(content_below(std::filesystem::path(t.path).parent_path()) == before);
}

TEST_CASE("check reads the log of a server that was killed, and leaves it as it is", "[server][tools]") {
  FileRoom t;
  t.fill();
  const TemporaryDirectory elsewhere;
  for (const char* end : {"", "-wal"}) std::filesystem::copy_file(t.path + end, elsewhere.file("b.db") + end);
  const auto before = content_below(elsewhere.file(""));
  REQUIRE(before.size() == 2);
  REQUIRE(before.at("b.db-wal").size() > 10'000);
  const auto file = ReadOnlyFile::open(elsewhere.file("b.db")).value();
  CHECK(file->log_bytes() == before.at("b.db-wal").size());
  const auto report = check_file(*file, [](const std::string& line) { FAIL_CHECK(line); });
  CHECK(report.open == 2);
  CHECK(report.closed == 2);
  auto after = content_below(elsewhere.file(""));
  CHECK(after.erase("b.db.lock") == 1);  // Held while it is open.
  CHECK(after == before);
}

TEST_CASE("check names a damaged row by table and number", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  const auto open = t.row("open"), done = t.row("done");
  const auto damaged = [&](const std::string& table, std::int64_t key) {
    t.flip(table, key);
    return t.defect();
  };
  const std::string wrong = " is damaged: its checksum does not match";
  SECTION("progress") {
    CHECK(damaged("progress", open) == "progress row " + std::to_string(open) + wrong);
  }
  SECTION("input") {
    CHECK(damaged("input", open) == "input row " + std::to_string(open) + wrong);
  }
  SECTION("details") {
    CHECK(damaged("details", open) == "details row " + std::to_string(open) + wrong);
  }
  SECTION("failure") {
    CHECK(damaged("failure", open) == "failure row " + std::to_string(open) + wrong);
  }
  SECTION("closed") {
    CHECK(damaged("closed", done) == "closed row " + std::to_string(done) + wrong);
  }
  SECTION("index") {
    CHECK(damaged("id_index", done) == "index row " + std::to_string(done) + wrong);
  }
  SECTION("namespace") {
    CHECK(damaged("namespace", 1) == "namespace row 1" + wrong);
  }
  SECTION("meta") {
    CHECK(damaged("meta", 1) == "meta row 1" + wrong);
  }
  SECTION("the format version") {
    CHECK_THAT(damaged("meta", 0), ContainsSubstring("meta row 0 is damaged: ") && ContainsSubstring("format version"));
  }
  SECTION("every one of them") {
    for (const char* table : {"progress", "input", "details", "failure", "closed", "id_index"}) {
      t.sql("UPDATE " + std::string(table) + " SET value = x'0000'");
    }
    CHECK(t.check().defects() == 2 + 4 + 1 + 2 + 2 + 2);
  }
}

TEST_CASE("check compares the tables with each other", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  const auto open = std::to_string(t.row("open")), done = std::to_string(t.row("done"));
  SECTION("an activity without its input") {
    t.sql("DELETE FROM input WHERE key = " + open);
    CHECK(t.defect() == "input row " + open + " is missing");
  }
  SECTION("a closed activity without its outcome") {
    t.sql("DELETE FROM closed WHERE key = " + done);
    CHECK(t.defect() == "closed row " + done + " is missing: its outcome is lost");
  }
  SECTION("a closed activity that cannot be found") {
    t.sql("DELETE FROM id_index WHERE key = " + done);
    CHECK_THAT(t.defect(), StartsWith("index row " + done + " is missing"));
  }
  SECTION("rows without an owner") {
    t.sql("DELETE FROM progress WHERE key = " + open);
    t.check();
    REQUIRE(t.defects.size() == 3);
    CHECK_THAT(t.defects[0], StartsWith("input row " + open + " belongs to no activity"));
    CHECK_THAT(t.defects[1], StartsWith("details row " + open + " belongs to no activity"));
    CHECK_THAT(t.defects[2], StartsWith("failure row " + open + " belongs to no activity"));
  }
  SECTION("an activity that is open and closed") {
    ActivityProgress progress;
    std::string bytes;
    encode_progress({Table::kProgress, std::stoull(done)}, progress, bytes);
    t.put("progress", std::stoull(done), bytes);
    CHECK(t.defect() == "progress row " + done + " is of an activity that is also closed");
  }
  SECTION("an index entry of another run") {
    std::string bytes;
    encode_index_row(std::stoull(done), {.id = fingerprint(1, "another"), .run = 5, .close_time = 7, .namespace_id = 9},
                     bytes);
    t.put("id_index", std::stoull(done), bytes);
    t.check();
    REQUIRE(t.defects.size() == 3);
    CHECK(t.defects[0] == "index row " + done + " has another close time than the closed activity");
    CHECK(t.defects[1] == "index row " + done + " is of another activity or run than its input");
    CHECK(t.defects[2] == "index row " + done + " is of another namespace than its input");
  }
  SECTION("a missing namespace") {
    t.sql("DELETE FROM namespace");
    t.check();
    REQUIRE(t.defects.size() == 4);
    CHECK_THAT(t.defects[0], EndsWith(" belongs to namespace number 1, which does not exist"));
  }
  SECTION("missing facts of the file") {
    t.sql("DELETE FROM meta WHERE key = 1");
    CHECK(t.defect() == "meta row 1 is missing");
  }
  SECTION("numbers that would be given away again") {
    std::string bytes;
    encode_meta({Table::kMeta, kMetaRow}, {.next_row = 3}, bytes);
    t.put("meta", 1, bytes);
    CHECK(t.defect() == "meta row 1 says that row numbers are free from 3 on, but 2 of them are taken");
  }
  SECTION("two namespaces of one name") {
    std::string bytes;
    encode_namespace({Table::kNamespace, 2}, {.number = 2, .name = "default"}, bytes);
    t.put("namespace", 2, bytes);
    CHECK(t.defect() == "namespace row 2 has the name 'default' of row 1");
  }
  SECTION("a missing table") {
    t.sql("DROP TABLE callbacks");
    CHECK(t.defect() == "table callbacks is missing");
  }
  SECTION("a table that cannot be read at all") {
    t.sql("DROP TABLE callbacks; CREATE TABLE callbacks (other INTEGER)");
    CHECK(t.defect() == "callbacks rows from 0 on cannot be read, as far as there are any: no such column: key");
  }
  SECTION("namespaces that cannot be read, to which rows may belong") {
    t.sql("DROP TABLE namespace; CREATE TABLE namespace (other INTEGER)");
    CHECK_THAT(t.defect(), StartsWith("namespace rows from 0 on cannot be read"));
  }
}

TEST_CASE("check passes over a page that SQLite cannot read", "[server][tools]") {
  FileRoom t;
  for (int i = 0; i < 500; ++i) t.room.start("a" + std::to_string(i));
  t.close();
  const auto all = t.check();
  REQUIRE(t.defects.empty());
  // Leaves of the b-tree of inputs begin with 13; one of them in the middle of the file.
  std::string bytes = content_of(t.path);
  std::size_t broken = 0;
  for (std::size_t page = bytes.size() / 4096 / 2; broken == 0 && page < bytes.size() / 4096; ++page) {
    if (bytes[page * 4096] == 13 && bytes.substr(page * 4096, 4096).find("some input") != std::string::npos)
      broken = page;
  }
  REQUIRE(broken > 0);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(broken) * 4096, 4096, 'x');
  std::ofstream(t.path, std::ios::binary) << bytes;
  const auto report = t.check();
  const auto rows = [](const CheckReport& of) { return of.tables[static_cast<std::size_t>(Table::kInput)].rows; };
  CHECK(rows(report) < rows(all));
  CHECK(rows(report) > rows(all) - 100);
  CHECK(report.open == all.open);
  CHECK(report.structure_defects > 0);
  std::size_t hidden = 0;
  for (const std::string& line : t.defects) {
    CHECK(line.find("is missing") == std::string::npos);
    hidden += line.find("input rows from ") == 0 ? 1 : 0;
  }
  CHECK(hidden == 1);
}

TEST_CASE("check refuses what it cannot look at, with one clear line", "[server][tools]") {
  FileRoom t;
  t.fill();
  const auto refusal = [](const std::string& path) {
    const auto opened = ReadOnlyFile::open(path);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find('\n') == std::string::npos);
    return opened.error().message;
  };
  SECTION("a file that a server uses") {
    CHECK_THAT(refusal(t.path), ContainsSubstring("is in use by a running server"));
  }
  SECTION("no file") {
    CHECK_THAT(refusal(t.directory.file("none.db")), ContainsSubstring("No such file"));
  }
  SECTION("a folder") {
    CHECK_THAT(refusal(t.directory.file("")), ContainsSubstring("is not a regular file"));
  }
  SECTION("a file that is not SQLite") {
    std::ofstream(t.directory.file("text")) << std::string(5000, 'q');
    CHECK_THAT(refusal(t.directory.file("text")), ContainsSubstring("is not an SQLite database"));
  }
  SECTION("an empty file") {
    std::ofstream(t.directory.file("empty")) << "";
    CHECK_THAT(refusal(t.directory.file("empty")), ContainsSubstring("is empty"));
  }
  SECTION("a newer format") {
    t.close();
    t.put("meta", 0, std::string("\x09\0\0\0\xf6\xff\xff\xff", 8));
    CHECK_THAT(refusal(t.path), ContainsSubstring("has format 9"));
  }
}

TEST_CASE("no server takes a file while it is looked at", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  {
    const auto first = ReadOnlyFile::open(t.path).value();
    const auto second = ReadOnlyFile::open(t.path);
    CHECK(second.ok());
    CHECK_FALSE(open_sqlite_store({.path = t.path}));
  }
  CHECK(open_sqlite_store({.path = t.path}).ok());
}

TEST_CASE("check sees damage in the log, which SQLite takes for its end", "[server][tools]") {
  FileRoom t;
  t.fill();
  t.close();
  t.open();
  for (const char* id : {"r", "s", "t", "u", "v", "w"}) t.room.start(id);
  const TemporaryDirectory elsewhere;
  const std::string path = elsewhere.file("b.db"), log = path + "-wal";
  for (const char* end : {"", "-wal"}) std::filesystem::copy_file(t.path + end, path + end);
  constexpr std::size_t kFrame = 4096 + 24;
  std::string bytes = content_of(log);
  const std::size_t frames = (bytes.size() - 32) / kFrame;
  std::vector<std::string> told;
  const auto check = [&] {
    std::ofstream(log, std::ios::binary) << bytes;
    told.clear();
    const auto file = ReadOnlyFile::open(path).value();
    const auto report = check_file(*file, [&](const std::string& line) { told.push_back(line); });
    const auto of_log = [](const std::string& line) { return line.find("log: ") == 0; };
    CHECK(report.log_defects == static_cast<std::size_t>(std::count_if(told.begin(), told.end(), of_log)));
    return report;
  };
  SECTION("a flipped bit in the middle hides acknowledged transactions") {
    bytes[32 + (frames / 2) * kFrame + 1000] ^= 1;
    const auto report = check();
    CHECK(report.log.frames <= frames / 2);
    CHECK(report.log.commits_behind > 1);
    REQUIRE(report.log_defects == 1);
    CHECK_THAT(told.front(), StartsWith("log: damaged behind frame " + std::to_string(report.log.frames) + ": "));
  }
  SECTION("a damaged header hides all of it") {
    bytes[17] ^= 1;
    CHECK(check().log.header_damaged);
    REQUIRE(told.size() == 1);
    CHECK(told.front() == "log: its header is damaged: nothing of it is read");
  }
  SECTION("a last transaction that was cut off is none") {
    const std::size_t whole = check().log.frames;
    CHECK(whole == frames);
    bytes[bytes.size() - 1000] ^= 1;
    const auto report = check();
    CHECK(report.log_defects == 0);
    CHECK(report.log.frames_behind > 0);
    CHECK(report.log.frames < whole);
    bytes.resize(bytes.size() - 5000);
    CHECK(check().log_defects == 0);
  }
}

TEST_CASE("a young file whose log is damaged is not taken for a new one", "[server][tools]") {
  FileRoom t;
  t.fill();
  const TemporaryDirectory elsewhere;
  const std::string path = elsewhere.file("b.db");
  for (const char* end : {"", "-wal"}) std::filesystem::copy_file(t.path + end, path + end);
  std::string bytes = content_of(path + "-wal");
  bytes[17] ^= 1;
  std::ofstream(path + "-wal", std::ios::binary) << bytes;
  const auto before = content_below(elsewhere.file(""));
  const std::string refusal = "database file '" + path + "' holds nothing, and its log is damaged";
  const auto looked_at = ReadOnlyFile::open(path);
  REQUIRE_FALSE(looked_at);
  CHECK(looked_at.error().message == refusal);
  const auto opened = open_sqlite_store({.path = path});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == refusal);
  CHECK(content_below(elsewhere.file("")) == before);
}
