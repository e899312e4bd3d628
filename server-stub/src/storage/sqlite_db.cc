#include "storage/sqlite_db.h"

#include <system_error>

namespace longbeat::server::sqlite {

Status to_status(int result, const std::string& doing, sqlite3* db) {
  StatusCode code = StatusCode::kInternal;
  switch (result & 0xff) {
    case SQLITE_FULL:
      code = StatusCode::kResourceExhausted;
      break;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      code = StatusCode::kDataLoss;
      break;
    default:
      break;
  }
  return {code, doing + ": " + (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(result)), {}};
}

StatusOr<Connection> Connection::open(const std::string& path, bool create) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  const int result = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  Connection connection;
  connection.db_.reset(db);
  if (result != SQLITE_OK) {
    const int system = db != nullptr ? sqlite3_system_errno(db) : 0;  // SQLite itself says only that it cannot.
    if (system != 0)
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
