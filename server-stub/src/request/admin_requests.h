#pragma once
#include <string>

namespace longbeat::server {

/// A copy of the database file, made while the server goes on. The answer comes when it is finished, or after a second
/// with how far it is: then the same is asked again with the ID. Who does not ask again has given it up.
struct BackupRequest {
  std::string to{};         ///< absolute path of a file that does not exist yet, on the server's machine
  std::string backup_id{};  ///< empty: begins one
};

}  // namespace longbeat::server
