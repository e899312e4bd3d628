#include "storage/sqlite_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "storage/crash_point.h"
#include "storage/log_scan.h"
#include "storage/new_name.h"

namespace longbeat::server::sqlite {
namespace {

std::string quoted(const std::string& path) {
  return "database file '" + path + "'";
}
std::string reason(int error) {
  return std::generic_category().message(error);
}

Status not_sqlite(const std::string& path) {
  return internal::failed_precondition(quoted(path) + " is not an SQLite database");
}

Status named(const std::string& path, const Status& failed) {
  return {failed.code, quoted(path) + ": " + failed.message, {}};
}

StatusOr<> check_path(const std::string& path) {
  if (path.empty()) return internal::invalid_argument("the path of the database file is empty");
  const std::string directory = folder_of(path);
  struct stat info{};
  if (::stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return internal::failed_precondition(quoted(path) + ": directory '" + directory + "' does not exist");
  }
  if (::stat(path.c_str(), &info) != 0) return {};  // What is there and cannot be read shows when it is opened.
  if (!S_ISREG(info.st_mode)) return internal::failed_precondition(quoted(path) + " is not a regular file");
  // Lock and log lie beside the name, so servers on two names of one file would not see each other.
  if (info.st_nlink > 1) {
    return internal::failed_precondition(quoted(path) + " has " + std::to_string(info.st_nlink) +
                                         " names (hard links), must have one: remove the others, or copy the file");
  }
  // SQLite takes one byte for an empty file; whatever else is not its own it refuses itself.
  if (info.st_size == 1) return not_sqlite(path);
  return {};
}

/// The format version lies in kMeta under key 0 with its complement, so that a flipped bit is seen.
std::string version_row(std::uint32_t version) {
  std::string row(8, '\0');
  for (std::size_t i = 0; i < 4; ++i) {
    row[i] = static_cast<char>(version >> (8 * i));
    row[i + 4] = static_cast<char>(~version >> (8 * i));
  }
  return row;
}

/// Creates the tables from `first` on, inside the caller's transaction.
StatusOr<> create_tables(Connection& db, std::size_t first) {
  std::string sql;
  for (std::size_t i = first; i < kTableCount; ++i) {
    sql +=
        "CREATE TABLE " + table_name(static_cast<Table>(i)) + " (key INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;";
  }
  return db.execute(sql);
}

StatusOr<> write_version(Connection& db) {
  auto insert = db.prepare("INSERT OR REPLACE INTO " + table_name(Table::kMeta) + " VALUES (0, ?)");
  if (!insert) return insert.error();
  const std::string version = version_row(kFormatVersion);
  sqlite3_bind_blob(insert->get(), 1, version.data(), static_cast<int>(version.size()), SQLITE_STATIC);
  if (const int result = insert->step(); result != SQLITE_DONE)
    return to_status(result, "write format version", db.get());
  insert->reset();
  return {};
}

StatusOr<> create_file(Connection& db) {
  if (auto ok = db.execute("BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kApplicationId)); !ok)
    return ok;
  if (auto ok = create_tables(db, 0); !ok) return ok;
  if (auto ok = write_version(db); !ok) return ok;
  return db.execute("COMMIT");
}

/// One transaction from each older format to the present one: done or not done, whatever happens meanwhile.
StatusOr<> migrate(Connection& db, std::uint32_t from) {
  if (from == kFormatVersion) return {};
  if (auto ok = db.execute("BEGIN IMMEDIATE"); !ok) return ok;
  if (auto ok = create_tables(db, tables_of_format(from)); !ok) return ok;
  LONGBEAT_CRASH_POINT("migration");
  if (auto ok = write_version(db); !ok) return ok;
  LONGBEAT_CRASH_POINT("migration");
  if (auto ok = db.execute("COMMIT"); !ok) return ok;
  LONGBEAT_CRASH_POINT("migration");
  return {};
}

}  // namespace

std::size_t tables_of_format(std::uint32_t format) {
  constexpr std::size_t kTablesOfFormat1 = 8;
  return format == 1 ? kTablesOfFormat1 : kTableCount;
}

Status damaged_when_young(const std::string& path) {
  return internal::failed_precondition(quoted(path) + " holds nothing, and its log is damaged");
}

StatusOr<std::uint32_t> read_version(Connection& db, const std::string& path) {
  auto select = db.prepare("SELECT value FROM " + table_name(Table::kMeta) + " WHERE key = 0");
  if (!select) return named(path, select.error());
  const int result = select->step();
  if (result != SQLITE_ROW) return Status{StatusCode::kDataLoss, quoted(path) + " has no format version", {}};
  const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(select->get(), 0));
  const int size = sqlite3_column_bytes(select->get(), 0);
  std::uint32_t version = 0;
  for (int i = 0; i < 4 && i < size; ++i) version |= std::uint32_t{bytes[i]} << (8 * i);
  if (size != 8 || version_row(version) != std::string_view(reinterpret_cast<const char*>(bytes), 8)) {
    return Status{StatusCode::kDataLoss, quoted(path) + ": its format version is damaged", {}};
  }
  if (version > kFormatVersion) {
    return internal::failed_precondition(quoted(path) + " has format " + std::to_string(version) +
                                         ", this server knows formats up to " + std::to_string(kFormatVersion) +
                                         ": use a newer longbeat-server");
  }
  if (version == 0) return Status{StatusCode::kDataLoss, quoted(path) + ": its format version is damaged", {}};
  return version;
}

StatusOr<bool> is_new(Connection& db, const std::string& path) {
  auto application = db.number("PRAGMA application_id");
  auto objects = application ? db.number("SELECT count(*) FROM sqlite_master") : application;
  if (!objects) {
    const bool foreign = sqlite3_errcode(db.get()) == SQLITE_NOTADB;
    if (foreign) return not_sqlite(path);
    return Status{objects.error().code, quoted(path) + " cannot be read: " + objects.error().message, {}};
  }
  if (*application == 0 && *objects == 0) return true;
  if (*application != kApplicationId)
    return internal::failed_precondition(quoted(path) + " is an SQLite database, but not longbeat's");
  return false;
}

std::string table_name(Table table) {
  static constexpr const char* kNames[] = {"meta",    "namespace", "progress", "input",     "details",
                                           "failure", "closed",    "id_index", "callbacks", "task_queue"};
  static_assert(std::size(kNames) == kTableCount);
  return kNames[static_cast<std::size_t>(table)];
}

StatusOr<std::string> resolved_path(const std::string& path) {
  if (path.empty()) return internal::invalid_argument("the path of the database file is empty");
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error);
  // A link whose target does not exist yet: SQLite would create the target, and weakly_canonical keeps the link.
  for (int links = 0; !error && links < 40; ++links) {
    std::error_code none;  // Not there yet is no error: the file is created later.
    if (!std::filesystem::is_symlink(at, none)) break;
    const std::filesystem::path target = std::filesystem::read_symlink(at, error);
    if (!error) at = at.parent_path() / target;
  }
  if (!error) at = std::filesystem::weakly_canonical(at, error);
  if (error) return internal::failed_precondition(quoted(path) + ": " + error.message());
  return at.string();
}

StatusOr<FileLock> FileLock::take(const std::string& database_path) {
  if (auto checked = check_path(database_path); !checked) return checked.error();
  return lock(database_path, O_RDWR, LOCK_EX, "another server");
}

StatusOr<FileLock> FileLock::take_to_read(const std::string& database_path) {
  return lock(database_path, O_RDONLY, LOCK_SH,
              "a running server: stop it, or make a copy with 'longbeat-server backup' and look at that");
}

StatusOr<FileLock> FileLock::lock(const std::string& database_path, int open_mode, int how, const char* held_by) {
  const std::string path = database_path + ".lock";
  const auto failed = [&path](int error) {
    return internal::failed_precondition("lock file '" + path + "': " + reason(error));
  };
  // Again when the file goes away between our open() and our flock(): somebody who was refused removed it.
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    bool created = true;
    int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0 && errno == EEXIST) {
      created = false;
      descriptor = ::open(path.c_str(), open_mode | O_CLOEXEC);
      if (descriptor < 0 && errno == ENOENT) continue;
    }
    const bool cannot_create = descriptor < 0 && created && (errno == EROFS || errno == EACCES);
    if (cannot_create && how == LOCK_SH) return FileLock(-1, "");
    if (descriptor < 0) return failed(errno);
    FileLock lock(descriptor, created ? path : "");
    // What is going to be removed is not shared: who had it as well would hold a file without a name.
    if (::flock(descriptor, (created ? LOCK_EX : how) | LOCK_NB) != 0) {
      const int error = errno;
      lock.keep();  // Whoever holds it knows better.
      if (error != EWOULDBLOCK) return failed(error);
      return internal::failed_precondition(quoted(database_path) + " is in use by " + held_by);
    }
    struct stat held{};
    struct stat named{};
    if (::fstat(descriptor, &held) != 0) return failed(errno);
    if (::stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino) return lock;
    lock.keep();
  }
  return failed(ENOENT);  // Or a symbolic link to nowhere.
}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  // While it is held: nobody else can have it, and who waits to open it looks again.
  if (!created_.empty()) ::unlink(created_.c_str());
  ::close(descriptor_);
}

