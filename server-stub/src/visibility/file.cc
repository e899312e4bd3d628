#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/log.h"
#include "visibility/projection.h"

namespace longbeat::server::projection {
namespace {

constexpr std::string_view kFormat = "1";
constexpr std::int64_t kApplicationId = 0x6c627669;  // "lbvi": marks the file as ours in SQLite's header.

constexpr const char* kTables = R"(
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE activity (
  row INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, activity_id TEXT NOT NULL, run_id TEXT NOT NULL,
  type TEXT NOT NULL, task_queue TEXT NOT NULL, status INTEGER NOT NULL, open_status INTEGER NOT NULL,
  start_time INTEGER NOT NULL, execution_time INTEGER NOT NULL, close_time INTEGER, close_order INTEGER NOT NULL,
  transitions INTEGER NOT NULL, size INTEGER NOT NULL, digest INTEGER NOT NULL, search_attributes BLOB NOT NULL) STRICT;
CREATE INDEX by_time ON activity (namespace, close_order, start_time, row, close_time, status);
CREATE INDEX by_status ON activity (namespace, status, close_order, start_time);
CREATE INDEX by_type ON activity (namespace, type, close_order, start_time);
CREATE INDEX by_queue ON activity (namespace, task_queue, close_order, start_time);
CREATE INDEX by_id ON activity (namespace, activity_id);
CREATE INDEX by_run ON activity (run_id);
CREATE TABLE attribute (
  namespace INTEGER NOT NULL, name TEXT NOT NULL, type INTEGER NOT NULL, value ANY NOT NULL, row INTEGER NOT NULL,
  PRIMARY KEY (namespace, name, type, value, row)) STRICT, WITHOUT ROWID;
CREATE INDEX attribute_of_row ON attribute (row, name, type, value);
)";

/// What SQLite would find in a large file: rows, then rows that agree in the first columns. Without it a search for one
/// ID would go through all rows in the order of the list.
constexpr const char* kStatistics = R"(
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 VALUES
  ('activity', 'by_time', '1000000 500000 50000 2 1 1 1'), ('activity', 'by_status', '1000000 500000 100000 10000 2'),
  ('activity', 'by_type', '1000000 500000 20000 1000 2'), ('activity', 'by_queue', '1000000 500000 20000 1000 2'),
  ('activity', 'by_id', '1000000 500000 2'), ('activity', 'by_run', '1000000 1'),
  ('attribute', 'attribute', '3000000 1500000 500000 500000 20 1'),
  ('attribute', 'attribute_of_row', '3000000 3 1 1 1');
ANALYZE sqlite_schema;
)";

/// Changes when the machine starts anew. Written without sync, a file that no one closed can then be anything.
std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

StatusOr<bool> is_usable(Db& db) {
  const auto application = db.number("PRAGMA application_id");
  if (!application) return application.error();
  if (*application != kApplicationId) return false;
  const auto format = read_fact(db, "format");
  if (!format) return format.error();
  if (*format != kFormat) return false;
  const auto closed = read_fact(db, "closed");
  if (!closed) return closed.error();
  const auto boot = read_fact(db, "boot");
  if (!boot) return boot.error();
  return *closed == "yes" || (!boot->empty() && *boot == boot_id());
}

/// A file that is none of ours is kept under another name: only what we made ourselves may go.
StatusOr<bool> is_foreign(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  if (!std::filesystem::is_regular_file(path, error)) {
    return internal::failed_precondition("visibility file '" + path + "' is not a regular file");
  }
  std::ifstream in(path, std::ios::binary);
  char header[100] = {};
  in.read(header, sizeof header);
  if (in.gcount() == 0) return false;
  std::int64_t id = 0;
  for (std::size_t i = 68; i < 72; ++i) id = id << 8 | static_cast<unsigned char>(header[i]);
  return in.gcount() < 72 || id != kApplicationId;
}

