#include "storage/read_only.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "storage/sqlite_file.h"

namespace longbeat::server {
namespace {

using sqlite::Connection;
using sqlite::FileLock;
using sqlite::Statement;

constexpr std::int64_t kFirstKey = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastKey = std::numeric_limits<std::int64_t>::max();
/// A page holds fewer rows than this; so most damaged ones are passed over without a row of the next.
constexpr std::int64_t kKeysOneByOne = 1024;

std::string quoted(const std::string& path) {
  return "database file '" + path + "'";
}

class TableCursor final : public RowCursor {
 public:
  TableCursor(sqlite3* db, Statement statement) : db_(db), statement_(std::move(statement)) {}
  /// Of a table that cannot be read at all.
  explicit TableCursor(RowGap all) : gaps_{std::move(all)}, over_(true) {}

  bool next() override {
    if (over_) return false;
    if (!begun_) return took(seek(kFirstKey));
    if (key_ == kLastKey) return took(SQLITE_DONE);
    const int result = statement_.step();
    return took(result);
  }
  std::int64_t key() const override { return key_; }
  std::string_view value() const override {
    const void* bytes = sqlite3_column_blob(statement_.get(), 1);
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), 1))};
  }
  const std::vector<RowGap>& gaps() const override { return gaps_; }

 private:
  /// The first row from `key` on.
  int seek(std::int64_t key) {
    sqlite3_reset(statement_.get());
    sqlite3_bind_int64(statement_.get(), 1, key);
    return statement_.step();
  }
  bool took(int result) {
    if (result != SQLITE_ROW && result != SQLITE_DONE) result = pass_over(result);
    over_ = result != SQLITE_ROW;
    if (over_) return false;
    begun_ = true;
    key_ = sqlite3_column_int64(statement_.get(), 0);
    return true;
  }

  /// Looks for the first key after the present one from which on rows can be read again.
  int pass_over(int result) {
    RowGap gap;
    gap.first = begun_ ? key_ + 1 : 0;  // No row of ours has a key below zero.
    gap.why = sqlite3_errmsg(db_);
    std::int64_t unreadable = gap.first;
    std::int64_t step = 1;
    while (unreadable < kLastKey) {
      const std::int64_t probe = step < kLastKey - unreadable ? unreadable + step : kLastKey;
      result = seek(probe);
      if (result == SQLITE_ROW || result == SQLITE_DONE) {
        gap.last = between(unreadable, probe, result) - 1;
        gaps_.push_back(std::move(gap));
        return result;
      }
      unreadable = probe;
      if (unreadable - gap.first > kKeysOneByOne) step = step > kLastKey / 2 ? kLastKey : 2 * step;
    }
    gap.last = kLastKey;
    gaps_.push_back(std::move(gap));
    return SQLITE_DONE;
  }

  /// The first readable key in (unreadable, readable], where the statement then stands with `result`.
  std::int64_t between(std::int64_t unreadable, std::int64_t readable, int& result) {
    while (readable - unreadable > 1) {
      const std::int64_t middle = unreadable + (readable - unreadable) / 2;
      const int found = seek(middle);
      (found == SQLITE_ROW || found == SQLITE_DONE ? readable : unreadable) = middle;
    }
    result = seek(readable);
    return readable;
  }

  sqlite3* db_ = nullptr;
  Statement statement_{};
  std::vector<RowGap> gaps_{};
  std::int64_t key_ = 0;
  bool begun_ = false;
  bool over_ = false;
};

class SqliteReadOnlyFile final : public ReadOnlyFile {
 public:
  SqliteReadOnlyFile(std::string path, FileLock lock, Connection db)
      : path_(std::move(path)), lock_(std::move(lock)), db_(std::move(db)) {}

