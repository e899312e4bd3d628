#pragma once
#include <string>

#include "directory/run_index.h"
#include "storage/store.h"

namespace longbeat::server {

/// What recovery must know of a closed activity, in 40 bytes: read for each of them, and nothing else.
struct IndexRow {
  IdFingerprint id{};
  std::uint64_t run = 0;           ///< run_fingerprint
  std::int64_t close_time = 0;     ///< nanoseconds since 1970; retention counts from here
  std::uint32_t namespace_id = 0;  ///< 0 in rows of the first file format: its input knows
  /// A later run of this ID was started: it is found by its run ID only, also when the later one has been deleted.
  bool superseded = false;
};

void encode_index_row(std::uint64_t row, const IndexRow& entry, std::string& out);
StatusOr<IndexRow> decode_index_row(std::uint64_t row, std::string_view bytes);

}  // namespace longbeat::server
