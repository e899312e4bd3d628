#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "storage/crash_point.h"
#include "storage/disk_room.h"
#include "storage/file_copy.h"
#include "storage/sqlite_file.h"
#include "storage/store.h"
#include "storage/wal_helper.h"

namespace longbeat::server {
namespace {

using sqlite::Connection;
using sqlite::DiskRoom;
using sqlite::FileLock;
using sqlite::Resetting;
using sqlite::Statement;
using sqlite::WalHelper;

constexpr std::int64_t kPagesBeforeKick =
    1000;  // 4 MiB: small enough to stay in the page cache, large enough to merge beats.
constexpr std::int64_t kPagesBeforeKickMin = 16;
constexpr std::uint64_t kWalBytesMin = 1024 * 1024;  // Where the disk has no room for more.
constexpr std::chrono::milliseconds kBetweenLooks{100};

struct TableStatements {
  Statement put, remove, get, scan;
};

sqlite3_int64 to_key(std::uint64_t key) {
  return static_cast<sqlite3_int64>(key);
}

std::string_view blob(Statement& statement, int column) {
  const void* bytes = sqlite3_column_blob(statement.get(), column);
  const int size = sqlite3_column_bytes(statement.get(), column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

using Visit = std::function<bool(std::uint64_t key, std::string_view value)>;

std::string scan_of(Table table) {
  return "SELECT key, value FROM " + sqlite::table_name(table) + " WHERE key >= ?1 ORDER BY key";
}

StatusOr<> scan_rows(Statement& rows, const Connection& db, Table table, std::uint64_t first, const Visit& visit) {
  const Resetting reset(rows);
  sqlite3_bind_int64(rows.get(), 1, to_key(first));
  int result = rows.step();
  for (; result == SQLITE_ROW; result = rows.step()) {
    LONGBEAT_CRASH_POINT("scan");
    const auto key = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 0));
    if (!visit(key, blob(rows, 1))) return {};
  }
  if (result != SQLITE_DONE) return sqlite::to_status(result, "scan " + sqlite::table_name(table), db.get());
  return {};
}

/// With a connection of its own; what it has read once is not kept.
class SqliteReader final : public Reader {
 public:
  StatusOr<> open(const std::string& path) {
    auto db = Connection::open(path, false);
    if (!db) return db.error();
    db_ = std::move(*db);
    sqlite3_busy_timeout(db_.get(), sqlite::kBusyWaitMs);
    // One transaction for all its scans: to begin one costs as much as to find a row.
    return db_.execute("PRAGMA query_only = ON; PRAGMA cache_size = -4096; BEGIN");
  }
  StatusOr<> scan(Table table, std::uint64_t first, const Visit& visit) override {
    Statement& rows = scans_[static_cast<std::size_t>(table)];
    if (rows.get() == nullptr) {
      auto prepared = db_.prepare(scan_of(table));
      if (!prepared) return prepared.error();
      rows = std::move(*prepared);
    }
    return scan_rows(rows, db_, table, first, visit);
  }

 private:
  Connection db_;
  std::array<Statement, kTableCount> scans_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteStoreOptions options, FileLock lock, Connection db, bool is_new)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        db_(std::move(db)),
        room_(options_.path, options_.reserve_bytes, options_.free_bytes, is_new) {}

  StatusOr<> prepare() {
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const std::string table = sqlite::table_name(static_cast<Table>(i));
      TableStatements& on = tables_[i];
      if (auto ok = prepare_into(on.put, "REPLACE INTO " + table + " (key, value) VALUES (?1, ?2)"); !ok) return ok;
      if (auto ok = prepare_into(on.remove, "DELETE FROM " + table + " WHERE key = ?1"); !ok) return ok;
      if (auto ok = prepare_into(on.get, "SELECT value FROM " + table + " WHERE key = ?1"); !ok) return ok;
      if (auto ok = prepare_into(on.scan, scan_of(static_cast<Table>(i))); !ok) return ok;
    }
    if (auto ok = prepare_into(begin_, "BEGIN IMMEDIATE"); !ok) return ok;
    if (auto ok = prepare_into(commit_, "COMMIT"); !ok) return ok;
    if (auto ok = prepare_into(free_pages_, "PRAGMA freelist_count"); !ok) return ok;
    sqlite3_busy_timeout(db_.get(), sqlite::kBusyWaitMs);
    sqlite3_wal_hook(db_.get(), &SqliteStore::on_wal, this);
    auto helper = WalHelper::start(options_.path);
    if (!helper) return helper.error();
    helper_ = std::move(*helper);
    look_at_disk();
    return {};
  }

