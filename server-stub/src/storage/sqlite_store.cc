#include <array>

#include "base/log.h"
#include "storage/sqlite_file.h"
#include "storage/store.h"
#include "storage/wal_helper.h"

namespace longbeat::server {
namespace {

using sqlite::Connection;
using sqlite::FileLock;
using sqlite::Resetting;
using sqlite::Statement;
using sqlite::WalHelper;

constexpr std::int64_t kPagesBeforeKick =
    1000;  // 4 MiB: small enough to stay in the page cache, large enough to merge beats.

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

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteStoreOptions options, FileLock lock, Connection db)
      : options_(std::move(options)), lock_(std::move(lock)), db_(std::move(db)) {}

  StatusOr<> prepare() {
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const std::string table = sqlite::table_name(static_cast<Table>(i));
      TableStatements& on = tables_[i];
      if (auto ok = prepare_into(on.put, "REPLACE INTO " + table + " (key, value) VALUES (?1, ?2)"); !ok) return ok;
      if (auto ok = prepare_into(on.remove, "DELETE FROM " + table + " WHERE key = ?1"); !ok) return ok;
      if (auto ok = prepare_into(on.get, "SELECT value FROM " + table + " WHERE key = ?1"); !ok) return ok;
      if (auto ok = prepare_into(on.scan, "SELECT key, value FROM " + table + " WHERE key >= ?1 ORDER BY key"); !ok)
        return ok;
    }
    if (auto ok = prepare_into(begin_, "BEGIN IMMEDIATE"); !ok) return ok;
    if (auto ok = prepare_into(commit_, "COMMIT"); !ok) return ok;
    sqlite3_busy_timeout(db_.get(), sqlite::kBusyWaitMs);
    sqlite3_wal_hook(db_.get(), &SqliteStore::on_wal, this);
    auto helper = WalHelper::start(options_.path);
    if (!helper) return helper.error();
    helper_ = std::move(*helper);
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
    if (result == SQLITE_DONE) result = run(commit_);
    if (result == SQLITE_DONE) return {};
    const Status failed = sqlite::to_status(result, "commit to '" + options_.path + "'", db_.get());
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

  StatusOr<> scan(Table table, std::uint64_t first,
                  const std::function<bool(std::uint64_t, std::string_view)>& visit) override {
    Statement& rows = tables_[static_cast<std::size_t>(table)].scan;
    const Resetting reset(rows);
    sqlite3_bind_int64(rows.get(), 1, to_key(first));
    int result = rows.step();
    for (; result == SQLITE_ROW; result = rows.step()) {
      const auto key = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 0));
      if (!visit(key, blob(rows, 1))) return {};
    }
    if (result != SQLITE_DONE) return sqlite::to_status(result, "scan " + sqlite::table_name(table), db_.get());
    return {};
  }

  std::string path() const override { return options_.path; }

  /// Keeps the log short. PASSIVE alone never lets a busy log start again from its beginning, and RESTART from the
  /// helper would stall commits; so the owner restarts it when almost everything has been moved over and the helper
  /// stands still.
  void maintain() override {
    const WalHelper::Progress helper = helper_->progress();
    if (!helper.idle) return;
    if (helper.error != 0 && helper.error != reported_error_) {
      internal::log(internal::LogLevel::kWarn,
                    std::string("WAL checkpoint of '") + options_.path + "': " + sqlite3_errstr(helper.error));
    }
    reported_error_ = helper.error;
    if (log_began_again_) runs_at_restart_ = helper.runs;
    log_began_again_ = false;
    const bool kicked_since_restart = helper.runs > runs_at_restart_;
    const std::int64_t not_moved = wal_pages_ - (kicked_since_restart ? helper.moved_pages : 0);
    const auto wal_bytes = static_cast<std::uint64_t>(wal_pages_ * (sqlite::kPageBytes + 24));
    if (wal_bytes > options_.wal_bytes_restart && not_moved < kPagesBeforeKick && kicked_since_restart) {
      restart(helper.runs);
    } else if (not_moved >= kPagesBeforeKick || (wal_bytes > options_.wal_bytes_restart && not_moved > 0)) {
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

  void restart(std::uint64_t runs) {
    sqlite3_busy_timeout(db_.get(), 0);
    const int result = sqlite3_wal_checkpoint_v2(db_.get(), "main", SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    sqlite3_busy_timeout(db_.get(), sqlite::kBusyWaitMs);
    if (result == SQLITE_OK) {
      wal_pages_ = 0;
      runs_at_restart_ = runs;
    } else if (result != SQLITE_BUSY) {
      internal::log(internal::LogLevel::kWarn, to_string(sqlite::to_status(result, "restart the WAL", db_.get())));
    }
  }

  SqliteStoreOptions options_;
  FileLock lock_;  ///< Released last.
  Connection db_;
  std::array<TableStatements, kTableCount> tables_;
  Statement begin_, commit_;
  std::int64_t wal_pages_ = 0;
  bool log_began_again_ = false;
  std::uint64_t runs_at_restart_ = 0;  ///< Checkpoints counted before this number speak of an older log.
  int reported_error_ = 0;
  std::unique_ptr<WalHelper> helper_;  ///< Stops before the connection closes.
};

}  // namespace

StatusOr<std::unique_ptr<Store>> open_sqlite_store(const SqliteStoreOptions& given) {
  // One file has one lock, however it is called.
  auto path = sqlite::resolved_path(given.path);
  if (!path) return path.error();
  SqliteStoreOptions options = given;
  options.path = *path;
  auto lock = FileLock::take(options.path);
  if (!lock) return lock.error();
  auto db = sqlite::open_file(options.path);
  if (!db) return db.error();
  auto store = std::make_unique<SqliteStore>(options, std::move(*lock), std::move(*db));
  if (auto ready = store->prepare(); !ready)
    return Status{ready.error().code, "database file '" + options.path + "': " + ready.error().message, {}};
  store->keep_lock_file();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace longbeat::server
