#pragma once
#include <string>
#include <system_error>

namespace longbeat::server {

/// The folder that holds the name: "." for a name without one.
std::string folder_of(const std::string& path);

/// Gives a file a name that nothing else has: file_exists when something does. Where the file system cannot rename so,
/// it is looked at first, and what takes the name in between is replaced.
std::error_code rename_new(const std::string& from, const std::string& to);

/// Lets names in the folder of `path` survive a power loss.
std::error_code sync_folder_of(const std::string& path);

}  // namespace longbeat::server