  /// From now on the lock file outlives us.
  void keep_lock_file() { lock_.keep(); }

  StatusOr<> commit(std::span<const Write> writes) override {
    if (writes.empty()) return {};
    int result = run(begin_);
    for (const Write& write : writes) {
      if (result != SQLITE_DONE) break;
      result = apply(write);
    }
    if (result == SQLITE_DONE) {
      LONGBEAT_CRASH_POINT("before commit");
      result = run(commit_);
    }
    if (result == SQLITE_DONE) {
      LONGBEAT_CRASH_POINT("after commit");
      return {};
    }
    const Status failed = sqlite::to_status(result, "commit to '" + options_.path + "'", db_.get());
    if (failed.code == StatusCode::kResourceExhausted) room_.ran_out();
    if (sqlite3_get_autocommit(db_.get()) == 0) {
      if (auto undone = db_.execute("ROLLBACK"); !undone)
        internal::log(internal::LogLevel::kError, to_string(undone.error()));
    }
    return failed;
  }

  StatusOr<std::optional<std::string>> read(Table table, std::uint64_t key) override {
    Statement& get = tables_[static_cast<std::size_t>(table)].get;
    const Resetting reset(get);
    sqlite3_bind_int64(get.get(), 1, to_key(key));
    const int result = get.step();
    if (result == SQLITE_DONE) return std::optional<std::string>();
    if (result != SQLITE_ROW) return sqlite::to_status(result, "read " + sqlite::table_name(table), db_.get());
    return std::optional<std::string>(std::in_place, blob(get, 0));
  }

  StatusOr<> scan(Table table, std::uint64_t first, const Visit& visit) override {
    return scan_rows(tables_[static_cast<std::size_t>(table)].scan, db_, table, first, visit);
  }

  StatusOr<std::unique_ptr<Reader>> open_reader() override {
    auto reader = std::make_unique<SqliteReader>();
    if (auto opened = reader->open(options_.path); !opened) return opened.error();
    return std::unique_ptr<Reader>(std::move(reader));
  }

  std::string path() const override { return options_.path; }

  bool disk_full() const override { return room_.full(); }

  StatusOr<> begin_copy(const std::string& to) override {
    if (copy_) return internal::failed_precondition("another copy is being made");
    auto begun = sqlite::FileCopy::begin(db_, options_.path, to);
    if (!begun) return begun.error();
    copy_ = std::move(*begun);
    return {};
  }
  StatusOr<CopyProgress> continue_copy() override {
    if (!copy_) return internal::failed_precondition("no copy is being made");
    auto progress = copy_->step();
    if (!progress || progress->finished) copy_.reset();
    return progress;
  }
  void give_up_copy() override { copy_.reset(); }