  /// Refuses what cannot be read at all.
  StatusOr<> prepare() {
    const auto fresh = sqlite::is_new(db_, path_);
    if (!fresh) return fresh.error();
    if (*fresh && scan_log().header_damaged) return sqlite::damaged_when_young(path_);
    if (*fresh) return internal::failed_precondition(quoted(path_) + " is empty: no server has made it yet");
    if (auto ok = db_.execute("PRAGMA cache_size = -16384"); !ok) return ok;
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const auto count = db_.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '" +
                                    sqlite::table_name(static_cast<Table>(i)) + "'");
      if (!count) return Status{count.error().code, quoted(path_) + ": " + count.error().message, {}};
      has_[i] = *count > 0;
    }
    if (has(Table::kMeta)) format_ = sqlite::read_version(db_, path_);
    if (!format_ && format_.error().code == StatusCode::kFailedPrecondition) return format_.error();
    return {};
  }

  const std::string& path() const override { return path_; }
  const StatusOr<std::uint32_t>& format() const override { return format_; }
  bool expects(Table table) const override {
    const std::size_t tables = sqlite::tables_of_format(format_ ? *format_ : 1);
    return has(table) || static_cast<std::size_t>(table) < tables;
  }
  bool has(Table table) const override { return has_[static_cast<std::size_t>(table)]; }
  std::uint64_t file_bytes() const override { return bytes_of(path_); }
  std::uint64_t log_bytes() const override { return bytes_of(path_ + "-wal"); }
  sqlite::LogScan scan_log() const override { return sqlite::scan_log(path_ + "-wal"); }

  std::vector<std::string> quick_check(int lines_max) override {
    std::vector<std::string> lines;
    auto check = db_.prepare("PRAGMA quick_check(" + std::to_string(lines_max) + ")");
    int result = check ? SQLITE_ROW : SQLITE_ERROR;
    while (check && (result = check->step()) == SQLITE_ROW) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(check->get(), 0));
      append_lines(text != nullptr ? text : "", lines);
    }
    if (result != SQLITE_DONE) lines.push_back(sqlite3_errmsg(db_.get()));
    if (lines.size() == 1 && lines.front() == "ok") lines.clear();
    return lines;
  }

  std::unique_ptr<RowCursor> rows(Table table) override {
    if (!has(table)) return nullptr;
    auto select = db_.prepare("SELECT key, value FROM " + sqlite::table_name(table) + " WHERE key >= ?1 ORDER BY key");
    // As if one damaged page held all of it.
    if (!select) return std::make_unique<TableCursor>(RowGap{0, kLastKey, sqlite3_errmsg(db_.get())});
    return std::make_unique<TableCursor>(db_.get(), std::move(*select));
  }

 private:
  static std::uint64_t bytes_of(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }
  /// One answer of SQLite may hold several lines, under a heading.
  static void append_lines(std::string_view text, std::vector<std::string>& lines) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      if (!line.empty() && !line.starts_with("***")) lines.emplace_back(line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string path_;
  FileLock lock_;  ///< Released last.
  Connection db_;
  StatusOr<std::uint32_t> format_ = Status{StatusCode::kDataLoss, "the table with its format version is missing", {}};
  std::array<bool, kTableCount> has_{};
};

}  // namespace

StatusOr<std::unique_ptr<ReadOnlyFile>> ReadOnlyFile::open(const std::string& given) {
  auto path = sqlite::resolved_path(given);
  if (!path) return path.error();
  struct stat info{};
  if (::stat(path->c_str(), &info) != 0)
    return internal::failed_precondition(quoted(*path) + ": " + std::generic_category().message(errno));
  if (!S_ISREG(info.st_mode)) return internal::failed_precondition(quoted(*path) + " is not a regular file");
  auto lock = FileLock::take_to_read(*path);
  if (!lock) return lock.error();
  struct stat journal{};
  if (::stat((*path + "-journal").c_str(), &journal) == 0 && journal.st_size > 0)
    return internal::failed_precondition(quoted(*path) +
                                         " was being made when its server ended: start the server once");
  auto db = Connection::open_untouched(*path);
  if (!db) return Status{StatusCode::kFailedPrecondition, quoted(*path) + ": " + db.error().message, {}};
  auto file = std::make_unique<SqliteReadOnlyFile>(*path, std::move(*lock), std::move(*db));
  if (auto ready = file->prepare(); !ready) return ready.error();
  return std::unique_ptr<ReadOnlyFile>(std::move(file));
}

}  // namespace longbeat::server
