#pragma once
#include <cstdint>
#include <span>
#include <variant>

#include "config/config.h"

namespace longbeat::server {

/// What a value is, and so how it is written.
enum class Unit : std::uint8_t { kText, kTexts, kPort, kCount, kBytes, kDuration, kRate, kSwitch, kMoment };

/// Where a value lives.
using Place =
    std::variant<std::string*, std::vector<std::string>*, std::uint16_t*, std::int32_t*, std::size_t*, double*, bool*,
                 std::chrono::milliseconds*, std::chrono::nanoseconds*, std::optional<std::chrono::nanoseconds>*>;

/// One setting: everything that the file, the printed configuration and the reference need to know of it.
struct Setting {
  std::string_view section{};  ///< "server", "tls", "log", "limits", "namespaces.NAME" or "keys.NAME"
  std::string_view name{};
  Unit unit = Unit::kText;
  /// kCount: numbers; kBytes: bytes; kDuration: nanoseconds; kRate: calls a second. Both are accepted.
  std::uint64_t least = 0, most = 0;
  std::string_view flag{};  ///< the flag that says the same, which wins
  std::string_view meaning{};
  // One of the four.
  Place (*of_server)(Config&) = nullptr;
  Place (*of_requests)(RequestLimits&) = nullptr;  ///< can be set for one namespace
  Place (*of_namespace)(NamespaceConfig&) = nullptr;
  Place (*of_key)(KeyConfig&) = nullptr;
  /// kText, kMoment and each of kTexts: what is wrong with a value, or an empty text.
  std::string (*check)(const std::string& value) = nullptr;
  /// Somebody may have put a secret there: a refusal does not show the value.
  bool is_secret = false;

  /// In a configuration; of a namespace's or key's: in an empty one.
  Place place(Config& config) const;
};

std::span<const Setting> settings();

/// "a size from 1KiB to 64MiB, ...": for refusals.
std::string accepted(const Setting& setting);
/// "1KiB to 64MiB", empty where there is no range.
std::string range_of(const Setting& setting);
/// As the file has it: 7233, "2MiB", ["a", "b"].
std::string value_text(const Setting& setting, const Place& place);
/// In quotes, escaped as TOML wants it.
std::string toml_text(std::string_view text);

}  // namespace longbeat::server
