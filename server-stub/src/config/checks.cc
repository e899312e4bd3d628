#include "config/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "config/values.h"
#include "security/key_hash.h"

namespace longbeat::server {
namespace {

/// The protocol's limit on names, in bytes.
constexpr std::size_t kLongestNamespace = 1000;

std::string check_one_of(const std::string& value, std::initializer_list<std::string_view> accepted) {
  if (std::find(accepted.begin(), accepted.end(), value) != accepted.end()) return "";
  std::string list;
  for (const std::string_view each : accepted) list += (list.empty() ? "" : ", ") + std::string(each);
  return quoted(value) + " is not one of " + list;
}

}  // namespace

std::string plain(const std::string& value) {
  constexpr std::size_t kShown = 80;
  std::string text;
  for (const char c : value.substr(0, kShown)) text += (c >= 0 && c < ' ') || c == 0x7f ? '?' : c;
  return value.size() > kShown ? text + "..." : text;
}

std::string quoted(const std::string& value, char quote) {
  return quote + plain(value) + quote;
}

std::optional<std::uint16_t> port_from(const std::string& value) {
  std::uint16_t port = 0;
  const char* const end = value.data() + value.size();
  const auto [parsed, error] = std::from_chars(value.data(), end, port);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return port;
}

std::string check_port(const std::string& value) {
  return port_from(value) ? "" : quoted(value) + " is not a port (0 to 65535)";
}

std::string check_ip(const std::string& value) {
  unsigned char address[sizeof(in6_addr)];
  const bool known =
      ::inet_pton(AF_INET, value.c_str(), address) == 1 || ::inet_pton(AF_INET6, value.c_str(), address) == 1;
  return known ? "" : quoted(value) + " is not an IP address (for example 127.0.0.1, 0.0.0.0 or ::1)";
}

std::string check_file(const std::string& value) {
  if (value.empty()) return "'' is not a file name";
  // A value was forgotten, and the parser of flags took the next one for it.
  if (value.starts_with("--")) return quoted(value) + " is not a file name (./" + value + " may be one)";
  std::error_code none;  // What cannot be looked at shows when it is opened.
  return std::filesystem::is_directory(value, none) ? quoted(value) + " is a directory, not a file" : "";
}

std::string check_namespace_name(const std::string& name) {
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto fits = [&](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.size() > kLongestNamespace || !is_letter_or_digit(name.front()) ||
      !std::all_of(name.begin(), name.end(), fits)) {
    return quoted(name) + " is not a namespace name (1 to " + std::to_string(kLongestNamespace) +
           " letters, digits, '-', '_' and '.', the first a letter or digit)";
  }
  // Where the protocol's servers keep work of their own.
  if (name == "temporal-system") return quoted(name) + " is reserved";
  return "";
}

std::string check_log_level(const std::string& value) {
  return check_one_of(value, {"debug", "info", "warn", "error", "never"});
}

std::string check_log_format(const std::string& value) {
  return check_one_of(value, {"text", "json"});
}

std::string check_callback_address(const std::string& value) {
  std::string_view rest = value;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const bool fits = !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != '@' && c != '?' && c != '#';
  });
  return fits ? ""
              : quoted(value) +
                    " is not an address pattern (host or host:port, '*' for any part, 'http://' in front "
                    "allows plain HTTP)";
}

std::string check_key_hash(const std::string& value) {
  if (hash_from_text(value)) return "";
  return "this is not the hash of a key (\"sha256:\" and 64 hexadecimal digits, as `longbeat-server hash-key` prints "
         "it; the key itself does not belong here)";
}

std::string check_role(const std::string& value) {
  return check_one_of(value, {"reader", "client", "worker", "operator"});
}

std::string check_certificate_role(const std::string& value) {
  return check_one_of(value, {"none", "reader", "client", "worker", "operator"});
}

std::string check_key_namespace(const std::string& value) {
  return value == "*" ? "" : check_namespace_name(value);
}

std::string check_moment(const std::string& value) {
  if (parse_moment_text(value)) return "";
  return quoted(value) + " is neither a date, as in 2027-01-31, nor a time with its offset, as in 2027-01-31T18:00:00Z";
}

}  // namespace longbeat::server
