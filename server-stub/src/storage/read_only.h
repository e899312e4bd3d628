#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/log_scan.h"
#include "storage/store.h"

namespace longbeat::server {

/// Rows of one table that cannot be read, because a page of the file is damaged. Both ends belong to it.
struct RowGap {
  std::int64_t first = 0, last = 0;
  std::string why{};
};

/// The rows of one table in order of their keys. What a damaged page hides is passed over. Lives no longer than its
/// file.
class RowCursor {
 public:
  virtual ~RowCursor() = default;
  /// Goes to the next row; false after the last one.
  virtual bool next() = 0;
  /// Of the present row; the value lives until next().
  virtual std::int64_t key() const = 0;
  virtual std::string_view value() const = 0;
  /// What was passed over so far, in order.
  virtual const std::vector<RowGap>& gaps() const = 0;
};

/// A longbeat file as it lies there, its log included: nothing is changed, migrated or left beside it, and no server
/// can take it meanwhile. Memory: the page cache of 16 MiB. Belongs to one thread.
class ReadOnlyFile {
 public:
  /// One clear line why not: there is no such file, a server uses it, it is not longbeat's, it is empty, of a newer
  /// format, or so damaged that not even its tables are known.
  static StatusOr<std::unique_ptr<ReadOnlyFile>> open(const std::string& path);
  virtual ~ReadOnlyFile() = default;

  /// The one name of the file, without symbolic links.
  virtual const std::string& path() const = 0;
  /// DATA_LOSS when it cannot be told.
  virtual const StatusOr<std::uint32_t>& format() const = 0;
  /// A table that its format has, or that is there.
  virtual bool expects(Table table) const = 0;
  virtual bool has(Table table) const = 0;
  virtual std::uint64_t file_bytes() const = 0;
  /// Of the write-ahead log; 0: there is none.
  virtual std::uint64_t log_bytes() const = 0;
  /// Reads all of the log.
  virtual sqlite::LogScan scan_log() const = 0;

  /// What SQLite finds wrong with the structure of the file, one line each, at most `lines_max`. Reads all of it.
  virtual std::vector<std::string> quick_check(int lines_max) = 0;
  /// Null when there is no such table. One that SQLite cannot read at all is one gap.
  virtual std::unique_ptr<RowCursor> rows(Table table) = 0;
};

}  // namespace longbeat::server