  /// Keeps the log short. PASSIVE alone never lets a busy log start again from its beginning, and RESTART from the
  /// helper would stall commits; so the owner restarts it when almost everything has been moved over and the helper
  /// stands still.
  void maintain() override {
    const std::int64_t margin_pages = static_cast<std::int64_t>(room_.margin()) / sqlite::kPageBytes;
    if (options_.clock->now() - looked_at_ >= kBetweenLooks ||
        std::abs(wal_pages_ - looked_at_pages_) > margin_pages / 4) {
      look_at_disk();
    }
    if (room_.tight() && not_moved(helper_->progress()) > margin_pages) {
      helper_->kick();
      helper_->wait();
    }
    wait_while_log_is_long();
    const WalHelper::Progress helper = helper_->progress();
    if (!helper.idle) return;
    if (helper.disk_full && helper.runs != runs_ran_out_) {
      runs_ran_out_ = helper.runs;
      room_.ran_out();
    }
    if (helper.error != 0 && helper.error != reported_error_) {
      internal::log(internal::LogLevel::kWarn,
                    std::string("WAL checkpoint of '") + options_.path + "': " + sqlite3_errstr(helper.error));
    }
    reported_error_ = helper.error;
    if (log_began_again_) runs_at_restart_ = helper.runs;
    log_began_again_ = false;
    const bool kicked_since_restart = helper.runs > runs_at_restart_;
    const std::int64_t not_moved = this->not_moved(helper);
    const std::uint64_t most = wal_bytes_max();
    const std::int64_t enough = pages_before_kick(most);
    if (wal_bytes() > most && not_moved < enough && kicked_since_restart) {
      restart(helper.runs);
    } else if (not_moved >= enough || (wal_bytes() > most && not_moved > 0)) {
      look_at_disk();
      helper_->kick();
    }
  }

 private:
  static int on_wal(void* self, sqlite3*, const char*, int pages) {
    auto& store = *static_cast<SqliteStore*>(self);
    store.log_began_again_ |= pages < store.wal_pages_;  // SQLite does so by itself when everything was moved over.
    store.wal_pages_ = pages;
    return SQLITE_OK;
  }

