#include "storage/file_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "storage/new_name.h"
#include "storage/resolved_path.h"

namespace longbeat::server::sqlite {
namespace {

constexpr int kPagesPerSlice = 64;  // 256 KiB: some 0.3 ms from memory.
/// What may lie in the kernel's memory unwritten; more would make the server's own syncs wait for it.
constexpr std::uint64_t kPagesPerSync = 2048;  // 8 MiB
constexpr int kRestartsMax = 10;

/// Names that SQLite or the server would take for a part of the database.
bool belongs_to(const std::string& database, const std::string& path) {
  return path.starts_with(database) &&
         std::ranges::find(kPartEnds, std::string_view(path).substr(database.size())) != kPartEnds.end();
}

}  // namespace

Status FileCopy::failed(const std::string& doing, int error) const {
  const bool full = error == ENOSPC || error == EDQUOT;
  return {full ? StatusCode::kResourceExhausted : StatusCode::kFailedPrecondition,
          doing + ": " + std::generic_category().message(error),
          {}};
}

StatusOr<std::unique_ptr<FileCopy>> FileCopy::begin(Connection& source, const std::string& source_path,
                                                    const std::string& given) {
  if (!given.starts_with('/')) return internal::invalid_argument("'" + given + "' is not an absolute path");
  struct stat info{};
  if (::lstat(given.c_str(), &info) == 0) return internal::failed_precondition("'" + given + "' exists already");
  const auto to = resolved_path(given);
  if (!to) return to.error();
  if (belongs_to(source_path, *to) || belongs_to(source_path, *to + ".partial"))
    return internal::failed_precondition("'" + given + "' is a name of the database's own files");
  const std::string partial = *to + ".partial";
  const int descriptor = ::open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    const int error = errno;
    if (error == EEXIST) {
      return internal::failed_precondition("'" + partial +
                                           "' exists: the rest of a backup that was cut off; remove it first");
    }
    return internal::failed_precondition("cannot make '" + partial + "': " + std::generic_category().message(error));
  }
  std::unique_ptr<FileCopy> copy(new FileCopy(*to, descriptor));
  if (auto ready = copy->connect(source); !ready) return ready.error();
  copy->thread_ = std::thread([c = copy.get()] { c->run(); });
  return copy;
}

StatusOr<> FileCopy::connect(Connection& source) {
  auto target = Connection::open(partial_, false);
  if (!target) return target.error();
  target_ = std::move(*target);
  // Only its end decides whether it counts, so nothing on the way there has to survive a crash.
  auto ready = target_.execute(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = "
      "-2048");
  if (!ready) return ready;
  handle_.reset(sqlite3_backup_init(target_.get(), "main", source.get(), "main"));
  if (!handle_) return to_status(sqlite3_errcode(target_.get()), "copy to '" + partial_ + "'", target_.get());
  return {};
}

FileCopy::~FileCopy() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      disk_.stopping = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  handle_.reset();
  target_ = {};
  if (!disk_.finished) ::unlink(partial_.c_str());
  ::close(descriptor_);
}

StatusOr<CopyProgress> FileCopy::step() {
  const Disk disk = this->disk();
  if (disk.failed) return *disk.failed;
  progress_.waits = false;
  if (disk.finished) {
    progress_.finished = true;
    struct stat info{};
    if (::fstat(descriptor_, &info) == 0) progress_.bytes = static_cast<std::uint64_t>(info.st_size);
  } else if (copied_ || (pages_not_synced_ >= kPagesPerSync && disk.task != Task::kNone)) {
    progress_.waits = true;
  } else {
    if (pages_not_synced_ >= kPagesPerSync) {
      pages_not_synced_ = 0;
      ask(Task::kSync);
    }
    return copy_pages();
  }
  return progress_;
}

StatusOr<CopyProgress> FileCopy::copy_pages() {
  const int result = sqlite3_backup_step(handle_.get(), kPagesPerSlice);
  if (result == SQLITE_BUSY || result == SQLITE_LOCKED) {
    progress_.waits = true;
    return progress_;
  }
  if (result != SQLITE_OK && result != SQLITE_DONE)
    return to_status(result, "copy to '" + partial_ + "'", target_.get());
  const auto pages = static_cast<std::uint64_t>(sqlite3_backup_pagecount(handle_.get()));
  const auto copied = pages - std::min(pages, static_cast<std::uint64_t>(sqlite3_backup_remaining(handle_.get())));
  // Begins again when anybody but its owner writes to the source.
  if (copied < progress_.pages_copied && copied <= static_cast<std::uint64_t>(kPagesPerSlice) &&
      ++restarts_ > kRestartsMax)
    return internal::failed_precondition("another process goes on writing to the database file");
  pages_not_synced_ += static_cast<std::uint64_t>(kPagesPerSlice);
  progress_.pages = pages;
  progress_.pages_copied = copied;
  if (result != SQLITE_DONE) return progress_;
  copied_ = true;
  handle_.reset();
  target_ = {};
  ask(Task::kFinish);
  return progress_;
}

void FileCopy::ask(Task task) {
  {
    const std::lock_guard lock(mutex_);
    disk_.task = task;
  }
  wake_.notify_one();
}

FileCopy::Disk FileCopy::disk() {
  const std::lock_guard lock(mutex_);
  return disk_;
}

void FileCopy::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return disk_.task != Task::kNone || disk_.stopping; });
    if (disk_.stopping) return;
    const Task task = disk_.task;
    lock.unlock();
    std::optional<Status> failure;
    if (task == Task::kFinish) {
      failure = finish_file();
    } else if (::fdatasync(descriptor_) != 0) {
      failure = failed("sync '" + partial_ + "'", errno);
    }
    lock.lock();
    disk_.failed = std::move(failure);
    disk_.finished = task == Task::kFinish && !disk_.failed;
    if (disk_.task == task) disk_.task = Task::kNone;  // Unless it has been asked to finish meanwhile.
    if (disk_.failed || disk_.finished) return;
  }
}

std::optional<Status> FileCopy::finish_file() {
  if (::fsync(descriptor_) != 0) return failed("sync '" + partial_ + "'", errno);
  if (const auto error = rename_new(partial_, to_))
    return failed("rename '" + partial_ + "' to '" + to_ + "'", error.value());
  if (const auto error = sync_folder_of(to_)) return failed("sync the directory of '" + to_ + "'", error.value());
  return std::nullopt;
}

}  // namespace longbeat::server::sqlite
