#pragma once
#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/status.h"

/// SQLite, as little of it as the projection needs.
namespace longbeat::server::projection {

using internal::Status;
using internal::StatusCode;
using internal::StatusOr;

/// One bound parameter.
using Bind = std::variant<std::monostate, std::int64_t, double, std::string>;

/// DATA_LOSS: the file cannot be trusted. DEADLINE_EXCEEDED: interrupted. RESOURCE_EXHAUSTED: disk full.
Status to_status(int result, const std::string& doing, sqlite3* db);

struct Closer {
  void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  /// Texts and blobs must outlive the step.
  void bind(int place, std::int64_t number) { sqlite3_bind_int64(get(), place, number); }
  void bind_text(int place, std::string_view text);
  void bind_blob(int place, std::string_view bytes);
  void bind_null(int place) { sqlite3_bind_null(get(), place); }
  void bind(int place, const Bind& value);
  /// SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(get()); }
  /// Steps once and resets: for statements without rows.
  int run() {
    const int result = step();
    reset();
    return result;
  }
  void reset() { sqlite3_reset(get()); }
  std::int64_t number(int column) const { return sqlite3_column_int64(get(), column); }
  bool is_null(int column) const { return sqlite3_column_type(get(), column) == SQLITE_NULL; }
  std::string text(int column) const;

 private:
  sqlite3_stmt* get() const { return statement_.get(); }
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
};

class Db {
 public:
  /// Empty path: memory.
  static StatusOr<Db> open(const std::string& path);
  StatusOr<> execute(const std::string& sql);
  StatusOr<Statement> prepare(const std::string& sql, bool persistent = false);
  /// The first column of the only row.
  StatusOr<std::int64_t> number(const std::string& sql);
  sqlite3* get() const { return db_.get(); }

 private:
  std::unique_ptr<sqlite3, Closer> db_;
};

}  // namespace longbeat::server::projection