StatusOr<> set_up(Db& db) {
  // What a crash of the machine takes is fed again, so nothing waits for the disk.
  return db.execute(
      "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF;"
      "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;"
      "PRAGMA journal_size_limit = 67108864");
}

/// On the disk before anything else changes, or a crash of the machine could leave the word that all is in order.
StatusOr<> mark_open(Db& db) {
  if (auto ok = db.execute("PRAGMA synchronous = FULL"); !ok) return ok;
  if (auto ok = write_fact(db, "closed", "no"); !ok) return ok;
  if (auto ok = write_fact(db, "boot", boot_id()); !ok) return ok;
  return db.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = OFF");
}

}  // namespace

StatusOr<> remove_file(const std::string& path) {
  if (path.empty()) return {};
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const std::string name = path + suffix;
    if (::unlink(name.c_str()) != 0 && errno != ENOENT) {
      return internal::failed_precondition("cannot remove '" + name + "': " + std::generic_category().message(errno));
    }
  }
  return {};
}

StatusOr<Db> open_file(const std::string& path) {
  if (!path.empty()) {
    const auto foreign = is_foreign(path);
    if (!foreign) return foreign.error();
    if (*foreign) {
      const std::string kept = path + ".damaged";
      internal::log(internal::LogLevel::kWarn, "visibility file '" + path +
                                                   "' is damaged or not longbeat's: kept as '" + kept +
                                                   "', list and count are built anew");
      std::error_code error;
      std::filesystem::rename(path, kept, error);
      if (error) return internal::failed_precondition("cannot rename '" + path + "': " + error.message());
    }
  }
  auto db = Db::open(path);
  if (db) {
    auto ready = set_up(*db);
    auto usable = ready ? is_usable(*db) : StatusOr<bool>(false);
    // A full disk may have room for an empty one once this one is gone.
    if (usable && *usable && mark_open(*db)) return db;
  }
  db = Db();
  if (auto removed = remove_file(path); !removed) return removed.error();
  db = Db::open(path);
  if (!db) return db;
  if (auto ready = set_up(*db); !ready) return ready.error();
  if (auto made = make_tables(*db); !made) return made.error();
  return db;
}

StatusOr<> make_tables(Db& db) {
  if (auto made =
          db.execute("BEGIN; PRAGMA application_id = " + std::to_string(kApplicationId) + ";" + kTables + kStatistics);
      !made) {
    return made;
  }
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>("format", kFormat), {"boot", boot_id()}, {"closed", "no"}, {"store", ""}}) {
    if (auto written = write_fact(db, name, value); !written) return written;
  }
  if (auto committed = db.execute("COMMIT"); !committed) return committed;
  // Into the file itself: its header tells whose it is.
  return db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

StatusOr<std::string> read_fact(Db& db, const std::string& name) {
  auto select = db.prepare("SELECT value FROM fact WHERE name = ?");
  if (!select) return select.error();
  select->bind_text(1, name);
  const int result = select->step();
  if (result == SQLITE_DONE) return std::string();
  if (result != SQLITE_ROW) return to_status(result, "read " + name, db.get());
  return select->text(0);
}

StatusOr<> write_fact(Db& db, const std::string& name, const std::string& value) {
  auto replace = db.prepare("REPLACE INTO fact VALUES (?, ?)");
  if (!replace) return replace.error();
  replace->bind_text(1, name);
  replace->bind_text(2, value);
  const int result = replace->run();
  if (result != SQLITE_DONE) return to_status(result, "write " + name, db.get());
  return {};
}

StatusOr<> close_file(Db& db) {
  if (auto ok = db.execute("PRAGMA synchronous = FULL"); !ok) return ok;
  // First everything, then the word that it is there.
  if (auto ok = db.execute("PRAGMA wal_checkpoint(TRUNCATE)"); !ok) return ok;
  if (auto ok = write_fact(db, "closed", "yes"); !ok) return ok;
  return db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace longbeat::server::projection
