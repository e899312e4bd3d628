#pragma once
#include <string>

#include "storage/sqlite_db.h"
#include "storage/store.h"

namespace longbeat::server::sqlite {

/// "lbst": marks the file as longbeat's in SQLite's header.
inline constexpr std::int32_t kApplicationId = 0x6c627374;
/// Raised with every change of tables or records that an older server would misread.
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::int64_t kPageBytes = 4096;

/// How long a commit waits while another process (a backup, a shell) holds the write lock. Time in which the server
/// stands still counts against no attempt.
inline constexpr int kBusyWaitMs = 2000;

std::string table_name(Table table);

/// The one name of the file, whatever symbolic links and relative paths lead to it: lock and log lie beside it.
StatusOr<std::string> resolved_path(const std::string& path);

/// Holds `<file>.lock` until destroyed: one server per file, also across containers that share the disk.
class FileLock {
 public:
  static StatusOr<FileLock> take(const std::string& database_path);
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Opens or creates the file, refuses what is not ours, and sets it up for the owner's connection.
StatusOr<Connection> open_file(const std::string& path);

}  // namespace longbeat::server::sqlite
