#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "storage/sqlite_db.h"

namespace longbeat::server::sqlite {

/// Moves the log's content into the file on a thread and connection of its own, so that no commit waits for it. It only
/// ever runs PASSIVE checkpoints: they never make the log shorter, that is the owner's part.
class WalHelper {
 public:
  /// Opens the connection and starts the thread.
  static StatusOr<std::unique_ptr<WalHelper>> start(const std::string& path);
  ~WalHelper();
  WalHelper(const WalHelper&) = delete;
  WalHelper& operator=(const WalHelper&) = delete;

  /// Asks for one checkpoint; does nothing while one is running.
  void kick();

  /// Returns when no checkpoint is running or asked for.
  void wait();

  struct Progress {
    bool idle = true;            ///< No checkpoint is running or asked for: the owner may restart the log.
    std::int64_t log_pages = 0;  ///< As the last checkpoint saw the log.
    std::int64_t moved_pages = 0;
    std::uint64_t runs = 0;
    int error = 0;           ///< SQLite's result of the last checkpoint when it failed; else 0.
    bool disk_full = false;  ///< That was for lack of room.
  };
  Progress progress();

 private:
  explicit WalHelper(Connection connection) : connection_(std::move(connection)) {}
  void run();

  Connection connection_;  ///< Used by the thread alone once it runs.
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  bool asked_ = false;
  bool stopping_ = false;
  Progress progress_;
  std::thread thread_;
};

}  // namespace longbeat::server::sqlite
