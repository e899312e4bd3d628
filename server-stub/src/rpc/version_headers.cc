#include "rpc/version_headers.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>
#include <vector>

namespace longbeat::server {

using internal::invalid_argument;
using internal::StatusOr;

namespace {

/// A semantic version; what follows a '+' plays no part.
struct Version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::vector<std::string_view> prerelease{};
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (!is_number(text) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  if (const auto build = text.find('+'); build != std::string_view::npos) {
    if (!std::ranges::all_of(split(text.substr(build + 1), '.'), is_identifier)) return std::nullopt;
    text = text.substr(0, build);
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = split(text.substr(dash + 1), '.');
    if (!std::ranges::all_of(version.prerelease, is_identifier)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto major = number(parts[0]), minor = number(parts[1]), patch = number(parts[2]);
  if (!major || !minor || !patch) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *patch;
  return version;
}

/// Numbers come before words and are compared as numbers.
std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  if (is_number(a) != is_number(b)) return is_number(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  if (is_number(a) && a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

std::strong_ordering compare(const Version& a, const Version& b) {
  if (a.major != b.major) return a.major <=> b.major;
  if (a.minor != b.minor) return a.minor <=> b.minor;
  if (a.patch != b.patch) return a.patch <=> b.patch;
  if (a.prerelease.empty() != b.prerelease.empty()) return b.prerelease.size() <=> a.prerelease.size();
  for (std::size_t i = 0; i < std::min(a.prerelease.size(), b.prerelease.size()); ++i) {
    const auto order = compare_identifiers(a.prerelease[i], b.prerelease[i]);
    if (order != std::strong_ordering::equal) return order;
  }
  return a.prerelease.size() <=> b.prerelease.size();
}

/// One comparison such as ">=1.0.0"; nothing when it is none.
std::optional<bool> holds(const Version& version, std::string_view comparison) {
  const auto digits = std::min(comparison.find_first_of("0123456789"), comparison.size());
  const std::string_view sign = comparison.substr(0, digits);
  const auto bound = parse_version(comparison.substr(digits));
  if (!bound) return std::nullopt;
  const auto order = compare(version, *bound);
  if (sign == "<") return order < 0;
  if (sign == "<=") return order <= 0;
  if (sign == ">") return order > 0;
  if (sign == ">=") return order >= 0;
  if (sign.empty() || sign == "=" || sign == "==") return order == 0;
  if (sign == "!" || sign == "!=") return order != 0;
  return std::nullopt;
}

}  // namespace

StatusOr<bool> within(std::string_view version, std::string_view range) {
  const auto parsed = parse_version(version);
  if (!parsed) return invalid_argument("not a semantic version: " + std::string(version));
  bool any = false, all = true, empty = true;
  for (const std::string_view word : split(range, ' ')) {
    if (word.empty()) continue;
    if (word == "||" && !empty) {
      any = any || all;
      all = true;
      empty = true;
      continue;
    }
    const auto held = holds(*parsed, word);
    if (!held) return invalid_argument("not a range of versions: " + std::string(range));
    all = all && *held;
    empty = false;
  }
  if (empty) return invalid_argument("not a range of versions: " + std::string(range));
  return any || all;
}

StatusOr<> check_versions(const std::function<std::string(const char* name)>& header) {
  const std::string client = header("client-name");
  const auto* known = std::ranges::find_if(kSupportedClients, [&](const auto& one) { return client == one.name; });
  const std::string version = header("client-version");
  if (known != std::end(kSupportedClients) && !version.empty()) {
    const auto fits = within(version, known->versions);
    if (!fits) return invalid_argument("Unable to parse client version: " + fits.error().message);
    if (!*fits) {
      return internal::Status{internal::StatusCode::kFailedPrecondition,
                              "Client version " + version + " is not supported. Server supports " + client +
                                  " versions: " + known->versions,
                              internal::VersionDetail{true, version, client, known->versions}};
    }
  }
  const std::string servers = header("supported-server-versions");
  if (servers.empty()) return {};
  const auto fits = within(kProtocolRelease, servers);
  if (!fits) return invalid_argument("Unable to parse supported server versions: " + fits.error().message);
  if (!*fits) {
    return internal::Status{internal::StatusCode::kFailedPrecondition,
                            std::string("Server version ") + kProtocolRelease +
                                " is not supported. Client supports server versions: " + servers,
                            internal::VersionDetail{false, kProtocolRelease, {}, servers}};
  }
  return {};
}

}  // namespace longbeat::server
