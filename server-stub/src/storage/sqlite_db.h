#pragma once
#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace longbeat::server::sqlite {

using internal::Status;
using internal::StatusCode;
using internal::StatusOr;

/// What an SQLite result means to the engine: a full disk is told apart, damage and I/O errors are kDataLoss.
Status to_status(int result, const std::string& doing, sqlite3* db);

struct Closer {
  void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

/// One prepared statement, kept for the life of its connection.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* get() const { return statement_.get(); }
  /// Steps once; the caller resets when it is done with the row.
  int step() { return sqlite3_step(get()); }
  void reset() noexcept {
    sqlite3_reset(get());
    sqlite3_clear_bindings(get());
  }

 private:
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
};

/// Resets on every way out of a scope.
class Resetting {
 public:
  explicit Resetting(Statement& statement) : statement_(statement) {}
  ~Resetting() { statement_.reset(); }
  Resetting(const Resetting&) = delete;
  Resetting& operator=(const Resetting&) = delete;

 private:
  Statement& statement_;
};

class Connection {
 public:
  /// Opens the file; creates it if `create`. No other thread may use the connection.
  static StatusOr<Connection> open(const std::string& path, bool create);
  /// To be read, its log included, without a lock and without leaving a trace: no byte of file and log changes, no file
  /// appears beside them. The caller sees to it that nobody writes meanwhile.
  static StatusOr<Connection> open_untouched(const std::string& path);
  sqlite3* get() const { return db_.get(); }
  StatusOr<> execute(const std::string& sql);
  StatusOr<Statement> prepare(const std::string& sql);
  /// The first column of the first row, as a number.
  StatusOr<std::int64_t> number(const std::string& sql);

 private:
  static StatusOr<Connection> open_with(const std::string& name, int flags);

  std::unique_ptr<sqlite3, Closer> db_;
};

}  // namespace longbeat::server::sqlite
