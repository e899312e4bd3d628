#pragma once
#include <string>

#include "base/status.h"

namespace longbeat::server::sqlite {

/// The one name of the database file, whatever symbolic links and relative paths lead to it: lock and log lie beside
/// it. The file need not exist yet.
internal::StatusOr<std::string> resolved_path(const std::string& path);

}  // namespace longbeat::server::sqlite
