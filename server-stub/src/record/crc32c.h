#pragma once
#include <cstdint>
#include <string_view>

namespace longbeat::server {

/// CRC-32C (Castagnoli) of `bytes`, continuing from `crc`, the checksum of what came before (0: nothing did). Uses the
/// processor's instruction where there is one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);
/// The same without it, for processors that lack it.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace longbeat::server
