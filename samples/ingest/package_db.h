#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stanza_reader.h"

struct sqlite3;
struct sqlite3_stmt;

/// Where one attempt began: the offset its checkpoint named, and the offset the database had already reached.
struct AttemptStart {
  std::int32_t attempt = 0;
  std::uint64_t checkpoint_offset = 0;
  std::uint64_t database_offset = 0;
};

/// Packages and dependencies in a SQLite file. Writing a stanza again changes nothing, so work may be repeated. Throws
/// std::runtime_error with SQLite's message when the file cannot be used. One thread.
class PackageDb {
 public:
  explicit PackageDb(const std::string& path);

  /// Stores the stanzas and the offset behind them in one transaction; durable on return.
  void store(const std::vector<Stanza>& stanzas, std::uint64_t offset);
  void note_attempt(const AttemptStart& start);

  /// The offset the last transaction stored; 0 in an empty database.
  std::uint64_t offset();
  std::uint64_t package_count();
  std::uint64_t dependency_count();
  /// In order of attempts.
  std::vector<AttemptStart> attempts();

 private:
  struct Close {
    void operator()(sqlite3* db) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepare(const char* sql);
  void execute(const char* sql);
  void run(sqlite3_stmt* statement);
  std::uint64_t number(const char* sql);
  void check(int result, const char* what);

  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;  // Before its statements, which must be gone when it closes.
  Statement put_package_;
  Statement put_dependency_;
  Statement put_offset_;
};
