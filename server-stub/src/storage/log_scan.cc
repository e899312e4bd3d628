#include "storage/log_scan.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <span>
#include <utility>
#include <vector>

namespace longbeat::server::sqlite {
namespace {

// SQLite's file format, "The Write-Ahead Log". All numbers are big-endian; the checksum takes words in the order that
// the magic number tells.
constexpr std::uint32_t kMagicLittle = 0x377f0682, kMagicBig = 0x377f0683;
constexpr std::size_t kHeaderBytes = 32, kFrameHeaderBytes = 24;
constexpr std::uint32_t kPageBytesMax = 65536;

using Bytes = std::span<const unsigned char>;

std::uint32_t number(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         std::uint32_t{bytes[at + 3]};
}

struct Checksum {
  std::uint32_t first = 0, second = 0;
  friend bool operator==(const Checksum&, const Checksum&) = default;

  void add(Bytes bytes, bool big) {
    const auto word = [&](std::size_t at) {
      const std::uint32_t value = number(bytes, at);
      return big ? value : __builtin_bswap32(value);
    };
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first += word(i) + second;
      second += word(i + 4) + first;
    }
  }
};

Checksum stored_checksum(Bytes bytes, std::size_t at) {
  return {number(bytes, at), number(bytes, at + 4)};
}

bool read(std::ifstream& file, std::span<unsigned char> into) {
  file.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
  return file.gcount() == static_cast<std::streamsize>(into.size());
}

}  // namespace

LogScan scan_log(const std::string& log_path) {
  LogScan scan;
  std::ifstream file(log_path, std::ios::binary);
  std::array<unsigned char, kHeaderBytes> header{};
  if (!read(file, header)) return scan;
  const std::uint32_t magic = number(header, 0), page_bytes = number(header, 8);
  const bool big = magic == kMagicBig;
  Checksum sum;
  sum.add(Bytes(header).first(24), big);
  if ((magic != kMagicLittle && !big) || page_bytes < 512 || page_bytes > kPageBytesMax ||
      sum != stored_checksum(header, 24)) {
    scan.header_damaged = true;
    return scan;
  }
  std::vector<unsigned char> frame(kFrameHeaderBytes + page_bytes);
  std::uint64_t since_commit = 0;
  bool readable = true;
  while (read(file, frame)) {
    const Bytes bytes(frame);
    const bool same_log = number(bytes, 8) == number(header, 16) && number(bytes, 12) == number(header, 20);
    if (!same_log) break;  // Of an earlier round: the log begins again without becoming shorter.
    sum.add(bytes.first(8), big);
    sum.add(bytes.subspan(kFrameHeaderBytes), big);
    const bool whole = sum == stored_checksum(bytes, 16) && number(bytes, 0) != 0;
    const bool commits = number(bytes, 4) != 0;
    readable = readable && whole;
    if (readable) {
      ++since_commit;
      if (commits) scan.frames += std::exchange(since_commit, 0);
    } else {
      ++scan.frames_behind;
      scan.commits_behind += commits ? 1 : 0;
      // Each frame's checksum goes on from the one before: as stored, so that one damaged frame does not damn the rest.
      sum = stored_checksum(bytes, 16);
    }
  }
  scan.frames_behind += since_commit;
  return scan;
}

}  // namespace longbeat::server::sqlite
