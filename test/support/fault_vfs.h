#pragma once
#include <atomic>
#include <cstdint>
#include <string>

namespace longbeat::test {

/// A disk with faults below SQLite: it writes to real files and fails as told. One for the whole process; the counters
/// may be changed at any time from any thread. Files named *.visibility* are left alone.
struct FaultVfs {
  /// Becomes SQLite's default, for everything that is opened from now on.
  static FaultVfs& install();

  /// Each sync takes this much longer.
  std::atomic<int> sync_ms{0};
  /// And each sync of the database itself, as at the end of a checkpoint, this much.
  std::atomic<int> database_sync_ms{0};
  /// Syncs do nothing: for tests that only want many commits.
  std::atomic<bool> skips_sync{false};
  /// The n-th write or sync from now on fails, and each one after it; 0: none does.
  std::atomic<std::int64_t> fail_write_in{0}, fail_sync_in{0};
  /// Room for database, log and reserve together; a write beyond it finds the disk full.
  std::atomic<std::uint64_t> bytes_max{UINT64_MAX};

  std::atomic<std::uint64_t> syncs{0}, writes{0};

  /// What is left of `bytes_max` for this database.
  std::uint64_t bytes_left(const std::string& database) const;
  /// All faults off.
  void heal();
};

}  // namespace longbeat::test
