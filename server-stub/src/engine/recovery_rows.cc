#include "engine/recovery_rows.h"

#include <algorithm>
#include <memory>
#include <span>

#include "engine/index_row.h"
#include "engine/share_texts.h"
#include "record/record.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kPiece = 8192;  // Activities.
/// Rows further apart than this are sought one by one; stepping over those between takes longer.
constexpr std::uint64_t kWorthASeek = 4;

/// take(activity, bytes) for those of `activities` that have a row in this table.
template <class Take>
StatusOr<> for_rows(Reader& reader, Table table, std::span<OpenActivity* const> activities, Take take) {
  StatusOr<> result;
  for (bool more = true; more && !activities.empty();) {
    more = false;  // Unless we leave the scan for a better place.
    auto scanned = reader.scan(table, activities.front()->row, [&](std::uint64_t row, std::string_view bytes) {
      while (!activities.empty() && activities.front()->row < row) activities = activities.subspan(1);
      if (!activities.empty() && activities.front()->row == row) {
        result = take(*activities.front(), bytes);
        activities = activities.subspan(1);
      }
      if (!result || activities.empty()) return false;
      more = activities.front()->row > row + kWorthASeek;
      return !more;
    });
    if (!scanned) return scanned;
    if (!result) return result;
  }
  return {};
}

template <class Decode, class Assign>
StatusOr<> read_part(Reader& reader, Table table, std::span<OpenActivity* const> activities, Decode decode,
                     Assign assign) {
  return for_rows(reader, table, activities, [&](OpenActivity& activity, std::string_view bytes) -> StatusOr<> {
    auto decoded = decode(RowRef(table, activity.row), bytes);
    if (!decoded) return decoded.error();
    assign(activity.state, std::move(*decoded));
    return {};
  });
}

StatusOr<> read_parts(Reader& reader, TextPool& texts, std::span<OpenActivity* const> activities) {
  auto read =
      read_part(reader, Table::kInput, activities, decode_input, [&texts](ActivityState& state, ActivityInput input) {
        share_texts(texts, input);
        state.input = std::make_shared<const ActivityInput>(std::move(input));
      });
  if (read)
    read = read_part(reader, Table::kDetails, activities, decode_details,
                     [](ActivityState& state, std::string details) { state.heartbeat_details = std::move(details); });
  if (read)
    read = read_part(reader, Table::kFailure, activities, decode_failure,
                     [](ActivityState& state, StoredFailure failure) { state.last_failure = std::move(failure); });
  if (read)
    read = read_part(
        reader, Table::kCallbacks, activities, decode_callbacks,
        [](ActivityState& state, std::vector<CallbackState> callbacks) { state.callbacks = std::move(callbacks); });
  return read;
}

}  // namespace

StatusOr<> read_closed_rows(Reader& reader, ClosedRows& closed) {
  RunIndexLoader loader;
  auto read = scan_all(reader, Table::kIndex, [&](std::uint64_t row, std::string_view bytes) -> StatusOr<> {
    const auto entry = decode_index_row(row, bytes);
    if (!entry) return entry.error();
    ++closed.count;
    closed.last = row;
    loader.add(entry->superseded ? entry->run : entry->id.low, row);
    return {};
  });
  if (!read) return read;
  closed.index = loader.build(closed.shared);
  return {};
}

StatusOr<> OpenParts::read(Reader& reader) {
  TextPool texts;  // Of its own: so the same text is in memory a second time, but no lock is needed.
  while (true) {
    const std::size_t first = next_.fetch_add(kPiece);
    if (first >= activities_.size()) return {};
    const std::span<OpenActivity* const> piece(activities_.data() + first,
                                               std::min(kPiece, activities_.size() - first));
    if (auto read = read_parts(reader, texts, piece); !read) {
      next_ = activities_.size();
      return read;
    }
  }
}

}  // namespace longbeat::server
