#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace longbeat::server {

/// Where a request goes.
struct Url {
  bool secure = false;
  std::string host{};  ///< without the brackets of an IPv6 address
  int port = 0;
  std::string path{};  ///< with the query, as given; at least "/"

  /// Host and port: calls with the same one share a line.
  std::string target() const { return host + ' ' + std::to_string(port); }
};

/// An absolute http or https URL; nothing if it is none, or names a user. A fragment is left out.
std::optional<Url> parse_url(std::string_view text);

}  // namespace longbeat::server
