#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/read_only.h"

namespace longbeat::server {

/// The tables with one row per activity, all under the activity's number.
inline constexpr std::array kActivityTables{Table::kProgress, Table::kInput, Table::kDetails,  Table::kFailure,
                                            Table::kClosed,   Table::kIndex, Table::kCallbacks};

/// Goes through several tables at once, in order of their keys, with one row of each in memory.
class ActivityRows {
 public:
  explicit ActivityRows(ReadOnlyFile& file);

  /// Goes to the next number under which any table has a row; false after the last.
  bool next();
  std::uint64_t row() const { return static_cast<std::uint64_t>(row_); }
  /// Of the present number; lives until next().
  std::optional<std::string_view> bytes(Table table) const;
  /// There may be a row under the present number that a damaged page hides.
  bool is_hidden(Table table) const;
  /// What `table` hid so far.
  const std::vector<RowGap>& gaps(Table table) const;

 private:
  struct Side {
    std::unique_ptr<RowCursor> cursor{};
    bool over = false;
    bool is_here = false;  ///< stands at row_
  };
  Side& side(Table table) { return sides_[static_cast<std::size_t>(table)]; }
  const Side& side(Table table) const { return sides_[static_cast<std::size_t>(table)]; }

  std::array<Side, kTableCount> sides_{};
  std::int64_t row_ = 0;
};

}  // namespace longbeat::server
