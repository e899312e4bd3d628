#include "storage/disk_room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace longbeat::server::sqlite {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

std::optional<std::uint64_t> ask_system(const std::string& path) {
  struct statvfs info{};
  // Some file systems do not know, and say 0 of everything.
  if (::statvfs(path.c_str(), &info) != 0 || info.f_blocks == 0) return std::nullopt;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

std::string in_mib(std::uint64_t bytes) {
  return bytes == UINT64_MAX ? "unknown" : std::to_string(bytes / kMiB) + " MiB";
}

/// Holds the room that it claims: not one of a larger or smaller setting, nor one that a copying program made sparse.
bool is_whole(const std::string& path, std::uint64_t bytes) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         static_cast<std::uint64_t>(info.st_size) == bytes && static_cast<std::uint64_t>(info.st_blocks) * 512 >= bytes;
}

}  // namespace

DiskRoom::DiskRoom(std::string database, std::uint64_t reserve_bytes, FreeBytes free_bytes, bool is_new)
    : database_(std::move(database)),
      reserve_bytes_(reserve_bytes),
      margin_(std::max(reserve_bytes / 4, kMiB)),
      ask_(free_bytes ? std::move(free_bytes) : ask_system),
      has_reserve_(reserve_bytes > 0 && is_whole(reserve_path(), reserve_bytes)),
      full_(reserve_bytes > 0 && !has_reserve_ && !is_new) {}

void DiskRoom::look(std::uint64_t inside) {
  free_ = ask_(database_).value_or(UINT64_MAX);
  inside_ = inside;
  const std::uint64_t total = sum(sum(free_, inside), has_reserve_ ? reserve_bytes_ : 0);
  if (full_) {
    // The file's own free pages are as good a reserve as any.
    const std::uint64_t enough = sum(2 * reserve_bytes_, margin_);
    if (total >= enough && (make_reserve() != Made::kNoRoom || inside >= enough)) return leave();
    return say_full();
  }
  if (total < sum(reserve_bytes_, margin_)) return enter();
  if (has_reserve_ || free_ < sum(reserve_bytes_, margin_)) return;
  if (make_reserve() == Made::kNoRoom && inside < sum(reserve_bytes_, margin_)) enter();
}

void DiskRoom::ran_out() {
  if (!full_) enter();
}

DiskRoom::Made DiskRoom::make_reserve() {
  if (reserve_bytes_ == 0 || cannot_reserve_) return Made::kNever;
  const std::string path = reserve_path();
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int error = descriptor < 0 ? errno : 0;
  if (error == 0 && ::ftruncate(descriptor, 0) != 0) error = errno;
  if (error == 0) error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(reserve_bytes_));
  if (descriptor >= 0) ::close(descriptor);
  if (error == 0) {
    has_reserve_ = true;
    return Made::kYes;
  }
  if (descriptor >= 0) ::unlink(path.c_str());
  if (error == ENOSPC || error == EDQUOT) return Made::kNoRoom;
  cannot_reserve_ = true;
  internal::log(internal::LogLevel::kWarn,
                "no reserve for a full disk: '" + path + "': " + std::generic_category().message(error));
  return Made::kNever;
}

void DiskRoom::enter() {
  full_ = true;
  // Also one of another size, or one that is not whole.
  const std::string path = reserve_path();
  if (reserve_bytes_ > 0 && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
    internal::log(internal::LogLevel::kError,
                  "cannot give back the reserve '" + path + "': " + std::generic_category().message(errno));
  }
  has_reserve_ = false;
  say_full();
}

std::string DiskRoom::left() const {
  return " (free: " + in_mib(free_) + " on the disk, " + in_mib(inside_) + " within the file)";
}

void DiskRoom::say_full() {
  if (std::exchange(said_so_, true)) return;
  const std::string until = reserve_bytes_ == 0
                                ? ""
                                : " in the reserve, until there are " + in_mib(sum(2 * reserve_bytes_, margin_)) +
                                      " (twice server.disk_reserve and a quarter; 0 there goes without a reserve)";
  internal::log(internal::LogLevel::kError, "the disk of '" + database_ + "' is full" + left() +
                                                ": new activities are refused, what runs goes on" + until);
}

void DiskRoom::leave() {
  full_ = false;
  if (!std::exchange(said_so_, false)) return;
  internal::log(internal::LogLevel::kWarn,
                "the disk of '" + database_ + "' has room again" + left() + ": new activities are accepted");
}

}  // namespace longbeat::server::sqlite
