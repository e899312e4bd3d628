// Where completion callbacks may go.
#include <algorithm>
#include <string_view>

#include "request/checks.h"

namespace longbeat::server {
namespace {

using internal::invalid_argument;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// `*` stands for any text, letters in either case are the same. Linear but for the number of stars.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";

bool starts_with_scheme(std::string_view url, std::string_view scheme) {
  return url.size() >= scheme.size() && matches(scheme, url.substr(0, scheme.size()));
}

}  // namespace

StatusOr<> check_callback_url(const std::string& url, const RequestLimits& limits) {
  if (url.size() > limits.callback_url_bytes_max) {
    return invalid_argument("invalid url: url length longer than max length allowed: " +
                            std::to_string(limits.callback_url_bytes_max));
  }
  const bool plain = starts_with_scheme(url, kPlain);
  if (!plain && !starts_with_scheme(url, kSecure)) return invalid_argument("invalid url: unknown scheme: " + url);
  if (std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '\\'; })) {
    return invalid_argument("invalid url: illegal character: " + url);
  }
  const std::string_view rest = std::string_view(url).substr(plain ? kPlain.size() : kSecure.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority.front() == ':') return invalid_argument("invalid url: missing host");
  // A name before the host would let a pattern match what is not the host.
  if (authority.find('@') != std::string_view::npos) return invalid_argument("invalid url: user information in " + url);
  bool matched = false;
  for (std::string_view pattern : limits.callback_addresses) {
    const bool allows_plain = pattern.starts_with(kPlain);
    if (allows_plain) pattern.remove_prefix(kPlain.size());
    if (pattern.starts_with(kSecure)) pattern.remove_prefix(kSecure.size());
    if (!matches(pattern, authority)) continue;
    if (allows_plain || !plain) return {};
    matched = true;
  }
  if (matched) return invalid_argument("invalid url: callback address does not allow insecure connections: " + url);
  return invalid_argument("invalid url: url does not match any configured callback address: " + url);
}

}  // namespace longbeat::server
