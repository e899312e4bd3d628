#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/sqlite_db.h"
#include "storage/store.h"

namespace longbeat::server::sqlite {

/// Copies a file that is in use to another name, in slices, on the connection of its one writer: what that writes
/// meanwhile is carried over, so the copy is the file as it is when the last slice is done. Syncing and renaming happen
/// on a thread of its own. Unless finished, it takes everything it made with it.
class FileCopy {
 public:
  /// `source` must outlive it. Refuses a target that exists, that belongs to the source, or cannot be made.
  static StatusOr<std::unique_ptr<FileCopy>> begin(Connection& source, const std::string& source_path,
                                                   const std::string& to);
  ~FileCopy();
  FileCopy(const FileCopy&) = delete;
  FileCopy& operator=(const FileCopy&) = delete;

  /// One slice. After an error it is over.
  StatusOr<CopyProgress> step();

 private:
  enum class Task : std::int8_t { kNone, kSync, kFinish };
  struct HandleCloser {
    void operator()(sqlite3_backup* handle) const noexcept { sqlite3_backup_finish(handle); }
  };
  struct Disk {
    Task task = Task::kNone;  ///< asked for, or being done
    bool stopping = false;
    bool finished = false;
    std::optional<Status> failed{};
  };

  FileCopy(std::string to, int descriptor) : to_(std::move(to)), partial_(to_ + ".partial"), descriptor_(descriptor) {}
  StatusOr<> connect(Connection& source);
  StatusOr<CopyProgress> copy_pages();
  void ask(Task task);
  void run();
  Disk disk();
  /// On disk, and under its name.
  std::optional<Status> finish_file();
  Status failed(const std::string& doing, int error) const;

  const std::string to_, partial_;
  int descriptor_;
  Connection target_{};
  std::unique_ptr<sqlite3_backup, HandleCloser> handle_{};
  CopyProgress progress_{};
  std::uint64_t pages_not_synced_ = 0;
  int restarts_ = 0;
  bool copied_ = false;  ///< the thread has the rest

  std::mutex mutex_;
  std::condition_variable wake_;
  Disk disk_;
  std::thread thread_;
};

}  // namespace longbeat::server::sqlite