  StatusOr<> prepare_into(Statement& statement, const std::string& sql) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    statement = std::move(*prepared);
    return {};
  }

  static int run(Statement& statement) {
    const int result = statement.step();
    statement.reset();
    return result;
  }

  int apply(const Write& write) {
    TableStatements& on = tables_[static_cast<std::size_t>(write.table)];
    Statement& statement = write.value ? on.put : on.remove;
    sqlite3_bind_int64(statement.get(), 1, to_key(write.key));
    if (write.value) {
      // Not even an empty value is NULL. The bytes outlive the step: no copy.
      const char* bytes = write.value->empty() ? "" : write.value->data();
      sqlite3_bind_blob64(statement.get(), 2, bytes, write.value->size(), SQLITE_STATIC);
    }
    return run(statement);
  }

  /// Pages of the log that are not in the file yet, as far as is known.
  std::int64_t not_moved(const WalHelper::Progress& helper) const {
    return wal_pages_ - (helper.runs > runs_at_restart_ && !log_began_again_ ? helper.moved_pages : 0);
  }

  std::uint64_t wal_bytes() const { return static_cast<std::uint64_t>(wal_pages_ * (sqlite::kPageBytes + 24)); }

  static std::int64_t pages_before_kick(std::uint64_t most) {
    return std::clamp(static_cast<std::int64_t>(most / 16 / sqlite::kPageBytes), kPagesBeforeKickMin, kPagesBeforeKick);
  }

  /// Commits that come faster than the helper moves them over would never let the log begin again. Where that was in
  /// vain, as while another program reads the file, it is tried again when the log has grown by some.
  void wait_while_log_is_long() {
    const std::uint64_t most = wal_bytes_max();
    waited_at_pages_ = std::min(waited_at_pages_, wal_pages_);
    if (wal_bytes() <= 2 * most || (waited_at_pages_ > 0 && wal_pages_ - waited_at_pages_ < pages_before_kick(most)))
      return;
    waited_at_pages_ = wal_pages_;
    helper_->wait();
    if (helper_->progress().error != SQLITE_OK) return;  // maintain() tells of it, and goes on asking.
    helper_->kick();
    helper_->wait();
  }

  /// A log that has begun again keeps its size on the disk: where there is little room, it stays small.
  std::uint64_t wal_bytes_max() const {
    const auto wal_bytes = static_cast<std::uint64_t>(wal_pages_ * sqlite::kPageBytes);
    if (room_.full()) return std::min(options_.wal_bytes_restart, kWalBytesMin);
    if (room_.free_bytes() / 4 >= options_.wal_bytes_restart) return options_.wal_bytes_restart;
    return std::min(options_.wal_bytes_restart, std::max(kWalBytesMin, (room_.free_bytes() + wal_bytes) / 4));
  }

  void look_at_disk() {
    looked_at_ = options_.clock->now();
    looked_at_pages_ = wal_pages_;
    const Resetting reset(free_pages_);
    // Not readable just now: as if there were none.
    const std::int64_t pages = free_pages_.step() == SQLITE_ROW ? sqlite3_column_int64(free_pages_.get(), 0) : 0;
    room_.look(static_cast<std::uint64_t>(pages) * sqlite::kPageBytes);
  }

  void restart(std::uint64_t runs) {
    LONGBEAT_CRASH_POINT("log restart");
    sqlite3_busy_timeout(db_.get(), 0);
    // On a full disk the log also gives its room back.
    const int how = room_.full() ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
    const int result = sqlite3_wal_checkpoint_v2(db_.get(), "main", how, nullptr, nullptr);
    sqlite3_busy_timeout(db_.get(), sqlite::kBusyWaitMs);
    if (result == SQLITE_OK) {
      wal_pages_ = 0;
      waited_at_pages_ = 0;
      runs_at_restart_ = runs;
    } else if (result != SQLITE_BUSY) {
      internal::log(internal::LogLevel::kWarn, to_string(sqlite::to_status(result, "restart the WAL", db_.get())));
    }
  }

  SqliteStoreOptions options_;
  FileLock lock_;  ///< Released last.
  Connection db_;
  std::array<TableStatements, kTableCount> tables_;
  Statement begin_, commit_, free_pages_;
  DiskRoom room_;
  internal::TimePoint looked_at_{};
  std::int64_t looked_at_pages_ = 0;
  std::uint64_t runs_ran_out_ = 0;  ///< The last checkpoint that found no room, which counts once.
  std::int64_t wal_pages_ = 0;
  std::int64_t waited_at_pages_ = 0;  ///< Of the log when commits last waited for the helper; 0: not since it began.
  bool log_began_again_ = false;
  std::uint64_t runs_at_restart_ = 0;  ///< Checkpoints counted before this number speak of an older log.
  int reported_error_ = 0;
  std::unique_ptr<WalHelper> helper_;  ///< Stops before the connection closes.
  std::unique_ptr<sqlite::FileCopy> copy_;
};

}  // namespace

namespace {

StatusOr<std::unique_ptr<Store>> open_resolved(const SqliteStoreOptions& options) {
  auto lock = FileLock::take(options.path);
  if (!lock) return lock.error();
  std::error_code none;  // Not there: it is new.
  const bool is_new = std::filesystem::file_size(options.path, none) == 0 || none;
  auto db = sqlite::open_file(options.path);
  if (!db) return db.error();
  auto store = std::make_unique<SqliteStore>(options, std::move(*lock), std::move(*db), is_new);
  if (auto ready = store->prepare(); !ready)
    return Status{ready.error().code, "database file '" + options.path + "': " + ready.error().message, {}};
  store->keep_lock_file();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace

StatusOr<std::unique_ptr<Store>> open_sqlite_store(const SqliteStoreOptions& given) {
  // One file has one lock, however it is called.
  auto path = sqlite::resolved_path(given.path);
  if (!path) return path.error();
  SqliteStoreOptions options = given;
  options.path = *path;
  options.wal_bytes_restart = LONGBEAT_CRASH_TEST_VALUE("WAL bytes", options.wal_bytes_restart);
  auto opened = open_resolved(options);
  if (opened || opened.error().code != StatusCode::kResourceExhausted) return opened;
  // No room even for the log's index: once more with what the reserve gives back.
  DiskRoom(options.path, options.reserve_bytes, options.free_bytes, true).ran_out();
  return open_resolved(options);
}

}  // namespace longbeat::server