namespace {

/// What is not ours or newer than we are is refused before a connection exists that could change it: the last one to
/// close moves the log into the file.
StatusOr<> refuse_untouched(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || info.st_size == 0) return {};
  // Left by a crash while the file was made: to be rolled back before anything can be said of it.
  if (::stat((path + "-journal").c_str(), &info) == 0 && info.st_size > 0) return {};
  auto db = Connection::open_untouched(path);
  if (!db) return {};  // Whoever opens it next says why.
  const auto fresh = is_new(*db, path);
  if (!fresh && fresh.error().code == StatusCode::kFailedPrecondition) return fresh.error();
  if (!fresh) return {};
  // A young file is in its log alone: it must not be taken for a new one.
  if (*fresh && scan_log(path + "-wal").header_damaged) return damaged_when_young(path);
  if (*fresh) return {};
  const auto version = read_version(*db, path);
  if (!version && version.error().code == StatusCode::kFailedPrecondition) return version.error();
  return {};
}

/// SQLite says nothing of it: for SQLite a damaged log simply ends earlier.
void tell_damaged_log(const std::string& path) {
  const LogScan log = scan_log(path + "-wal");
  if (!log.header_damaged && log.commits_behind < 2) return;
  internal::log(internal::LogLevel::kError,
                quoted(path) + ": its log is damaged" +
                    (log.header_damaged ? ", nothing of it is read"
                                        : " behind frame " + std::to_string(log.frames) + ": " +
                                              std::to_string(log.commits_behind) + " transactions are lost"));
}

}  // namespace

