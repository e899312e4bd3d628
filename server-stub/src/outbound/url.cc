#include "outbound/url.h"

#include <charconv>

namespace longbeat::server {
namespace {

/// Removes `prefix`, given in small letters, from the front of `text`; letters in either case are the same.
bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != prefix[i]) return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

bool read_port(std::string_view text, int& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  url.secure = take_prefix(text, "https://");
  if (!url.secure && !take_prefix(text, "http://")) return std::nullopt;
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::string_view rest = text.substr(authority.size());
  url.path = std::string(rest.substr(0, rest.find('#')));
  if (!url.path.starts_with('/')) url.path.insert(0, 1, '/');

  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  std::string_view host = authority, port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
    has_port = port.size() > 1;
    if (has_port) port.remove_prefix(1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    has_port = !port.empty();
  }
  url.host = std::string(host);
  url.port = url.secure ? 443 : 80;
  if (host.empty() || (has_port && !read_port(port, url.port))) return std::nullopt;
  return url;
}

}  // namespace longbeat::server
