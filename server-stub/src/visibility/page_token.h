#pragma once
#include "visibility/visibility.h"

namespace longbeat::server::projection {

/// Where one page ended, and what the list looked like when its first page was made.
struct PageToken {
  std::uint32_t namespace_id = 0;
  std::uint64_t query = 0;  ///< fingerprint of its text
  /// What closed after this counts as open still; `close_order` of the last one that had closed by then.
  std::int64_t closed_until = 0;
  std::int64_t row_max = 0;  ///< what started after this is left out
  // The last item: the place in the list.
  std::int64_t close_order = 0, start_time = 0, row = 0;
};

std::uint64_t fingerprint(std::string_view text);
std::string encode(const PageToken& token);
/// INVALID_ARGUMENT when these bytes are no token, or one of another list.
StatusOr<PageToken> decode_page_token(std::string_view bytes, std::uint32_t namespace_id, const std::string& query);

}  // namespace longbeat::server::projection