StatusOr<Connection> open_file(const std::string& path) {
  if (auto ours = refuse_untouched(path); !ours) return ours.error();
  tell_damaged_log(path);
  auto db = Connection::open(path, true);
  if (!db) return Status{StatusCode::kFailedPrecondition, quoted(path) + ": " + db.error().message, {}};
  if (sqlite3_db_readonly(db->get(), "main") == 1)
    return internal::failed_precondition(quoted(path) + " cannot be opened for writing");
  sqlite3_busy_timeout(db->get(), kBusyWaitMs);
  auto fresh = is_new(*db, path);
  if (!fresh) return fresh.error();
  // Before the first page exists; afterwards SQLite ignores it.
  std::string setup = "PRAGMA page_size = " + std::to_string(kPageBytes) +
                      "; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                      "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;";
  auto ready = db->execute(setup);
  if (ready && *fresh) ready = create_file(*db);
  if (!ready) return named(path, ready.error());
  const auto version = read_version(*db, path);
  if (!version) return version.error();
  if (auto migrated = migrate(*db, *version); !migrated) return named(path, migrated.error());
  if (*version != kFormatVersion) {
    internal::log(internal::LogLevel::kWarn, quoted(path) + " has been brought from format " +
                                                 std::to_string(*version) + " to " + std::to_string(kFormatVersion) +
                                                 ": older servers refuse it from now on");
  }
  return db;
}

}  // namespace longbeat::server::sqlite
