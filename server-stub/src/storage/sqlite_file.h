#pragma once
#include <string>

#include "storage/resolved_path.h"
#include "storage/sqlite_db.h"
#include "storage/store.h"

namespace longbeat::server::sqlite {

/// "lbst": marks the file as longbeat's in SQLite's header.
inline constexpr std::int32_t kApplicationId = 0x6c627374;
/// Raised with every change of tables or records that an older server would misread.
/// 1: eight tables. 2: also callbacks and task queues.
inline constexpr std::uint32_t kFormatVersion = 2;
inline constexpr std::int64_t kPageBytes = 4096;

/// How long a commit waits while another process (a backup, a shell) holds the write lock. Time in which the server
/// stands still counts against no attempt.
inline constexpr int kBusyWaitMs = 2000;

std::string table_name(Table table);
/// The refusal of a file without content beside which lies a log that cannot be read.
Status damaged_when_young(const std::string& path);
/// How many tables a file of this format has: the first ones of Table.
std::size_t tables_of_format(std::uint32_t format);

/// True when the file has no content yet, false when it is longbeat's; refuses what is neither.
StatusOr<bool> is_new(Connection& db, const std::string& path);
/// The file's format, one that this server knows. kFailedPrecondition: a newer one. kDataLoss: it is missing or
/// damaged.
StatusOr<std::uint32_t> read_version(Connection& db, const std::string& path);

/// Holds `<file>.lock` until destroyed: one server per file, also across containers that share the disk. A lock file
/// that was made for it goes with it unless keep() was called, so that a refusal leaves nothing behind.
class FileLock {
 public:
  /// Refuses a path that cannot be a database file of one server's own: its directory is missing, it is no regular
  /// file, it has several names (hard links), another server holds it.
  static StatusOr<FileLock> take(const std::string& database_path);
  /// Keeps servers away from a file that is only read. A lock file that was there before is held together with others
  /// who read; where none is and none can be made (a read-only disk), there is no server either.
  static StatusOr<FileLock> take_to_read(const std::string& database_path);
  FileLock(FileLock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), created_(std::move(other.created_)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();
  /// The database is in order: the lock file stays beside it.
  void keep() { created_.clear(); }

 private:
  /// `open_mode` and `how` (of flock) are for a lock file that is there; `held_by`: who has the file when it is
  /// refused.
  static StatusOr<FileLock> lock(const std::string& database_path, int open_mode, int how, const char* held_by);
  FileLock(int descriptor, std::string created) : descriptor_(descriptor), created_(std::move(created)) {}
  int descriptor_;       ///< -1: nothing to hold
  std::string created_;  ///< path of the file to remove at the end; empty: it was there before, or stays
};

/// Opens or creates the file, refuses what is not ours, and sets it up for the owner's connection.
StatusOr<Connection> open_file(const std::string& path);

}  // namespace longbeat::server::sqlite
