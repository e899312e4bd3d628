#pragma once
#include <string>

#include "directory/run_index.h"
#include "storage/store.h"

namespace longbeat::server {

/// What recovery must know of a closed activity, in 32 bytes: read for each of them, and nothing else.
struct IndexRow {
  IdFingerprint id{};
  std::uint64_t run = 0;        ///< run_fingerprint
  std::int64_t close_time = 0;  ///< nanoseconds since 1970; retention counts from here
};

void encode_index_row(std::uint64_t row, const IndexRow& entry, std::string& out);
StatusOr<IndexRow> decode_index_row(std::uint64_t row, std::string_view bytes);

}  // namespace longbeat::server
