#include "tools/activity_rows.h"

namespace longbeat::server {

ActivityRows::ActivityRows(ReadOnlyFile& file) {
  for (const Table table : kActivityTables) {
    Side& one = side(table);
    one.cursor = file.rows(table);
    one.over = !one.cursor || !one.cursor->next();
  }
}

bool ActivityRows::next() {
  std::optional<std::int64_t> lowest;
  for (const Table table : kActivityTables) {
    Side& one = side(table);
    if (one.is_here) one.over = !one.cursor->next();
    one.is_here = false;
    if (!one.over && (!lowest || one.cursor->key() < *lowest)) lowest = one.cursor->key();
  }
  if (!lowest) return false;
  row_ = *lowest;
  for (const Table table : kActivityTables) {
    Side& one = side(table);
    one.is_here = !one.over && one.cursor->key() == row_;
  }
  return true;
}

std::optional<std::string_view> ActivityRows::bytes(Table table) const {
  const Side& one = side(table);
  if (!one.is_here) return std::nullopt;
  return one.cursor->value();
}

bool ActivityRows::is_hidden(Table table) const {
  // The latest that begins at or before it: every cursor stands at this number or beyond.
  const auto& found = gaps(table);
  for (auto gap = found.rbegin(); gap != found.rend(); ++gap) {
    if (gap->first <= row_) return row_ <= gap->last;
  }
  return false;
}

const std::vector<RowGap>& ActivityRows::gaps(Table table) const {
  static const std::vector<RowGap> kNone;
  return side(table).cursor ? side(table).cursor->gaps() : kNone;
}

}  // namespace longbeat::server
