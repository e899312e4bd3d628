#include "record/seal.h"

#include "record/crc32c.h"

namespace longbeat::server {
namespace {

constexpr std::size_t kFrameBytes = 5;  // One of format, four of checksum.

std::uint32_t checksum(const RowRef& row, char format, std::string_view body) {
  std::array<char, 10> place{};
  place[0] = static_cast<char>(row.table);
  for (std::size_t i = 0; i < 8; ++i) place[i + 1] = static_cast<char>(row.key >> (8 * i));
  place[9] = format;
  return crc32c(body, crc32c({place.data(), place.size()}));
}

}  // namespace

std::string table_text(std::uint8_t table) {
  return table < kTableTexts.size() ? std::string(kTableTexts[table]) : "table " + std::to_string(table);
}

std::string to_string(const RowRef& row) {
  return table_text(row.table) + " row " + std::to_string(row.key);
}

Status unreadable(const RowRef& row, const std::string& why) {
  return {internal::StatusCode::kDataLoss, to_string(row) + " " + why, {}};
}

void begin_seal(std::string& out) {
  out.assign(kFrameBytes, '\0');
  out[0] = static_cast<char>(kRecordFormat);
}

void finish_seal(const RowRef& row, std::string& out) {
  const std::uint32_t crc = checksum(row, out[0], std::string_view(out).substr(kFrameBytes));
  for (std::size_t i = 0; i < 4; ++i) out[i + 1] = static_cast<char>(crc >> (8 * i));
}

void seal(const RowRef& row, std::string_view body, std::string& out) {
  begin_seal(out);
  out.append(body);
  finish_seal(row, out);
}

StatusOr<std::string_view> unseal(const RowRef& row, std::string_view bytes) {
  if (bytes.size() < kFrameBytes) {
    return unreadable(row, "is cut off: " + std::to_string(bytes.size()) + " bytes, a row has at least 5");
  }
  std::uint32_t stored = 0;
  for (std::size_t i = 0; i < 4; ++i) stored |= std::uint32_t{static_cast<unsigned char>(bytes[i + 1])} << (8 * i);
  const std::string_view body = bytes.substr(kFrameBytes);
  if (stored != checksum(row, bytes[0], body)) return unreadable(row, "is damaged: its checksum does not match");
  // Only now, or a flipped bit in the format would look like a newer server's row.
  const auto format = static_cast<unsigned char>(bytes[0]);
  if (format == 0 || format > kRecordFormat) {
    return unreadable(
        row, "has format " + std::to_string(format) + ", this server reads up to " + std::to_string(kRecordFormat));
  }
  return body;
}

}  // namespace longbeat::server
