#include "storage/sqlite_db.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace longbeat::server::sqlite {

namespace {

/// SQLite says SQLITE_FULL only of some writes. Of a failed sync nothing is known, whatever its reason.
bool is_lack_of_room(int result, sqlite3* db) {
  if ((result & 0xff) == SQLITE_FULL || result == SQLITE_IOERR_SHMSIZE) return true;
  const bool may_be =
      ((result & 0xff) == SQLITE_IOERR && result != SQLITE_IOERR_FSYNC && result != SQLITE_IOERR_DIR_FSYNC) ||
      (result & 0xff) == SQLITE_CANTOPEN;
  const int system = may_be && db != nullptr ? sqlite3_system_errno(db) : 0;
  return system == ENOSPC || system == EDQUOT;
}

}  // namespace

Status to_status(int result, const std::string& doing, sqlite3* db) {
  StatusCode code = StatusCode::kInternal;
  switch (result & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      code = StatusCode::kDataLoss;
      break;
    default:
      break;
  }
  if (is_lack_of_room(result, db)) code = StatusCode::kResourceExhausted;
  return {code, doing + ": " + (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(result)), {}};
}

StatusOr<Connection> Connection::open(const std::string& path, bool create) {
  return open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0));
}

StatusOr<Connection> Connection::open_untouched(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#') {
      uri += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      uri += c;
    }
  }
  // In exclusive mode the index of the log is in memory, so no -shm file is made; a file system without locks lets a
  // descriptor that cannot write have that mode. Without a log SQLite would make one, unless the file is "immutable".
  uri += "?mode=ro&vfs=unix-none";
  struct stat log{};
  if (::stat((path + "-wal").c_str(), &log) != 0 || log.st_size == 0) uri += "&immutable=1";
  auto connection = open_with(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX);
  if (!connection) return connection;
  sqlite3_db_config(connection->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto ok = connection->execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY"); !ok)
    return ok.error();
  return connection;
}

StatusOr<Connection> Connection::open_with(const std::string& name, int flags) {
  sqlite3* db = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &db, flags, nullptr);
  Connection connection;
  connection.db_.reset(db);
  if (result != SQLITE_OK) {
    const int system = db != nullptr ? sqlite3_system_errno(db) : 0;  // SQLite itself says only that it cannot.
    if (system != 0 && !is_lack_of_room(result, db))
      return Status{StatusCode::kInternal, "cannot be opened: " + std::generic_category().message(system), {}};
    return to_status(result, "cannot be opened", db);
  }
  sqlite3_extended_result_codes(db, 1);
  return connection;
}

StatusOr<> Connection::execute(const std::string& sql) {
  const int result = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return to_status(result, sql, get());
  return {};
}

StatusOr<Statement> Connection::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return to_status(result, sql, get());
  return Statement(statement);
}

StatusOr<std::int64_t> Connection::number(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const int result = statement->step();
  if (result != SQLITE_ROW) return to_status(result, sql, get());
  return static_cast<std::int64_t>(sqlite3_column_int64(statement->get(), 0));
}

}  // namespace longbeat::server::sqlite
