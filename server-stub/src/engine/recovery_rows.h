#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "directory/run_index.h"
#include "engine/open_activity.h"
#include "storage/store.h"

/// Reading for recovery, on two threads where the store has a second reader: closed activities' index rows on one,
/// progress of the open ones on the other, then whoever is done takes the next piece of the open ones' other parts.
namespace longbeat::server {

/// Every row of a table to a visitor that may fail, and then sees no more of them.
template <class Visit>
StatusOr<> scan_all(Reader& reader, Table table, Visit visit) {
  StatusOr<> result;
  auto scanned = reader.scan(table, 0, [&](std::uint64_t key, std::string_view bytes) {
    result = visit(key, bytes);
    return result.ok();
  });
  return scanned ? result : scanned;
}

/// What memory has to know of the closed activities.
struct ClosedRows {
  RunIndex index{};
  std::vector<std::uint64_t> shared{};  ///< fingerprints of several rows
  std::size_t count = 0;
  std::uint64_t last = 0;  ///< the largest row
};
StatusOr<> read_closed_rows(Reader& reader, ClosedRows& closed);

/// Input, details, failure and callbacks of open activities, whose rows rise.
class OpenParts {
 public:
  explicit OpenParts(std::vector<OpenActivity*> activities) : activities_(std::move(activities)) {}
  /// Reads piece by piece until none is left, or this or another thread has failed. Every activity is one thread's.
  StatusOr<> read(Reader& reader);
  const std::vector<OpenActivity*>& activities() const { return activities_; }

 private:
  std::vector<OpenActivity*> activities_;
  std::atomic<std::size_t> next_{0};  ///< where the next piece begins
};

}  // namespace longbeat::server
