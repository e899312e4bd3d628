#include "storage/new_name.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace longbeat::server {
namespace {

std::error_code code_of(int error) {
  return {error, std::generic_category()};
}

}  // namespace

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::error_code rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return code_of(errno);  // Not on every file system.
  struct stat info{};
  if (::lstat(to.c_str(), &info) == 0) return code_of(EEXIST);
  return code_of(::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno);
}

std::error_code sync_folder_of(const std::string& path) {
  const int folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int error = folder >= 0 && ::fsync(folder) == 0 ? 0 : errno;
  if (folder >= 0) ::close(folder);
  return code_of(error);
}

}  // namespace longbeat::server
