#include "security/key_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <stdexcept>

namespace longbeat::server {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::string_view kHexDigits = "0123456789abcdef";

/// Looked up once: OpenSSL 3 takes longer to find the algorithm than to run it on a key.
class Sha256 {
 public:
  KeyHash operator()(std::string_view text) {
    KeyHash hash{};
    if (EVP_DigestInit_ex(context_.get(), algorithm_, nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), text.data(), text.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) != 1) {
      throw std::runtime_error("OpenSSL cannot compute SHA-256");
    }
    return hash;
  }

 private:
  const EVP_MD* algorithm_ = EVP_sha256();
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

std::string hex_of(const std::array<std::uint8_t, 32>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 15U];
  }
  return text;
}

int hex_value(char digit) {
  const auto at = kHexDigits.find(digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

KeyHash hash_of_key(std::string_view key) {
  thread_local Sha256 sha256;
  return sha256(key);
}

std::string to_text(const KeyHash& hash) {
  return std::string(kPrefix) + hex_of(hash);
}

std::optional<KeyHash> hash_from_text(std::string_view text) {
  KeyHash hash{};
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return hash;
}

bool same(const KeyHash& a, const KeyHash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string make_key() {
  std::array<std::uint8_t, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("the system has no random bytes for a key");
  }
  // A fixed beginning, so that tools which look for lost secrets can know one.
  return std::string(kKeyPrefix) + hex_of(random);
}

std::string check_key(std::string_view key) {
  if (key.empty()) return "there is no key";
  if (key.size() < kKeyBytesMin) {
    return "the key has " + std::to_string(key.size()) + " characters, fewer than " + std::to_string(kKeyBytesMin) +
           ": a short one can be guessed from its hash";
  }
  if (key.size() > kKeyBytesMax) return "the key has more than " + std::to_string(kKeyBytesMax) + " characters";
  const bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
  return printable ? "" : "the key holds a space or a character that a header cannot carry";
}

std::string without_keys(std::string text) {
  for (std::size_t at = text.find(kKeyPrefix); at != std::string::npos; at = text.find(kKeyPrefix, at)) {
    at += kKeyPrefix.size();
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
    const auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
    text.replace(begin, std::find_if_not(begin, text.end(), is_part), "...");
  }
  return text;
}

}  // namespace longbeat::server
