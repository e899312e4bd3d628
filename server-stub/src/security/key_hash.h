#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// API keys are long random texts, so one round of SHA-256 keeps them: nobody can try 2^256 keys, and a slow hash, as
/// passwords need it, would only slow every call down.
namespace longbeat::server {

using KeyHash = std::array<std::uint8_t, 32>;

/// Shorter keys may be guessed from their hash.
inline constexpr std::size_t kKeyBytesMin = 32;
/// How those begin that are made here.
inline constexpr std::string_view kKeyPrefix = "lbk_";
/// More would not fit well into a header.
inline constexpr std::size_t kKeyBytesMax = 1024;

KeyHash hash_of_key(std::string_view key);
/// "sha256:" and 64 hexadecimal digits: what stands in the configuration.
std::string to_text(const KeyHash& hash);
std::optional<KeyHash> hash_from_text(std::string_view text);
/// Takes the same time wherever they differ.
bool same(const KeyHash& a, const KeyHash& b);

/// A new key: 256 random bits as text. Throws std::runtime_error when the system has no random bytes.
std::string make_key();
/// What is wrong with a key somebody chose, without showing it, or an empty text.
std::string check_key(std::string_view key);
/// The text with its keys made unreadable: those that were made here, which begin as they do.
std::string without_keys(std::string text);

}  // namespace longbeat::server
