#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"

/// Which releases talk to each other: the headers client-name, client-version and supported-server-versions of every
/// call. Absent ones pass, unknown clients too.
namespace longbeat::server {

/// The release of Temporal's server whose behaviour we follow: its Web UI shows activity pages from 1.30.0 on only.
inline constexpr const char* kProtocolRelease = "1.32.0";

struct SupportedClient {
  const char* name;
  const char* versions;  ///< a range, for example "<2.0.0"
};
/// Every client whose version matters.
inline constexpr SupportedClient kSupportedClients[] = {
    {"temporal-go", "<2.0.0"},         {"temporal-java", "<2.0.0"}, {"temporal-php", "<2.0.0"},
    {"temporal-typescript", "<2.0.0"}, {"temporal-cli", "<2.0.0"},  {"temporal-server", "<2.0.0"},
    {"temporal-ui", "<3.0.0"},
};

/// INVALID_ARGUMENT for what is no version or range, FAILED_PRECONDITION with its detail when they do not fit.
internal::StatusOr<> check_versions(const std::function<std::string(const char* name)>& header);

/// Is `version` within `range`? Ranges are comparisons such as ">=1.0.0 <2.0.0", with || between alternatives.
/// INVALID_ARGUMENT when one of them cannot be read.
internal::StatusOr<bool> within(std::string_view version, std::string_view range);

}  // namespace longbeat::server
