#include "engine/index_row.h"

#include <array>

#include "record/record.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kFirstFormatBytes = 4 * 8;
constexpr std::size_t kBytes = 5 * 8;
constexpr std::uint64_t kSuperseded = std::uint64_t{1} << 32;  // Above the namespace's number.

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return number;
}

}  // namespace

void encode_index_row(std::uint64_t row, const IndexRow& entry, std::string& out) {
  std::array<char, kBytes> body{};
  const std::array<std::uint64_t, 5> fields{entry.id.low, entry.id.high, entry.run,
                                            static_cast<std::uint64_t>(entry.close_time),
                                            entry.namespace_id | (entry.superseded ? kSuperseded : 0)};
  for (std::size_t i = 0; i < kBytes; ++i) body[i] = static_cast<char>(fields[i / 8] >> (8 * (i % 8)));
  seal({Table::kIndex, row}, {body.data(), body.size()}, out);
}

StatusOr<IndexRow> decode_index_row(std::uint64_t row, std::string_view bytes) {
  const RowRef ref(Table::kIndex, row);
  const auto body = unseal(ref, bytes);
  if (!body) return body.error();
  if (body->size() < kFirstFormatBytes)
    return Status{internal::StatusCode::kDataLoss, to_string(ref) + " is too short", {}};
  IndexRow entry{{number_at(*body, 0), number_at(*body, 8)},
                 number_at(*body, 16),
                 static_cast<std::int64_t>(number_at(*body, 24))};
  if (body->size() >= kBytes) {
    const std::uint64_t last = number_at(*body, 32);
    entry.namespace_id = static_cast<std::uint32_t>(last);
    entry.superseded = (last & kSuperseded) != 0;
  }
  return entry;
}

}  // namespace longbeat::server
