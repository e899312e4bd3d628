#pragma once
/// What must not be found in messages: a secret of 480 bytes, and how much of it a text has.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace longbeat::test {

inline constexpr std::string_view kSecretPart = "5ECRETQZ";

inline const std::string kSecret = [] {
  std::string secret;
  while (secret.size() < 480) secret += kSecretPart;
  return secret;
}();

/// Bytes of it in all, counting pieces of three bytes and more.
inline std::size_t secret_bytes(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < kSecretPart.size(); ++begin) {
      std::size_t length = 0;
      while (at + length < text.size() && text[at + length] == kSecretPart[(begin + length) % kSecretPart.size()])
        ++length;
      longest = std::max(longest, length);
    }
    if (longest >= 3) sum += longest;
    at += std::max<std::size_t>(longest, 1);
  }
  return sum;
}

}  // namespace longbeat::test
