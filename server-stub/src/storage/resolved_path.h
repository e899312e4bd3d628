#pragma once
#include <array>
#include <string>
#include <string_view>

#include "base/status.h"

namespace longbeat::server::sqlite {

/// What SQLite and the server add to the database file's name for its parts.
inline constexpr std::array<std::string_view, 10> kPartEnds{"",
                                                            "-wal",
                                                            "-shm",
                                                            "-journal",
                                                            ".lock",
                                                            ".reserve",
                                                            ".visibility",
                                                            ".visibility-wal",
                                                            ".visibility-shm",
                                                            ".visibility-journal"};

/// The one name of the database file, whatever symbolic links and relative paths lead to it: lock and log lie beside
/// it. The file need not exist yet.
internal::StatusOr<std::string> resolved_path(const std::string& path);

}  // namespace longbeat::server::sqlite
