#include "base/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace longbeat::internal {

StatusOr<std::string> read_beginning(const std::string& path, std::size_t bytes_max) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  std::string text;
  std::array<char, 16 * 1024> piece{};
  while (error == 0 && text.size() < bytes_max) {
    const ssize_t taken = ::read(descriptor, piece.data(), std::min(piece.size(), bytes_max - text.size()));
    if (taken == 0) break;
    if (taken > 0) {
      text.append(piece.data(), static_cast<std::size_t>(taken));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (descriptor >= 0) ::close(descriptor);
  if (error != 0) return failed_precondition(std::generic_category().message(error));
  text.shrink_to_fit();  // It may be kept for as long as the process lives.
  return text;
}

}  // namespace longbeat::internal
