#include "visibility/page_token.h"

#include <array>

namespace longbeat::server::projection {
namespace {

constexpr std::string_view kMagic = "lbp1";
constexpr std::size_t kNumbers = 8;

std::string with_check(std::string bytes) {
  const std::uint64_t check = fingerprint(bytes);
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(check >> (8 * i));
  return bytes;
}

}  // namespace

std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a.
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string encode(const PageToken& token) {
  const std::array<std::uint64_t, kNumbers - 1> numbers{token.namespace_id,
                                                        token.query,
                                                        static_cast<std::uint64_t>(token.closed_until),
                                                        static_cast<std::uint64_t>(token.row_max),
                                                        static_cast<std::uint64_t>(token.close_order),
                                                        static_cast<std::uint64_t>(token.start_time),
                                                        static_cast<std::uint64_t>(token.row)};
  std::string bytes(kMagic);
  for (const std::uint64_t number : numbers) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i));
  }
  return with_check(std::move(bytes));
}

StatusOr<PageToken> decode_page_token(std::string_view bytes, std::uint32_t namespace_id, const std::string& query) {
  const Status no_token = internal::invalid_argument("invalid next page token");
  if (bytes.size() != kMagic.size() + 8 * kNumbers || !bytes.starts_with(kMagic)) return no_token;
  if (with_check(std::string(bytes.substr(0, bytes.size() - 8))) != bytes) return no_token;
  std::array<std::uint64_t, kNumbers - 1> numbers{};
  for (std::size_t i = 0; i < numbers.size() * 8; ++i) {
    numbers[i / 8] |= std::uint64_t{static_cast<unsigned char>(bytes[kMagic.size() + i])} << (8 * (i % 8));
  }
  const auto at = [&](std::size_t i) { return static_cast<std::int64_t>(numbers[i]); };
  const PageToken token{static_cast<std::uint32_t>(numbers[0]), numbers[1], at(2), at(3), at(4), at(5), at(6)};
  if (token.namespace_id != namespace_id || token.query != fingerprint(query)) {
    return internal::invalid_argument("invalid next page token: it belongs to another query or namespace");
  }
  return token;
}

}  // namespace longbeat::server::projection
