#include "visibility/db.h"

namespace longbeat::server::projection {

Status to_status(int result, const std::string& doing, sqlite3* db) {
  StatusCode code = StatusCode::kInternal;
  if (result == SQLITE_IOERR_SHMSIZE) result = SQLITE_FULL;  // What a full disk says to the log's index.
  switch (result & 0xff) {
    case SQLITE_FULL:
      code = StatusCode::kResourceExhausted;
      break;
    case SQLITE_INTERRUPT:
      code = StatusCode::kDeadlineExceeded;
      break;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
      code = StatusCode::kDataLoss;
      break;
    default:
      break;
  }
  return {code, doing + ": " + (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(result)), {}};
}

void Statement::bind_text(int place, std::string_view text) {
  // Not even an empty text is NULL.
  sqlite3_bind_text64(get(), place, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_blob(int place, std::string_view bytes) {
  sqlite3_bind_blob64(get(), place, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

void Statement::bind(int place, const Bind& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    bind(place, *number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    sqlite3_bind_double(get(), place, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    bind_text(place, *text);
  } else {
    bind_null(place);
  }
}

std::string Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(get(), column);
  const int size = sqlite3_column_bytes(get(), column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

StatusOr<Db> Db::open(const std::string& path) {
  sqlite3* db = nullptr;
  const int result = sqlite3_open_v2(path.empty() ? ":memory:" : path.c_str(), &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Db opened;
  opened.db_.reset(db);
  if (result != SQLITE_OK) return to_status(result, "cannot open '" + path + "'", db);
  sqlite3_extended_result_codes(db, 1);
  return opened;
}

StatusOr<> Db::execute(const std::string& sql) {
  const int result = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return to_status(result, sql.substr(0, 60), get());
  return {};
}

StatusOr<Statement> Db::prepare(const std::string& sql, bool persistent) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(get(), sql.c_str(), static_cast<int>(sql.size()),
                                        persistent ? SQLITE_PREPARE_PERSISTENT : 0, &statement, nullptr);
  if (result != SQLITE_OK) return to_status(result, "prepare " + sql.substr(0, 60), get());
  return Statement(statement);
}

StatusOr<std::int64_t> Db::number(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const int result = statement->step();
  if (result != SQLITE_ROW) return to_status(result, sql, get());
  return statement->number(0);
}

}  // namespace longbeat::server::projection
