#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace longbeat::server {

using internal::Status;
using internal::StatusCode;
using internal::StatusOr;

/// Tables by rate of change. Keys are 64-bit rows; a row number is never used twice in one file.
enum class Table : std::uint8_t {
  kMeta = 0,       ///< format version, cluster ID, next row; one row each
  kNamespace = 1,  ///< one row a namespace
  kProgress = 2,   ///< open activities only: small, written by every step
  kInput = 3,      ///< what the start said
  kDetails = 4,    ///< heartbeat details
  kFailure = 5,    ///< last failure of an attempt
  kClosed = 6,     ///< progress and outcome of closed activities
  kIndex = 7,      ///< closed activities: fingerprint of (namespace, ID); narrow, read alone at recovery
  kCallbacks = 8,  ///< completion callbacks, of activities that have any
  kQueue = 9,      ///< configuration of task queues, of those that have any
};
inline constexpr std::size_t kTableCount = 10;

/// One change of a transaction. Without a value the row is removed.
struct Write {
  Table table = Table::kMeta;
  std::uint64_t key = 0;
  std::optional<std::string_view> value{};
};

/// How far a copy of the file has come.
struct CopyProgress {
  bool finished = false;  ///< whole, and on disk under its name
  bool waits = false;     ///< for the disk: there is nothing to do for some milliseconds
  std::uint64_t pages = 0, pages_copied = 0, bytes = 0;
};

/// Rows to be read in order. Belongs to one thread.
class Reader {
 public:
  virtual ~Reader() = default;
  /// Visits rows from `first` on in order of key until `visit` returns false.
  virtual StatusOr<> scan(Table table, std::uint64_t first,
                          const std::function<bool(std::uint64_t key, std::string_view value)>& visit) = 0;
};

/// Keys and bytes. Belongs to one thread. What commit() acknowledged survives any crash of the process or machine.
class Store : public Reader {
 public:
  /// Applies all of it or, on error, possibly nothing or everything: after an error nobody knows, and the caller must
  /// not go on with its memory (design.md §4, Durability). kResourceExhausted: the disk is full, nothing was written.
  virtual StatusOr<> commit(std::span<const Write> writes) = 0;
  /// The row's bytes, or nothing when there is none.
  virtual StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) = 0;
  /// A second reader, for another thread; sees what is committed. Gone before the store. Null: there is none.
  virtual StatusOr<std::unique_ptr<Reader>> open_reader() { return std::unique_ptr<Reader>(); }
  /// The file, for messages about what it holds; empty: none.
  virtual std::string path() const { return {}; }
  /// Housekeeping between two commits (WAL restart, a look at the disk). Blocks when the log has grown too long, until
  /// it has been moved into the file.
  virtual void maintain() {}

  /// Begins a copy of the file as `to`, an absolute path that does not exist yet; commits go on meanwhile, and what
  /// they write is part of it. One at a time. Refused with one clear line. Until it is finished it is called
  /// `to`.partial.
  virtual StatusOr<> begin_copy(const std::string& to) {
    return internal::failed_precondition("cannot write '" + to +
                                         "': the state is in memory only, there is no file to copy");
  }
  /// Copies on for less than a millisecond, between two commits. After an error, or give_up_copy(), nothing of it is
  /// left.
  virtual StatusOr<CopyProgress> continue_copy() { return internal::failed_precondition("no copy is being made"); }
  virtual void give_up_copy() {}
  /// The disk is full, or nearly so: until this is false again, commit only what ends or frees something; a reserve is
  /// there for that. Changes in commit() and maintain() only, which has to be called now and then for it to end.
  virtual bool disk_full() const { return false; }
};

/// Rows in memory: gone with the process.
std::unique_ptr<Store> make_memory_store();

struct SqliteStoreOptions {
  std::string path{};
  /// The owner restarts the log between two commits once it is larger than this and its content has been moved over. At
  /// twice as much maintain() waits for that, so that no load makes the log larger, unless another program reads the
  /// file or its disk fails.
  std::uint64_t wal_bytes_restart = 64ULL * 1024 * 1024;
  /// Size of `<path>.reserve`, whose room is given back when the disk is full. 0: there is none.
  std::uint64_t reserve_bytes = 0;
  /// Bytes that the disk has left; nothing: unknown. Null: asks the system.
  std::function<std::optional<std::uint64_t>(const std::string& path)> free_bytes{};
  /// Tells when to look at the disk again. Outlives the store.
  const internal::Clock* clock = &internal::system_clock();
};
/// Opens or creates the file; SQLite in WAL mode, synchronous=FULL. Takes the lock file beside it. Refuses, with one
/// clear line and nothing left behind: a file that is locked by another server, has a second name (hard link), is not
/// SQLite, not longbeat's, or of a newer format.
StatusOr<std::unique_ptr<Store>> open_sqlite_store(const SqliteStoreOptions& options);

}  // namespace longbeat::server
