#include "package_db.h"

#include <sqlite3.h>

#include <stdexcept>

namespace {

// A checkpoint must never be ahead of the database, so each transaction is on disk before its offset is saved as
// progress: synchronous=FULL.
constexpr char kSetUp[] = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS packages(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, architecture TEXT NOT NULL,
  UNIQUE(name, version, architecture));
CREATE TABLE IF NOT EXISTS dependencies(
  package INTEGER NOT NULL REFERENCES packages(id), needs TEXT NOT NULL, PRIMARY KEY(package, needs)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reached(only INTEGER PRIMARY KEY CHECK(only = 1), byte_offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS attempts(
  attempt INTEGER PRIMARY KEY, checkpoint_offset INTEGER NOT NULL, database_offset INTEGER NOT NULL);
)sql";

// "DO UPDATE" and not "DO NOTHING", because only then RETURNING gives the row's id.
constexpr char kPutPackage[] =
    "INSERT INTO packages(name, version, architecture) VALUES(?1, ?2, ?3) "
    "ON CONFLICT(name, version, architecture) DO UPDATE SET name = excluded.name RETURNING id";
constexpr char kPutDependency[] = "INSERT INTO dependencies(package, needs) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
constexpr char kPutOffset[] =
    "INSERT INTO reached(only, byte_offset) VALUES(1, ?1) "
    "ON CONFLICT(only) DO UPDATE SET byte_offset = max(byte_offset, excluded.byte_offset)";

void bind(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void bind(sqlite3_stmt* statement, int index, std::uint64_t value) {
  sqlite3_bind_int64(statement, index, static_cast<sqlite3_int64>(value));
}

std::uint64_t column(sqlite3_stmt* statement, int index) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement, index));
}

}  // namespace

void PackageDb::Close::operator()(sqlite3* db) const {
  sqlite3_close(db);
}
void PackageDb::Close::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

PackageDb::PackageDb(const std::string& path) : path_(path) {
  sqlite3* db = nullptr;
  const int opened = sqlite3_open(path.c_str(), &db);
  db_.reset(db);
  check(opened, "open");
  sqlite3_busy_timeout(db, 5'000);  // An attempt that lost its lease may still finish a last transaction.
  execute(kSetUp);
  put_package_ = prepare(kPutPackage);
  put_dependency_ = prepare(kPutDependency);
  put_offset_ = prepare(kPutOffset);
}

void PackageDb::store(const std::vector<Stanza>& stanzas, std::uint64_t offset) {
  execute("BEGIN IMMEDIATE");
  try {
    for (const auto& stanza : stanzas) {
      bind(put_package_.get(), 1, stanza.package);
      bind(put_package_.get(), 2, stanza.version);
      bind(put_package_.get(), 3, stanza.architecture);
      if (sqlite3_step(put_package_.get()) != SQLITE_ROW) check(sqlite3_errcode(db_.get()), "store a package in");
      const auto id = column(put_package_.get(), 0);
      run(put_package_.get());
      for (const auto& name : stanza.dependencies) {
        bind(put_dependency_.get(), 1, id);
        bind(put_dependency_.get(), 2, name);
        run(put_dependency_.get());
      }
    }
    bind(put_offset_.get(), 1, offset);
    run(put_offset_.get());
    execute("COMMIT");
  } catch (...) {
    // May fail in turn when SQLite has rolled back already; the first error is the one that matters.
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void PackageDb::note_attempt(const AttemptStart& start) {
  const auto statement = prepare("INSERT OR REPLACE INTO attempts VALUES(?1, ?2, ?3)");
  bind(statement.get(), 1, static_cast<std::uint64_t>(start.attempt));
  bind(statement.get(), 2, start.checkpoint_offset);
  bind(statement.get(), 3, start.database_offset);
  run(statement.get());
}

std::uint64_t PackageDb::offset() {
  return number("SELECT coalesce(max(byte_offset), 0) FROM reached");
}
std::uint64_t PackageDb::package_count() {
  return number("SELECT count(*) FROM packages");
}
std::uint64_t PackageDb::dependency_count() {
  return number("SELECT count(*) FROM dependencies");
}

std::vector<AttemptStart> PackageDb::attempts() {
  const auto statement = prepare("SELECT attempt, checkpoint_offset, database_offset FROM attempts ORDER BY attempt");
  std::vector<AttemptStart> found;
  int result = sqlite3_step(statement.get());
  for (; result == SQLITE_ROW; result = sqlite3_step(statement.get())) {
    found.push_back({sqlite3_column_int(statement.get(), 0), column(statement.get(), 1), column(statement.get(), 2)});
  }
  check(result, "read");
  return found;
}

PackageDb::Statement PackageDb::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(db_.get(), sql, -1, &statement, nullptr), "prepare a statement for");
  return Statement(statement);
}

void PackageDb::execute(const char* sql) {
  check(sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr), "write");
}

void PackageDb::run(sqlite3_stmt* statement) {
  int result = sqlite3_step(statement);
  while (result == SQLITE_ROW) result = sqlite3_step(statement);
  const int reset = sqlite3_reset(statement);
  check(result == SQLITE_DONE ? reset : result, "write");
}

std::uint64_t PackageDb::number(const char* sql) {
  const auto statement = prepare(sql);
  if (const int result = sqlite3_step(statement.get()); result != SQLITE_ROW) check(result, "read");
  return column(statement.get(), 0);
}

void PackageDb::check(int result, const char* what) {
  if (result == SQLITE_OK || result == SQLITE_DONE) return;
  throw std::runtime_error(std::string("cannot ") + what + " database '" + path_ + "': " + sqlite3_errmsg(db_.get()));
}
